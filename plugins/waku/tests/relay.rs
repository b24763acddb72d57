//! Nodes on loopback that exchange messages.

mod support;

use std::sync::Arc;

use support::{CONTENT_TOPIC, TCP, WS, address, config, message, next, start, until, until_peers};
use waku_plugin::{Muxers, Node, NodeConfig, NodeKey, Origin, PublishError, PubsubTopic, WakuMessage};

/// Connects `dialer` to `listener`, then sends a message each way.
async fn converse(dialer: &Node, listener: &Node) {
    let peer = dialer.connect(address(listener).await).await.unwrap();
    assert_eq!(peer, listener.peer_id());
    let mut receivers = [dialer.messages().unwrap(), listener.messages().unwrap()];
    for node in [dialer, listener] {
        node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
        until_peers(node, 1).await;
    }
    for (node, text) in [(dialer, "from the dialer"), (listener, "from the listener")] {
        let hash = node.publish(None, message(text)).await.unwrap();
        for receiver in &mut receivers {
            let received = next(receiver).await;
            assert_eq!(
                (&*received.message.payload, received.hash),
                (text.as_bytes(), hash)
            );
            assert_eq!(received.pubsub_topic.to_string(), "/waku/2/rs/99/3");
            assert_eq!(received.message.hash("/waku/2/rs/99/3"), hash);
            assert!(received.message.timestamp > 0, "the publisher filled it in");
        }
    }
    assert!(
        receivers.iter_mut().all(|receiver| receiver.try_recv().is_none()),
        "each message comes once"
    );
}

async fn converse_over(listen: &str, dialer: Muxers, listener: Muxers) {
    let dialer = start(NodeConfig {
        listen: vec![],
        muxers: dialer,
        ..config(TCP)
    })
    .await;
    let listener = start(NodeConfig {
        muxers: listener,
        ..config(listen)
    })
    .await;
    converse(&dialer, &listener).await;
}

#[tokio::test]
async fn tcp() {
    converse_over(TCP, Muxers::YamuxMplex, Muxers::YamuxMplex).await;
}

#[tokio::test]
async fn ws() {
    converse_over(WS, Muxers::YamuxMplex, Muxers::YamuxMplex).await;
}

#[tokio::test]
async fn either_side_may_offer_only_one_muxer() {
    for one in [Muxers::Yamux, Muxers::Mplex] {
        converse_over(TCP, one, Muxers::YamuxMplex).await;
        converse_over(WS, Muxers::YamuxMplex, one).await;
    }
}

