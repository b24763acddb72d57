//! Nodes that mean well: files go from one to another, and from several at once.
#![cfg(feature = "exchange")]

mod common;

use std::time::Duration;

use common::node::{Running, eventually, local, node, options, start};
use common::{OWNER, get, put, sequence};
use storage_content::{Error, Found, Manifest, Node, NodeOptions, Reader, limits};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_file_goes_from_one_node_to_another() {
    let a = node(&[]).await;
    let bytes = sequence(0, 3 * MIB + 5);
    let file = put(&a.contents, &bytes);
    let b = node(&[&a]).await;
    let begun = b.node.fetch(OWNER, file.cid, true).await.unwrap();
    assert_eq!((begun.manifest, begun.pinned), (file.manifest, true));
    b.complete(file.cid).await;
    assert_eq!(get(&b.contents, OWNER, file.cid).unwrap(), bytes);
    assert!(!b.file(file.cid).wanted);
    assert_eq!(b.contents.check(OWNER, file.cid).unwrap().damaged, 0);
    // Another owner here has it at once, also when nobody else is there.
    a.stop().await;
    let shared = b.node.fetch("chat", file.cid, false).await.unwrap();
    assert!(shared.is_complete() && !shared.wanted);
    assert_eq!(get(&b.contents, "chat", file.cid).unwrap(), bytes);
}

#[tokio::test]
async fn blocks_come_from_several_peers_at_once() {
    let bytes = sequence(1, 24 * MIB);
    let sources = [node(&[]).await, node(&[]).await, node(&[]).await];
    let mut cid = None;
    for source in &sources {
        cid = Some(put(&source.contents, &bytes).cid);
    }
    let cid = cid.unwrap();
    let all: Vec<_> = sources.iter().collect();
    let c = node(&all).await;
    eventually("all are connected", || c.node.info().peers.len() == 3).await;
    assert_eq!(c.fetched(cid).await, bytes);
    let peers = c.node.info().peers;
    let counts: Vec<_> = peers.iter().map(|peer| peer.blocks).collect();
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(counts.iter().sum::<u64>(), 24 * 16);
}

/// A node that has some blocks of a file, and the right proofs for them.
async fn partial(whole: &Running, cid: storage_content::Cid, damaged: &[u64]) -> Running {
    let part = node(&[whole]).await;
    part.fetched(cid).await;
    let directory = part.stop().await;
    let data = std::fs::read_dir(directory.path().join("files")).unwrap();
    let data = data
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().unwrap() == "data");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(data.unwrap())
        .unwrap();
    for block in damaged {
        std::os::unix::fs::FileExt::write_all_at(&file, b"damage", block * 65536).unwrap();
    }
    let part = start(directory, options(&[])).await;
    let checked = part.contents.check(OWNER, cid).unwrap();
    assert_eq!(checked.named, damaged);
    part
}

#[tokio::test]
async fn nodes_that_have_parts_make_a_whole_together() {
    let whole = node(&[]).await;
    let bytes = sequence(2, 2 * MIB);
    let cid = put(&whole.contents, &bytes).cid;
    let even: Vec<_> = (0..32).step_by(2).collect();
    let odd: Vec<_> = (1..32).step_by(2).collect();
    let (a, b) = (
        partial(&whole, cid, &even).await,
        partial(&whole, cid, &odd).await,
    );
    whole.stop().await;
    let c = node(&[&a, &b]).await;
    assert_eq!(c.fetched(cid).await, bytes);
}

#[tokio::test]
async fn a_fetch_that_was_cut_off_goes_on_with_what_it_has() {
    let a = node(&[]).await;
    let bytes = sequence(3, 32 * MIB);
    let cid = put(&a.contents, &bytes).cid;
    let b = node(&[&a]).await;
    b.node.fetch(OWNER, cid, false).await.unwrap();
    eventually("some blocks", || b.file(cid).here > 100).await;
    let directory = b.stop().await;
    let b = start(directory, options(&[])).await;
    let here = b.file(cid).here;
    assert!(here > 100, "{here}");
    assert!(b.file(cid).wanted || here == 512);
    b.node.dial(a.address()).await.unwrap();
    b.complete(cid).await;
    assert_eq!(get(&b.contents, OWNER, cid).unwrap(), bytes);
    let came = b.node.info().peers[0].blocks;
    assert!(came <= 512 - here, "{came} came, {here} were here");
}

