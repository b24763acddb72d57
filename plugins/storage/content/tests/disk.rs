//! A full disk: what does not fit is refused by name, nothing is damaged, and all goes on once there is room.
#![cfg(all(target_os = "linux", feature = "exchange"))]

mod common;
#[path = "../../tests/common/mount.rs"]
mod mount;

use std::fs;
use std::path::Path;

use common::node::{Running, eventually, local, node, options, start};
use common::{OWNER, get, open, put, sequence};
use mount::{root, with_mount};
use storage_content::{Contents, Error, NewUpload, Node, NodeOptions};

const MIB: usize = 1 << 20;
/// Writes that fill a disk.
const PIECE: usize = 100_000;
const SMALL: &[u8] = b"a small file of the full disk";

/// Runs `test` in a process with a disk of 16 MiB.
fn on_a_small_disk(name: &str, test: impl FnOnce(&Path)) {
    match root() {
        Some(root) => test(Path::new(&root)),
        None => {
            let directory = tempfile::tempdir().unwrap();
            with_mount(name, "mount -t tmpfs -o size=16m tmpfs \"$0\"", directory.path());
        }
    }
}

/// Adds bytes of [`sequence`] to an upload until they do not fit; where it stands then.
fn fill(contents: &Contents, upload: &str, from: u64) -> u64 {
    let mut at = from;
    loop {
        match contents.append(OWNER, upload, at, &sequence(at, PIECE)) {
            Ok(now) => at = now,
            Err(error) => {
                assert_eq!(error, Error::DiskFull);
                return contents.upload_offset(OWNER, upload).unwrap();
            }
        }
        assert!(at < 16 * MIB as u64, "the disk was never full");
    }
}

/// Finishes an upload with as many bytes of [`sequence`] as it needs to have `size`, and looks at all of them.
fn finish(contents: &Contents, upload: &str, from: u64, size: usize) {
    let rest = sequence(from, size - from as usize);
    contents.append(OWNER, upload, from, &rest).unwrap();
    let file = contents.finish(OWNER, upload).unwrap();
    assert!(get(contents, OWNER, file.cid).unwrap() == sequence(0, size));
    assert_eq!(contents.check(OWNER, file.cid).unwrap().damaged, 0);
}

#[test]
fn an_upload_on_a_full_disk_is_refused_and_goes_on_when_there_is_room() {
    let name = "an_upload_on_a_full_disk_is_refused_and_goes_on_when_there_is_room";
    on_a_small_disk(name, |root| {
        let ballast = root.join("ballast");
        fs::write(&ballast, vec![7; 4 * MIB]).unwrap();
        let store = root.join("data");
        let contents = open(&store);
        let bytes = sequence(7, 2 * MIB + 5);
        let first = put(&contents, &bytes);
        let upload = contents.open_upload(OWNER, NewUpload::default()).unwrap().id;
        let at = fill(&contents, &upload, 0);
        assert!(at > 4 * MIB as u64, "full after {at} bytes");
        // It stands where it stood, and what is there is as it was.
        assert_eq!(fill(&contents, &upload, at), at);
        assert!(get(&contents, OWNER, first.cid).unwrap() == bytes);
        assert_eq!(contents.check(OWNER, first.cid).unwrap().damaged, 0);

        // So it is for who opens the store again, up to what could not be noted.
        let closed = contents.close();
        assert!(matches!(closed, Ok(()) | Err(Error::DiskFull)), "{closed:?}");
        drop(contents);
        let contents = open(&store);
        let from = contents.upload_offset(OWNER, &upload).unwrap();
        assert!(
            from <= at && from + (9 << 20) > at,
            "{at} bytes, {from} after a restart"
        );
        fs::remove_file(&ballast).unwrap();
        finish(&contents, &upload, from, at as usize + MIB);

        // What is deleted makes room, also on a disk without any, time and again.
        let upload = contents.open_upload(OWNER, NewUpload::default()).unwrap().id;
        let at = fill(&contents, &upload, 0);
        contents.delete(OWNER, first.cid).unwrap();
        finish(&contents, &upload, at, at as usize + MIB);
        for _ in 0..3 {
            let upload = contents.open_upload(OWNER, NewUpload::default()).unwrap().id;
            fill(&contents, &upload, 0);
            contents.cancel_upload(OWNER, &upload).unwrap();
        }
        let small = &bytes[..300_000];
        assert!(get(&contents, OWNER, put(&contents, small).cid).unwrap() == small);
        contents.close().unwrap();
    });
}

/// A node on the small disk that dials `peer`.
async fn on_disk(root: &Path, peer: &Running) -> (Contents, Node) {
    let contents = open(&root.join("data"));
    let options = NodeOptions {
        listen: vec![local()],
        peers: vec![peer.address()],
        ..NodeOptions::default()
    };
    let node = Node::start(contents.clone(), options).await.unwrap();
    (contents, node)
}

#[test]
fn a_fetch_onto_a_full_disk_waits_for_room_and_others_are_served() {
    let name = "a_fetch_onto_a_full_disk_waits_for_room_and_others_are_served";
    on_a_small_disk(name, |root| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let ballast = root.join("ballast");
            fs::write(&ballast, vec![7; 8 * MIB]).unwrap();
            // What lies in it is on another disk.
            let whole = node(&[]).await;
            let bytes = sequence(3, 10 * MIB);
            let large = put(&whole.contents, &bytes).cid;
            let (contents, fetching) = on_disk(root, &whole).await;
            let small = put(&contents, SMALL).cid;
            fetching.fetch(OWNER, large, true).await.unwrap();
            let probe = root.join("probe");
            eventually("the disk is full", || {
                let full = fs::write(&probe, vec![7; 65536]).is_err();
                fs::remove_file(&probe).unwrap();
                full
            })
            .await;
            let file = contents.file(OWNER, large).unwrap();
            assert!(file.wanted && !file.is_complete(), "{file:?}");
            let other = NodeOptions {
                peers: fetching.info().addresses,
                ..options(&[])
            };
            let other = start(tempfile::tempdir().unwrap(), other).await;
            assert_eq!(other.fetched(small).await, SMALL);

            fs::remove_file(&ballast).unwrap();
            eventually("the file is complete", || {
                contents.file(OWNER, large).unwrap().is_complete()
            })
            .await;
            assert!(get(&contents, OWNER, large).unwrap() == bytes);
            assert_eq!(contents.check(OWNER, large).unwrap().damaged, 0);
            fetching.stop().await;
            contents.close().unwrap();
        });
    });
}
