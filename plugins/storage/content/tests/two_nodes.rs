//! A large file goes up into one process and down into another, both are killed on the way, and neither needs much memory.
//!
//! `STORAGE_TEST_CONTENT_BYTES` sets the size of the file, 1073741824 for instance.
#![cfg(feature = "exchange")]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::node::local;
use common::{OWNER, digest, open, sequence};
use sha2::{Digest, Sha256};
use storage_content::{Cid, NewUpload, Node, NodeOptions};

const NAME: &str = "a_large_file_goes_up_and_down_through_kills_in_little_memory";
const ROOT: &str = "STORAGE_TEST_CONTENT_ROOT";
const PEER: &str = "STORAGE_TEST_CONTENT_PEER";
const BYTES: &str = "STORAGE_TEST_CONTENT_BYTES";
/// What it is in a usual test.
const USUAL_BYTES: u64 = 96 << 20;
/// How much more memory a node may need than one that is idle.
const MOST_MEMORY: u64 = 64 << 20;
const CHUNK: u64 = 256 * 1024;

fn size() -> u64 {
    env::var(BYTES).map_or(USUAL_BYTES, |bytes| bytes.parse().unwrap())
}

/// A field of `/proc/self/status`, in bytes.
fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches([':', ' ', '\t'])
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// Tells the test something.
fn tell(what: &str, value: impl std::fmt::Display) {
    println!("\n@{what} {value}");
    std::io::stdout().flush().unwrap();
}

/// How much more memory is used than when the node was idle; the most since then.
struct Memory(u64);

impl Memory {
    fn idle() -> Self {
        Memory(status("VmRSS"))
    }

    fn tell(&self) {
        tell("memory", status("VmHWM").saturating_sub(self.0));
    }
}

/// The process that uploads the file, goes on where it was killed, and then serves it.
async fn serve(root: &Path) {
    let contents = open(root);
    let options = NodeOptions {
        listen: vec![local()],
        ..NodeOptions::default()
    };
    let node = Node::start(contents.clone(), options).await.unwrap();
    let memory = Memory::idle();
    let upload = match contents.uploads(OWNER).unwrap().pop() {
        Some(begun) => begun,
        None => contents.open_upload(OWNER, NewUpload::default()).unwrap(),
    };
    tell("from", upload.offset);
    let mut at = upload.offset;
    while at < size() {
        let chunk = sequence(at, CHUNK.min(size() - at) as usize);
        at = contents.append(OWNER, &upload.id, at, &chunk).unwrap();
        if at.is_multiple_of(1 << 20) {
            memory.tell();
            tell("at", at);
        }
    }
    let file = contents.finish(OWNER, &upload.id).unwrap();
    memory.tell();
    tell("cid", file.cid);
    tell("address", &node.info().addresses[0]);
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
    memory.tell();
    node.stop().await;
}

/// The process that gets the file, and goes on where it was killed.
async fn fetch(root: &Path, peer: &str) {
    let contents = open(root);
    let (address, cid) = peer.split_once(' ').unwrap();
    let cid: Cid = cid.parse().unwrap();
    let options = NodeOptions {
        peers: vec![address.parse().unwrap()],
        ..NodeOptions::default()
    };
    let before = contents.file(OWNER, cid).map_or(0, |file| file.here);
    tell("from", before * 65536);
    let node = Node::start(contents.clone(), options).await.unwrap();
    let memory = Memory::idle();
    let file = node.fetch(OWNER, cid, false).await.unwrap();
    let mut here = contents.read(OWNER, cid, 0, None).unwrap().here();
    loop {
        let now = *here.borrow_and_update();
        tell("at", now * 65536);
        if now == file.manifest.shape.blocks() {
            break;
        }
        memory.tell();
        // What is held by a call that waits must not keep the file open; who opens it next counts anew.
        if here.changed().await.is_err() {
            here = contents.read(OWNER, cid, 0, None).unwrap().here();
        }
    }
    let wanted = || contents.file(OWNER, cid).unwrap().wanted;
    while wanted() {
        tokio::task::yield_now().await;
    }
    tell("complete", "");
    tell(
        "digest",
        hex::encode(digest(contents.read(OWNER, cid, 0, None).unwrap())),
    );
    memory.tell();
    node.stop().await;
}

