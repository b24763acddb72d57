//! Nodes in short words.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use storage_content::{Cid, Contents, FileInfo, Node, NodeOptions, PeerInfo};
use tempfile::TempDir;

use super::{OWNER, get, open};

/// A store and its node, on loopback.
pub(crate) struct Running {
    pub(crate) directory: TempDir,
    pub(crate) contents: Contents,
    pub(crate) node: Node,
}

pub(crate) fn local() -> Multiaddr {
    "/ip4/127.0.0.1/tcp/0".parse().unwrap()
}

pub(crate) fn options(peers: &[&Running]) -> NodeOptions {
    NodeOptions {
        listen: vec![local()],
        peers: peers.iter().map(|peer| peer.address()).collect(),
        request_timeout: Duration::from_secs(5),
        ..NodeOptions::default()
    }
}

/// A node that dials `peers`.
pub(crate) async fn node(peers: &[&Running]) -> Running {
    start(tempfile::tempdir().unwrap(), options(peers)).await
}

pub(crate) async fn start(directory: TempDir, options: NodeOptions) -> Running {
    let contents = open(directory.path());
    let node = Node::start(contents.clone(), options).await.unwrap();
    Running {
        directory,
        contents,
        node,
    }
}

impl Running {
    pub(crate) fn address(&self) -> Multiaddr {
        self.node.info().addresses[0].clone()
    }

    pub(crate) fn file(&self, cid: Cid) -> FileInfo {
        self.contents.file(OWNER, cid).unwrap()
    }

    /// What this node knows of another.
    pub(crate) fn knows(&self, peer: libp2p::PeerId) -> Option<PeerInfo> {
        self.node
            .info()
            .peers
            .into_iter()
            .find(|known| known.peer == peer)
    }

    pub(crate) async fn complete(&self, cid: Cid) {
        eventually("the file is complete", || self.file(cid).is_complete()).await;
    }

    /// Gets a file, whole.
    pub(crate) async fn fetched(&self, cid: Cid) -> Vec<u8> {
        self.node.fetch(OWNER, cid, false).await.unwrap();
        self.complete(cid).await;
        get(&self.contents, OWNER, cid).unwrap()
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.node.stop().await;
        self.contents.close().unwrap();
        self.directory
    }
}

/// Polls `condition` until it holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    async move {
        while !condition() {
            assert!(Instant::now() < deadline, "not in time: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
