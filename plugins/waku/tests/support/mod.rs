//! What the tests of whole nodes share: nodes on loopback and waiting with a deadline.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod certificates;
pub(crate) mod dns;
pub(crate) mod raw;

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use waku_plugin::{MessageReceiver, Multiaddr, Node, NodeConfig, ReceivedMessage, WakuMessage};

/// Longer than anything takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub(crate) const WS: &str = "/ip4/127.0.0.1/tcp/0/ws";
pub(crate) const CONTENT_TOPIC: &str = "/toychat/2/huilong/proto";

/// A node of cluster 99 with autosharding over eight shards.
pub(crate) fn config(listen: &str) -> NodeConfig {
    NodeConfig {
        cluster: 99,
        shard_count: 8,
        shards: vec![],
        listen: vec![listen.parse().unwrap()],
        ..NodeConfig::default()
    }
}

/// A light node of the same network.
pub(crate) fn light() -> NodeConfig {
    NodeConfig {
        relay: false,
        listen: vec![],
        ..config(TCP)
    }
}

pub(crate) async fn start(config: NodeConfig) -> Node {
    Node::start(config).await.unwrap()
}

/// The first address that others can dial.
pub(crate) async fn address(node: &Node) -> Multiaddr {
    node.info().await.unwrap().listen_addresses[0].clone()
}

/// Waits until `condition` holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the node knows `count` peers in every shard that it relays.
pub(crate) async fn until_peers(node: &Node, count: usize) {
    until(&format!("{count} peers in every shard"), || async {
        node.info()
            .await
            .unwrap()
            .shards
            .iter()
            .all(|shard| shard.peers >= count)
    })
    .await;
}

pub(crate) async fn next(receiver: &mut MessageReceiver) -> ReceivedMessage {
    timeout(DEADLINE, receiver.recv())
        .await
        .expect("no message in time")
        .expect("the node stopped")
}

pub(crate) fn message(text: &str) -> WakuMessage {
    WakuMessage {
        payload: text.into(),
        content_topic: CONTENT_TOPIC.into(),
        ..WakuMessage::default()
    }
}

/// A node that relays, and whom the service knows.
pub(crate) async fn relay_behind(service: &Node) -> Node {
    let node = start(config(TCP)).await;
    node.connect(address(service).await).await.unwrap();
    until_peers(service, 1).await;
    until_peers(&node, 1).await;
    node
}