/// A process, and what it tells.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    memory: u64,
}

impl Process {
    fn start(root: &Path, peer: Option<&str>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", NAME, "--nocapture"]).env(ROOT, root);
        if let Some(peer) = peer {
            command.env(PEER, peer);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process {
            child,
            lines,
            memory: 0,
        }
    }

    /// The next value that it tells under this name, and that is wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.next().expect("the process has ended").unwrap();
            let Some((name, value)) = line.strip_prefix('@').and_then(|line| line.split_once(' ')) else {
                continue;
            };
            if name == "memory" {
                self.memory = self.memory.max(value.parse().unwrap());
            }
            if name == what && wanted(value) {
                return value.to_owned();
            }
        }
    }

    fn number(&mut self, what: &str, least: u64) -> u64 {
        let enough = |value: &str| value.parse::<u64>().unwrap() >= least;
        self.until(what, enough).parse().unwrap()
    }

    fn told(&mut self, what: &str) -> String {
        self.until(what, |_| true)
    }

    fn kill(mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.memory
    }

    /// Waits for its end, which must be a good one.
    fn end(mut self) -> u64 {
        drop(self.child.stdin.take());
        while let Some(Ok(line)) = self.lines.next() {
            if let Some(memory) = line.strip_prefix("@memory ") {
                self.memory = self.memory.max(memory.parse().unwrap());
            }
        }
        assert!(self.child.wait().unwrap().success());
        self.memory
    }
}

fn expected() -> String {
    let mut hasher = Sha256::new();
    for at in (0..size()).step_by(CHUNK as usize) {
        hasher.update(sequence(at, CHUNK.min(size() - at) as usize));
    }
    hex::encode(hasher.finalize())
}

/// Uploads the file into `root`, killed when half of it is there; the process that serves it.
fn uploaded(root: &Path) -> (Process, String, u64) {
    let mut process = Process::start(root, None);
    let at = process.number("at", size() / 2);
    let memory = process.kill();
    let mut process = Process::start(root, None);
    let from = process.number("from", 0);
    assert!(
        from > 0 && from + (9 << 20) > at,
        "at {at} when killed, from {from} on"
    );
    let cid = process.told("cid");
    let peer = format!("{} {cid}", process.told("address"));
    (process, peer, memory)
}

/// Gets the file into `root`, killed when half of it is there; its digest.
fn downloaded(root: &Path, peer: &str) -> (String, u64) {
    let mut process = Process::start(root, Some(peer));
    let at = process.number("at", size() / 2);
    let memory = process.kill();
    let mut process = Process::start(root, Some(peer));
    let from = process.number("from", 0);
    assert!(
        from > 0 && from + (12 << 20) > at,
        "at {at} when killed, from {from} on"
    );
    let digest = process.told("digest");
    (digest, memory.max(process.end()))
}

fn in_runtime(work: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

#[test]
fn a_large_file_goes_up_and_down_through_kills_in_little_memory() {
    if let Ok(root) = env::var(ROOT) {
        return match env::var(PEER) {
            Ok(peer) => in_runtime(fetch(Path::new(&root), &peer)),
            Err(_) => in_runtime(serve(Path::new(&root))),
        };
    }
    let (up, down) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let began = Instant::now();
    let (server, peer, up_memory) = uploaded(up.path());
    let up_time = began.elapsed();
    let began = Instant::now();
    let (digest, down_memory) = downloaded(down.path(), &peer);
    let down_time = began.elapsed();
    let up_memory = up_memory.max(server.end());
    assert_eq!(digest, expected());
    report("up", up_time, up_memory);
    report("down, proved and read", down_time, down_memory);
    assert!(up_memory < MOST_MEMORY && down_memory < MOST_MEMORY);
}

fn report(what: &str, time: Duration, memory: u64) {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (size, memory) = (mib(size()), mib(memory));
    println!(
        "{what}: {size} MiB in {:.1} s, {memory:.1} MiB more than idle at most",
        time.as_secs_f64()
    );
}
