//! A large file goes up into the host of one process and down into that of another, through `storage.content`. Both are
//! killed on the way, and neither needs much memory.
//!
//! `STORAGE_TEST_CONTENT_BYTES` sets the size of the file, 1073741824 for instance.

use std::env;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use backplane_sdk::{Bytes, Stream};
use backplane_test_support::cargo_build_with;
use storage_api::{ContentClient, Presence};

use super::process::{Memory, Process, tell};
use super::start;

const NAME: &str = "two_hosts::a_large_file_goes_up_and_down_through_kills_in_little_memory";
/// Where a process of the test works, with which plugin, and what it gets from whom if it does not upload.
const ROOT: &str = "STORAGE_TEST_CONTENT_ROOT";
const PLUGIN: &str = "STORAGE_TEST_CONTENT_PLUGIN";
const PEER: &str = "STORAGE_TEST_CONTENT_PEER";
const BYTES: &str = "STORAGE_TEST_CONTENT_BYTES";
/// What it is in a usual test.
const USUAL_BYTES: u64 = 96 * MIB;
const MIB: u64 = 1 << 20;
/// How much more memory a host may need than one that is idle.
const MOST_MEMORY: u64 = 64 * MIB;
const CHUNK: u64 = 256 * 1024;
const BLOCK: u64 = 65536;

fn size() -> u64 {
    env::var(BYTES).map_or(USUAL_BYTES, |bytes| bytes.parse().expect("a number"))
}

/// The bytes of the file from `offset` on, which begins a block: no block is like another.
fn chunk(offset: u64) -> Vec<u8> {
    let mut chunk = vec![0x5a; CHUNK.min(size() - offset) as usize];
    for (number, block) in chunk.chunks_mut(4096).enumerate() {
        let at = offset + number as u64 * 4096;
        block[..8].copy_from_slice(&at.to_le_bytes());
    }
    chunk
}

