//! A large file goes through streams of the interface, in and out, and the process needs little more memory.
//!
//! `STORAGE_TEST_CONTENT_BYTES` sets the size of the file, 1073741824 for instance.

#[path = "common/content.rs"]
mod files;

use std::time::Instant;

use backplane_sdk::Bytes;
use backplane_sdk::test::Running;
use files::{begin, client, storage};
use serde_json::json;
use sha2::{Digest, Sha256};
use storage_plugin::Storage;

const MIB: u64 = 1 << 20;
const USUAL_BYTES: u64 = 96 * MIB;
/// How much more memory the process may need than when it was idle.
const MOST_MEMORY: u64 = 64 * MIB;
const CHUNK: u64 = 256 * 1024;

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

/// Chunks that differ from each other, made without effort.
fn chunk(number: u64) -> Vec<u8> {
    let mut chunk = vec![number as u8; CHUNK as usize];
    for block in chunk.chunks_mut(4096) {
        block[..8].copy_from_slice(&number.to_le_bytes());
    }
    chunk
}

/// Uploads the file; its CID and the digest of what was sent.
async fn upload(storage: &Running<Storage>, size: u64) -> (String, [u8; 32]) {
    let content = client(storage);
    let upload = begin(&content, "large").await.unwrap();
    let (mut sender, chunks) = storage.channel::<Bytes>();
    let write = async move {
        let mut hasher = Sha256::new();
        for number in 0..size / CHUNK {
            let chunk = chunk(number);
            hasher.update(&chunk);
            sender.send(&Bytes(chunk)).await.unwrap();
        }
        hasher.finalize().into()
    };
    let (appended, digest) = tokio::join!(content.append(&upload, &0, &chunks), write);
    assert_eq!(appended.unwrap(), size);
    (content.finish(&upload).await.unwrap().cid, digest)
}

async fn download(storage: &Running<Storage>, cid: &String) -> [u8; 32] {
    let mut chunks = client(storage).read(cid, &0, &None).await.unwrap();
    let mut hasher = Sha256::new();
    while let Some(chunk) = chunks.next().await {
        hasher.update(chunk.unwrap().0);
    }
    hasher.finalize().into()
}

#[tokio::test]
async fn a_large_file_goes_in_and_out_in_little_memory() {
    let size =
        std::env::var("STORAGE_TEST_CONTENT_BYTES").map_or(USUAL_BYTES, |bytes| bytes.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let storage = storage(folder.path(), json!({})).await;
    client(&storage).space().await.unwrap();
    let idle = status("VmRSS");
    let began = Instant::now();
    let (cid, sent) = upload(&storage, size).await;
    let up = began.elapsed();
    let began = Instant::now();
    assert_eq!(download(&storage, &cid).await, sent);
    let down = began.elapsed();
    let more = status("VmHWM").saturating_sub(idle);
    println!(
        "{} MiB up in {up:.1?}, read in {down:.1?}, {} MiB more than idle",
        size / MIB,
        more / MIB
    );
    assert!(more < MOST_MEMORY, "{} MiB more than idle", more / MIB);
}