#[tokio::test]
async fn without_a_common_muxer_the_connection_fails_with_a_reason() {
    let listener = start(NodeConfig {
        muxers: Muxers::Mplex,
        ..config(TCP)
    })
    .await;
    let dialer = start(NodeConfig {
        muxers: Muxers::Yamux,
        ..config(TCP)
    })
    .await;
    let address = address(&listener).await;
    let error = dialer.connect(address.clone()).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot connect to {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_is_resolved() {
    let listener = start(config(WS)).await;
    let dialer = start(config(TCP)).await;
    let numeric = address(&listener).await.to_string();
    let named = numeric.replace("/ip4/127.0.0.1/", "/dns4/localhost/");
    assert_eq!(
        dialer.connect(named.parse().unwrap()).await.unwrap(),
        listener.peer_id()
    );
}

/// A — B — C: B forwards, although nobody subscribed at B.
#[tokio::test]
async fn a_message_crosses_a_node_in_the_middle() {
    let (a, b, c) = (
        start(config(TCP)).await,
        start(config(WS)).await,
        start(config(TCP)).await,
    );
    let middle = address(&b).await;
    a.connect(middle.clone()).await.unwrap();
    c.connect(middle).await.unwrap();
    until_peers(&b, 2).await;
    for node in [&a, &c] {
        until_peers(node, 1).await;
        node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    }
    let mut at_b = b.messages().unwrap();
    let mut at_c = c.messages().unwrap();
    for number in 0..50 {
        a.publish(None, message(&number.to_string())).await.unwrap();
    }
    let mut texts = Vec::new();
    for _ in 0..50 {
        let received = next(&mut at_c).await;
        assert_eq!(received.origin, Origin::Peer(b.peer_id()));
        texts.push(
            String::from_utf8(received.message.payload.clone())
                .unwrap()
                .parse::<u32>()
                .unwrap(),
        );
    }
    texts.sort_unstable();
    assert_eq!(texts, (0..50).collect::<Vec<_>>());
    assert!(at_b.try_recv().is_none());
    assert_eq!(b.stats().relayed, 50);
}

#[tokio::test]
async fn own_messages_come_back_once_even_without_peers() {
    let node = start(config(TCP)).await;
    let mut messages = node.messages().unwrap();
    node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let sent = WakuMessage {
        timestamp: 1_633_024_800_000_000_000,
        ..message("hi")
    };
    let hash = sent.hash("/waku/2/rs/99/3");
    for _ in 0..2 {
        assert_eq!(
            node.publish(None, sent.clone()).await,
            Err(PublishError::NoPeers(hash))
        );
    }
    let received = next(&mut messages).await;
    assert_eq!((received.hash, received.origin), (hash, Origin::Local));
    assert_eq!(*received.message, sent);
    assert!(messages.try_recv().is_none());
}

#[tokio::test]
async fn a_message_published_twice_is_a_duplicate() {
    let (a, b) = (start(config(TCP)).await, start(config(TCP)).await);
    a.connect(address(&b).await).await.unwrap();
    until_peers(&a, 1).await;
    let sent = WakuMessage {
        timestamp: 5,
        ..message("hi")
    };
    let hash = a.publish(None, sent.clone()).await.unwrap();
    assert_eq!(a.publish(None, sent).await, Err(PublishError::Duplicate(hash)));
}

#[tokio::test]
async fn what_cannot_be_published_is_refused_with_its_reason() {
    let node = start(config(TCP)).await;
    let text = async |topic: Option<&str>, message: WakuMessage| {
        node.publish(topic.map(|topic| topic.parse().unwrap()), message)
            .await
            .unwrap_err()
            .to_string()
    };
    let base = || message("hi");
    assert_eq!(
        text(
            None,
            WakuMessage {
                payload: vec![],
                ..base()
            }
        )
        .await,
        "payload is empty"
    );
    assert_eq!(
        text(
            None,
            WakuMessage {
                content_topic: String::new(),
                ..base()
            }
        )
        .await,
        "content topic is empty"
    );
    assert_eq!(
        text(
            None,
            WakuMessage {
                meta: vec![0; 65],
                ..base()
            }
        )
        .await,
        "meta has 65 bytes, the limit is 64"
    );
    assert_eq!(
        text(
            None,
            WakuMessage {
                timestamp: -1,
                ..base()
            }
        )
        .await,
        "timestamp is negative: -1"
    );
    assert_eq!(
        text(
            None,
            WakuMessage {
                content_topic: "x".into(),
                ..base()
            }
        )
        .await,
        "topic must start with slash"
    );
    let other = text(Some("/waku/2/rs/98/0"), base()).await;
    assert_eq!(other, "pubsub topic is of cluster 98, the node is of cluster 99");
    let fixed = start(NodeConfig {
        shard_count: 0,
        shards: vec![0],
        ..config(TCP)
    })
    .await;
    let unnamed = fixed.publish(None, base()).await.unwrap_err().to_string();
    assert_eq!(
        unnamed,
        "Pubsub topic must be specified when static sharding is enabled"
    );
}

#[tokio::test]
async fn a_message_is_limited_to_150_kib_and_one_just_below_arrives() {
    let (a, b) = (start(config(TCP)).await, start(config(WS)).await);
    a.connect(address(&b).await).await.unwrap();
    until_peers(&a, 1).await;
    b.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = b.messages().unwrap();
    let of_size = |size: usize| {
        let mut message = WakuMessage {
            timestamp: 1,
            ..message("")
        };
        message.payload = vec![7; size - 32];
        message
            .payload
            .resize(message.payload.len() + size - message.encode().len(), 7);
        assert_eq!(message.encode().len(), size);
        message
    };
    let error = a.publish(None, of_size(153_601)).await.unwrap_err();
    assert_eq!(error.to_string(), "Message size exceeded maximum of 153600 bytes");
    let hash = a.publish(None, of_size(153_600)).await.unwrap();
    assert_eq!(next(&mut messages).await.hash, hash);
}

/// The sender is configured for larger messages than the receiver takes.
#[tokio::test]
async fn an_oversized_message_of_a_peer_is_rejected() {
    let a = start(NodeConfig {
        max_message_size: 1 << 20,
        ..config(TCP)
    })
    .await;
    let b = start(config(TCP)).await;
    a.connect(address(&b).await).await.unwrap();
    until_peers(&a, 1).await;
    a.publish(
        None,
        WakuMessage {
            payload: vec![7; 200_000],
            ..message("")
        },
    )
    .await
    .unwrap();
    until("the rejection", || async { b.stats().rejected == 1 }).await;
    assert_eq!(b.stats().relayed, 0);
}

#[tokio::test]
async fn static_sharding_delivers_by_shard_and_by_content_topic() {
    let fixed = || NodeConfig {
        shard_count: 0,
        shards: vec![5],
        ..config(TCP)
    };
    let (a, b) = (start(fixed()).await, start(fixed()).await);
    a.connect(address(&b).await).await.unwrap();
    until_peers(&a, 1).await;
    let shard = PubsubTopic::new(99, 5).unwrap();
    let mut messages = b.messages().unwrap();
    b.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    a.publish(
        Some(shard),
        WakuMessage {
            content_topic: "any".into(),
            ..message("unwanted")
        },
    )
    .await
    .unwrap();
    a.publish(Some(shard), message("by content topic")).await.unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"by content topic");
    b.subscribe_shards(vec![shard]).await.unwrap();
    a.publish(
        Some(shard),
        WakuMessage {
            content_topic: "any".into(),
            ..message("by shard")
        },
    )
    .await
    .unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"by shard");
}