/// A number that stands for a sequence of bytes, from that of what comes before; FNV-1a by words, and quick.
fn summed(sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty(), "a chunk ends within a word");
    words.iter().fold(sum, |sum, word| {
        (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The process that uploads the file, goes on where it was killed, and then serves it.
async fn serve(root: &Path, plugin: &Path) {
    let (host, front) = start(root, plugin, "content-listen = [\"/ip4/127.0.0.1/tcp/0\"]");
    let content: ContentClient = front.client().expect("it is there");
    let begun = content.list_uploads().await.expect("an answer").pop();
    let memory = Memory::idle();
    let upload = match begun {
        Some(begun) => begun,
        None => content
            .open_upload(&None, &None, &None, &(BLOCK as u32), &true)
            .await
            .expect("an upload"),
    };
    tell("from", upload.offset);
    let (mut sender, chunks) = front.channel::<Bytes>();
    let write = async {
        let mut at = upload.offset;
        while at < size() {
            let chunk = chunk(at);
            at += chunk.len() as u64;
            sender.send(&Bytes(chunk)).await.expect("it is taken");
            if at.is_multiple_of(MIB) {
                memory.tell();
                tell("at", at);
            }
        }
        drop(sender);
    };
    let (appended, ()) = tokio::join!(content.append(&upload.upload, &upload.offset, &chunks), write);
    assert_eq!(appended, Ok(size()));
    let file = content.finish(&upload.upload).await.expect("a file");
    memory.tell();
    tell("cid", file.cid);
    let node = content.node().await.expect("an answer").expect("a node");
    tell("address", &node.addresses[0]);
    let end = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(end)
        .await
        .expect("no panic")
        .expect("an end");
    memory.tell();
    drop(front);
    assert!(host.stop().is_empty());
}

/// The process that gets the file, and goes on where it was killed.
async fn fetch(root: &Path, plugin: &Path, peer: &str) {
    let (address, cid) = peer.split_once(' ').expect("an address and a CID");
    let cid = cid.to_owned();
    let (host, front) = start(root, plugin, &format!("content-peers = [{address:?}]"));
    let content: ContentClient = front.client().expect("it is there");
    let here = match content.exists(&cid).await.expect("an answer") {
        Presence::None => 0,
        Presence::Partial { here, .. } => here,
        Presence::Complete => size() / BLOCK,
    };
    tell("from", here * BLOCK);
    let memory = Memory::idle();
    content.fetch(&cid, &false).await.expect("it is found");
    let mut progress = content.progress(&cid).await.expect("a stream");
    while let Some(word) = progress.next().await {
        tell("at", word.expect("a word of progress").here * BLOCK);
        memory.tell();
    }
    assert_eq!(content.exists(&cid).await, Ok(Presence::Complete));
    let mut chunks: Stream<Bytes> = content.read(&cid, &0, &None).await.expect("a stream");
    let mut sum = 0;
    while let Some(chunk) = chunks.next().await {
        sum = summed(sum, &chunk.expect("a chunk").0);
    }
    tell("sum", sum);
    memory.tell();
    drop((chunks, progress, front));
    assert!(host.stop().is_empty());
}

fn process(root: &Path, plugin: &Path, peer: Option<&str>) -> Process {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", NAME, "--nocapture"])
        .env(ROOT, root)
        .env(PLUGIN, plugin);
    if let Some(peer) = peer {
        command.env(PEER, peer);
    }
    Process::start(command)
}

/// Runs a process until half of the file is there, kills it, and starts it again, which must not begin anew. The process
/// then, and how much memory the first one needed.
fn killed_half_way(root: &Path, plugin: &Path, peer: Option<&str>) -> (Process, u64) {
    let mut first = process(root, plugin, peer);
    let at = first.number("at", size() / 2);
    let memory = first.kill();
    let mut second = process(root, plugin, peer);
    let from = second.number("from", 0);
    // 8 MiB that were not noted, and what was on the way.
    assert!(
        from > 0 && from + 12 * MIB > at,
        "at {at} when killed, from {from} on"
    );
    (second, memory)
}

fn report(what: &str, time: Duration, memory: u64) {
    println!(
        "{what}: {} MiB in {:.1} s, {:.1} MiB more than idle at most",
        size() / MIB,
        time.as_secs_f64(),
        memory as f64 / MIB as f64
    );
}

#[test]
fn a_large_file_goes_up_and_down_through_kills_in_little_memory() {
    if let Some(root) = env::var_os(ROOT) {
        let (root, plugin) = (Path::new(&root), env::var_os(PLUGIN).expect("a plugin"));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build();
        return runtime.expect("a runtime").block_on(async {
            match env::var(PEER) {
                Ok(peer) => fetch(root, Path::new(&plugin), &peer).await,
                Err(_) => serve(root, Path::new(&plugin)).await,
            }
        });
    }
    let plugin = cargo_build_with("storage-plugin", &["content-exchange"]);
    let folder = || tempfile::tempdir().expect("a folder");
    let (up, down) = (folder(), folder());
    let began = Instant::now();
    let (mut server, first) = killed_half_way(up.path(), &plugin, None);
    let cid = server.told("cid");
    let peer = format!("{} {cid}", server.told("address"));
    let up_time = began.elapsed();
    let began = Instant::now();
    let (mut client, second) = killed_half_way(down.path(), &plugin, Some(&peer));
    let sum = client.number("sum", 0);
    let down_time = began.elapsed();
    let down_memory = second.max(client.end());
    let up_memory = first.max(server.end());
    let expected = (0..size())
        .step_by(CHUNK as usize)
        .fold(0, |sum, at| summed(sum, &chunk(at)));
    assert_eq!(sum, expected);
    report("up", up_time, up_memory);
    report("down, proved and read", down_time, down_memory);
    assert!(up_memory < MOST_MEMORY && down_memory < MOST_MEMORY);
}
