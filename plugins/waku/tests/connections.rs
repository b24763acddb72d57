//! Whom a node keeps, whom it refuses, and whom it looks for again.

mod support;

use support::{CONTENT_TOPIC, TCP, address, config, message, next, start, until, until_peers};
use waku_plugin::{ConnectError, Multiaddr, NodeConfig, NodeKey};

#[tokio::test]
async fn a_peer_of_another_cluster_is_refused_on_both_sides() {
    let ours = start(config(TCP)).await;
    let other = start(NodeConfig {
        cluster: 98,
        ..config(TCP)
    })
    .await;
    let error = ours.connect(address(&other).await).await.unwrap_err();
    assert_eq!(
        error,
        ConnectError::WrongCluster {
            theirs: Some(98),
            ours: 99
        }
    );
    assert_eq!(
        error.to_string(),
        "peer is of cluster 98, this node is of cluster 99"
    );
    for node in [&ours, &other] {
        until("the connection is gone", || async {
            node.peers().await.unwrap().is_empty()
        })
        .await;
    }
    assert!(ours.stats().refused_peers + other.stats().refused_peers >= 1);
}

#[tokio::test]
async fn a_peer_that_is_not_there_or_not_the_one_is_named() {
    let node = start(config(TCP)).await;
    let gone = start(config(TCP)).await;
    let address_of_gone = address(&gone).await;
    gone.shutdown().await;
    let error = node
        .connect(address_of_gone.clone())
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        format!("cannot connect to {address_of_gone}: Connection refused (os error 111)")
    );

    let there = start(config(TCP)).await;
    let somebody_else = NodeKey::random().peer_id();
    let right = address(&there).await.to_string();
    let wrong = right.replace(&there.peer_id().to_string(), &somebody_else.to_string());
    let error = node
        .connect(wrong.parse().unwrap())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with(&format!("the peer there is {}", there.peer_id())),
        "{error}"
    );

    let without_peer: Multiaddr = right.split("/p2p/").next().unwrap().parse().unwrap();
    for _ in 0..5 {
        assert_eq!(node.connect(without_peer.clone()).await, Ok(there.peer_id()));
        assert_eq!(
            node.connect(right.parse().unwrap()).await,
            Ok(there.peer_id()),
            "connected already"
        );
    }
    node.disconnect(without_peer).await.unwrap();
    assert_eq!(node.info().await.unwrap().connected_peers, 0);
}

#[tokio::test]
async fn a_static_peer_is_found_again_after_it_restarted() {
    let key = NodeKey::random();
    let listener = start(NodeConfig {
        key: key.clone(),
        ..config(TCP)
    })
    .await;
    let fixed = address(&listener).await;
    let node = start(NodeConfig {
        static_peers: vec![fixed.clone()],
        ..config(TCP)
    })
    .await;
    node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = node.messages().unwrap();
    until_peers(&node, 1).await;
    until_peers(&listener, 1).await;
    listener.publish(None, message("before")).await.unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"before");

    listener.shutdown().await;
    until("a failed dial", || async {
        let peer = node.peers().await.unwrap().remove(0);
        assert!(peer.is_static);
        peer.direction.is_none() && peer.last_error.as_deref() == Some("Connection refused (os error 111)")
    })
    .await;

    let same = fixed.to_string();
    let listen = same.split("/p2p/").next().unwrap();
    let listener = start(NodeConfig {
        key,
        ..config(listen)
    })
    .await;
    until_peers(&listener, 1).await;
    listener.publish(None, message("after")).await.unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"after");
}

#[tokio::test]
async fn a_disconnected_static_peer_stays_away_until_it_is_connected_again() {
    let listener = start(config(TCP)).await;
    let fixed = address(&listener).await;
    let node = start(NodeConfig {
        static_peers: vec![fixed.clone()],
        ..config(TCP)
    })
    .await;
    until_peers(&node, 1).await;
    node.disconnect(fixed.clone()).await.unwrap();
    until("the connection is gone", || async {
        node.info().await.unwrap().connected_peers == 0
    })
    .await;
    assert_eq!(
        node.info().await.unwrap().connected_peers,
        0,
        "it waits for the end"
    );
    let error = node.disconnect(fixed.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("not connected to {fixed}"));
    tokio::time::sleep(3 * waku_plugin::limits::REDIAL_FIRST).await;
    assert_eq!(node.info().await.unwrap().connected_peers, 0);
    assert_eq!(node.connect(fixed).await, Ok(listener.peer_id()));
}

#[tokio::test]
async fn connections_are_bounded() {
    let full = start(NodeConfig {
        max_connections: 1,
        ..config(TCP)
    })
    .await;
    let (first, second) = (start(config(TCP)).await, start(config(TCP)).await);
    first.connect(address(&full).await).await.unwrap();
    second.connect(address(&full).await).await.unwrap_err();
    assert_eq!(full.info().await.unwrap().connected_peers, 1);
}
