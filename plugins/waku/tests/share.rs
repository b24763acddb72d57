//! Which peers a node keeps room for, and which it prefers.

mod support;

use support::{TCP, address, config, light, message, relay_behind, start, until};
use waku_plugin::{ConfigError, Node, NodeConfig, NodeError, ServiceNodes};

#[tokio::test]
async fn relays_beyond_their_share_are_sent_away_and_light_nodes_still_come_in() {
    // Two of three are for relays that come by themselves.
    let node = start(NodeConfig {
        max_connections: 10,
        max_relay_peers: Some(3),
        ..config(TCP)
    })
    .await;
    let relays = [
        start(config(TCP)).await,
        start(config(TCP)).await,
        start(config(TCP)).await,
    ];
    for relay in &relays {
        // The last is sent away at once, maybe before it knows that it is connected.
        let _may_be_sent_away = relay.connect(address(&node).await).await;
    }
    let guests = [start(light()).await, start(light()).await, start(light()).await];
    for guest in &guests {
        guest.connect(address(&node).await).await.unwrap();
    }
    let counts = async || {
        let info = node.info().await.unwrap();
        (info.shards[0].peers, info.connected_peers)
    };
    until("two relays and three light nodes", async || {
        counts().await == (2, 5)
    })
    .await;
}

async fn service() -> Node {
    start(NodeConfig {
        lightpush: true,
        ..config(TCP)
    })
    .await
}

#[tokio::test]
async fn a_service_of_the_configuration_is_connected_to_and_preferred() {
    let (other, named) = (service().await, service().await);
    let _behind = [relay_behind(&other).await, relay_behind(&named).await];
    let node = start(NodeConfig {
        service_nodes: ServiceNodes {
            lightpush: Some(address(&named).await),
            ..ServiceNodes::default()
        },
        ..light()
    })
    .await;
    node.connect(address(&other).await).await.unwrap();
    until("both are identified", async || {
        let peers = node.peers().await.unwrap();
        peers.len() == 2 && peers.iter().all(|peer| !peer.protocols.is_empty())
    })
    .await;
    for number in 0..4 {
        node.lightpush_anywhere(None, message(&number.to_string()))
            .await
            .unwrap();
    }
    assert_eq!((named.stats().published, other.stats().published), (4, 0));
    named.shutdown().await;
    until("the other serves", async || {
        node.lightpush_anywhere(None, message("elsewhere")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_service_is_named_with_its_peer() {
    let config = NodeConfig {
        service_nodes: ServiceNodes {
            store: Some("/ip4/127.0.0.1/tcp/1".parse().unwrap()),
            ..ServiceNodes::default()
        },
        ..config(TCP)
    };
    let error = Node::start(config).await.unwrap_err();
    assert!(
        matches!(error, NodeError::Config(ConfigError::NeedsPeer { .. })),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "service_nodes.store: /ip4/127.0.0.1/tcp/1 does not end in /p2p/ and the id of the peer"
    );
}