#[tokio::test]
async fn a_subscription_joins_its_shard_and_unsubscribing_leaves_it() {
    let node = start(NodeConfig {
        shards: vec![0],
        ..config(TCP)
    })
    .await;
    let shards = async || {
        let info = node.info().await.unwrap();
        info.shards
            .iter()
            .map(|shard| shard.topic.shard())
            .collect::<Vec<_>>()
    };
    assert_eq!(shards().await, [0]);
    node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    assert_eq!(shards().await, [0, 3]);
    node.unsubscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    assert_eq!(shards().await, [0]);

    let error = node
        .subscribe(vec!["/app/20/a/b".into(), "bad".into()])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "content topic bad: topic must start with slash"
    );
    let error = node
        .subscribe_shards(vec![PubsubTopic::new(1, 0).unwrap()])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "pubsub topic is of cluster 1, the node is of cluster 99"
    );
    assert_eq!(shards().await, [0], "nothing of a refused call takes effect");
}

#[tokio::test]
async fn a_stopped_node_says_so_and_ends_its_receivers() {
    let node = start(config(TCP)).await;
    let mut messages = node.messages().unwrap();
    node.shutdown().await;
    node.shutdown().await;
    assert!(messages.recv().await.is_none());
    assert!(node.messages().unwrap().recv().await.is_none());
    assert_eq!(node.info().await.unwrap_err().to_string(), "the node has stopped");
    assert_eq!(
        node.publish(None, message("late")).await.unwrap_err().to_string(),
        "the node has stopped"
    );
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let node = start(config(TCP)).await;
    let taken = node.info().await.unwrap().listen_addresses[0].to_string();
    let taken = taken.split("/p2p/").next().unwrap();
    let error = Node::start(config(taken)).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {taken}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn identify_tells_agent_protocols_and_a_stable_identity() {
    let key = NodeKey::random();
    let a = start(NodeConfig {
        key: key.clone(),
        agent: "tester/1".into(),
        ..config(TCP)
    })
    .await;
    assert_eq!(a.peer_id(), key.peer_id());
    let b = start(config(TCP)).await;
    b.connect(address(&a).await).await.unwrap();
    let agent = Arc::new("tester/1".to_owned());
    until("identify", || async {
        b.peers().await.unwrap()[0].agent.as_ref() == Some(&*agent)
    })
    .await;
    let peer = b.peers().await.unwrap().remove(0);
    for protocol in [
        "/vac/waku/relay/2.0.0",
        "/vac/waku/metadata/1.0.0",
        "/ipfs/id/1.0.0",
        "/ipfs/ping/1.0.0",
    ] {
        assert!(
            peer.protocols.iter().any(|offered| offered == protocol),
            "{protocol}: {:?}",
            peer.protocols
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_published_just_before_the_end_is_still_sent() {
    let b = start(config(TCP)).await;
    b.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = b.messages().unwrap();
    for listen in [TCP, WS, TCP, WS] {
        let a = start(config(listen)).await;
        a.connect(address(&b).await).await.unwrap();
        until_peers(&a, 1).await;
        let hash = a.publish(None, message("last words")).await.unwrap();
        a.shutdown().await;
        assert_eq!(next(&mut messages).await.hash, hash);
    }
}

#[tokio::test]
async fn a_burst_arrives_complete() {
    let (a, b) = (
        start(config(TCP)).await,
        start(NodeConfig {
            receiver_queue: 4000,
            ..config(TCP)
        })
        .await,
    );
    a.connect(address(&b).await).await.unwrap();
    until_peers(&a, 1).await;
    b.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = b.messages().unwrap();
    for number in 0..4000 {
        a.publish(None, message(&number.to_string())).await.unwrap();
    }
    for _ in 0..4000 {
        next(&mut messages).await;
    }
    assert_eq!((b.stats().missed, a.stats().slow_peers), (0, 0));
}
