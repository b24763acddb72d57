//! Gossipsub peers that know nothing of Waku but its protocol id: js-libp2p's and py-libp2p's, over every transport and
//! multiplexer.

#![cfg(target_os = "linux")]

mod support;

use support::{TCP, WS, address, config, message, next, start, until};
use test_peers::{GossipKind, GossipOptions, GossipPeer};
use waku_plugin::{Node, Origin, PeerId, PubsubTopic, WakuMessage};

const SHARD: &str = "/waku/2/rs/99/3";

/// Waits until the other is a neighbour in the mesh.
async fn until_meshed(node: &Node, shard: PubsubTopic) {
    until("the mesh", async || {
        let shards = node.info().await.unwrap().shards;
        shards.iter().any(|it| it.topic == shard && it.mesh == 1)
    })
    .await;
}

/// Messages go both ways, byte for byte, whoever has dialled.
async fn converse(kind: GossipKind, transport: &str, muxer: &str) {
    let shard: PubsubTopic = SHARD.parse().unwrap();
    for peer_dials in [true, false] {
        let node = start(config(if transport == "ws" { WS } else { TCP })).await;
        node.subscribe_shards(vec![shard]).await.unwrap();
        let mut messages = node.messages().unwrap();
        let options = GossipOptions {
            kind,
            topic: SHARD,
            transport,
            muxer,
            quiet: false,
        };
        let mut peer = GossipPeer::start(options).await.unwrap();
        if peer_dials {
            let agreed = peer.connect(&address(&node).await.to_string()).await.unwrap();
            let wanted = if muxer == "mplex" {
                "/mplex/6.7.0"
            } else {
                "/yamux/1.0.0"
            };
            assert_eq!(agreed.as_deref(), Some(wanted));
        } else {
            node.connect(peer.address().parse().unwrap()).await.unwrap();
        }
        until_meshed(&node, shard).await;
        let from: PeerId = peer.peer_id().parse().unwrap();
        for round in 0..3 {
            let said = |who: &str| WakuMessage {
                timestamp: 1_700_000_000_000_000_000 + round,
                meta: vec![1, 2, 3],
                ..message(&format!("{who} {round}, ünïcode €"))
            };
            let ours = said("ours");
            let hash = node.publish(Some(shard), ours.clone()).await.unwrap();
            peer.received(&hex::encode(ours.encode())).await.unwrap();
            assert_eq!(next(&mut messages).await.hash, hash);

            let theirs = said("theirs");
            peer.publish(&hex::encode(theirs.encode())).await.unwrap();
            let got = next(&mut messages).await;
            assert_eq!((&*got.message, got.origin), (&theirs, Origin::Peer(from)));
        }
        assert!(messages.try_recv().is_none(), "each message comes once");
        assert_eq!((node.stats().rejected, node.stats().ignored), (0, 0));
        peer.stop().await.unwrap();
    }
}

#[tokio::test]
async fn js_libp2p_over_tcp_and_yamux() {
    converse(GossipKind::JsLibp2p, "tcp", "yamux").await;
}

#[tokio::test]
async fn js_libp2p_over_tcp_and_mplex() {
    converse(GossipKind::JsLibp2p, "tcp", "mplex").await;
}

#[tokio::test]
async fn js_libp2p_over_ws_and_yamux() {
    converse(GossipKind::JsLibp2p, "ws", "yamux").await;
}

#[tokio::test]
async fn js_libp2p_over_ws_and_mplex() {
    converse(GossipKind::JsLibp2p, "ws", "mplex").await;
}

#[cfg(feature = "python-peers")]
#[tokio::test]
async fn py_libp2p_over_tcp_and_yamux() {
    converse(GossipKind::PyLibp2p, "tcp", "yamux").await;
}

#[cfg(feature = "python-peers")]
#[tokio::test]
async fn py_libp2p_over_tcp_and_mplex() {
    converse(GossipKind::PyLibp2p, "tcp", "mplex").await;
}

#[cfg(feature = "python-peers")]
#[tokio::test]
async fn py_libp2p_over_ws_and_yamux() {
    converse(GossipKind::PyLibp2p, "ws", "yamux").await;
}

#[cfg(feature = "python-peers")]
#[tokio::test]
async fn py_libp2p_over_ws_and_mplex() {
    converse(GossipKind::PyLibp2p, "ws", "mplex").await;
}