#[tokio::test]
async fn dropped_blocks_are_got_again() {
    let a = node(&[]).await;
    let bytes = sequence(4, MIB);
    let cid = put(&a.contents, &bytes).cid;
    let b = partial(&a, cid, &[3, 9]).await;
    b.node.dial(a.address()).await.unwrap();
    assert_eq!(b.fetched(cid).await, bytes);
    assert_eq!(b.node.info().peers[0].blocks, 2);
}

/// Reads to the end, and waits for what is missing.
async fn follow(mut reader: Reader) -> Vec<u8> {
    let mut here = reader.here();
    let mut all = Vec::new();
    loop {
        here.mark_unchanged();
        match reader.next_chunk().unwrap() {
            Found::Chunk(chunk) => all.extend(chunk),
            Found::Missing(_) => here.changed().await.unwrap(),
            Found::End => return all,
        }
    }
}

#[tokio::test]
async fn a_file_is_read_while_it_comes() {
    let a = node(&[]).await;
    let bytes = sequence(5, 8 * MIB);
    let cid = put(&a.contents, &bytes).cid;
    let b = node(&[&a]).await;
    b.node.fetch(OWNER, cid, false).await.unwrap();
    let reader = b.contents.read(OWNER, cid, 0, None).unwrap();
    let all = tokio::time::timeout(Duration::from_secs(60), follow(reader))
        .await
        .unwrap();
    assert!(all == bytes);
}

#[tokio::test]
async fn a_fetch_that_is_given_up_or_deleted_stops() {
    let a = node(&[]).await;
    let cid = put(&a.contents, &sequence(6, 64 * MIB)).cid;
    let b = node(&[&a]).await;
    b.node.fetch(OWNER, cid, false).await.unwrap();
    eventually("some blocks", || b.file(cid).here > 0).await;
    b.contents.unwant(OWNER, cid).unwrap();
    let mut last = (b.file(cid).here, std::time::Instant::now());
    eventually("it stands still", || {
        let here = b.file(cid).here;
        if here != last.0 {
            last = (here, std::time::Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(500)
    })
    .await;
    assert!(b.file(cid).here < 1024);
    b.contents.delete(OWNER, cid).unwrap();
    assert_eq!(
        std::fs::read_dir(b.directory.path().join("files"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn what_nobody_has_is_told_in_time() {
    let a = node(&[]).await;
    let quick = NodeOptions {
        find_timeout: Duration::from_millis(400),
        ..options(&[&a])
    };
    let b = start(tempfile::tempdir().unwrap(), quick).await;
    eventually("connected", || !b.node.info().peers.is_empty()).await;
    let cid = Manifest::cid(b"nothing");
    assert_eq!(
        b.node.fetch(OWNER, cid, false).await,
        Err(Error::Unavailable { asked: 1 })
    );
    // What comes while it is looked for is found.
    let late = start(tempfile::tempdir().unwrap(), options(&[])).await;
    let file = put(&late.contents, b"late");
    let (found, dialled) = tokio::join!(b.node.fetch(OWNER, file.cid, false), b.node.dial(late.address()));
    dialled.unwrap();
    assert_eq!(found.unwrap().cid, file.cid);
}

#[tokio::test]
async fn a_file_over_the_quota_is_refused_before_it_comes() {
    let a = node(&[]).await;
    let cid = put(&a.contents, &sequence(7, 2 * MIB)).cid;
    let directory = tempfile::tempdir().unwrap();
    let contents = common::with_quota(directory.path(), MIB as u64);
    let b = Node::start(contents.clone(), options(&[&a])).await.unwrap();
    let refused = b.fetch(OWNER, cid, false).await;
    assert!(matches!(refused, Err(Error::QuotaExceeded { .. })), "{refused:?}");
    assert_eq!(contents.space(OWNER).unwrap().used, 0);
}

#[tokio::test]
async fn a_node_keeps_its_peer_id_and_says_which_address_it_cannot_bind() {
    let a = node(&[]).await;
    let (peer, address) = (a.node.info().peer, a.address());
    let taken = NodeOptions {
        listen: vec![address],
        ..NodeOptions::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let refused = Node::start(common::open(directory.path()), taken).await.err();
    assert!(
        matches!(refused, Some(Error::Network { part: "listen", .. })),
        "{refused:?}"
    );
    let a = start(a.stop().await, options(&[])).await;
    assert_eq!(a.node.info().peer, peer);
    let many = NodeOptions {
        peers: vec![local(); limits::exchange::MAX_ADDRESSES + 1],
        ..NodeOptions::default()
    };
    let refused = Node::start(common::open(directory.path()), many).await.err();
    assert!(
        matches!(refused, Some(Error::Busy { limit: 64, .. })),
        "{refused:?}"
    );
}
