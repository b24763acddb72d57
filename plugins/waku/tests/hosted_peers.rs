//! What a hosted node knows of its peers after a restart.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

use backplane_test_support::cargo_build;
use host::Hosted;
use support::{TCP, address, config, start, until};
use waku_plugin::NodeConfig;

async fn until_connected(hosted: &Hosted) {
    until("a connected peer that is identified", async || {
        let peers = hosted.node.peers().await.unwrap();
        peers
            .iter()
            .any(|peer| peer.direction.is_some() && !peer.protocols.is_empty())
    })
    .await;
}

/// The peer is not of the configuration, and does not dial by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_node_finds_its_peers_again_by_what_storage_has_kept() {
    let storage = format!(
        "[modules.storage]\nplugin = {:?}\n",
        cargo_build("storage-plugin")
    );
    let folder = tempfile::tempdir().unwrap();
    let peer = start(NodeConfig {
        shard_peers: 0,
        ..config(TCP)
    })
    .await;
    let hosted = Hosted::beside(folder.path(), &storage, "");
    let dialled = address(&peer).await.to_string();
    hosted.node.connect(&dialled).await.unwrap();
    until_connected(&hosted).await;
    hosted.stop().await;
    until("the peer has lost it", async || {
        peer.info().await.unwrap().connected_peers == 0
    })
    .await;

    let hosted = Hosted::beside(folder.path(), &storage, "");
    until_connected(&hosted).await;
    hosted.stop().await;
}
