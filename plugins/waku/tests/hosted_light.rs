//! A light node in a host, which publishes and receives through another node.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

use backplane_descriptor::Overflow;
use backplane_sdk::CallError;
use host::Hosted;
use support::{CONTENT_TOPIC, DEADLINE, TCP, address, config, message, next, relay_behind, start, until};
use tokio::time::timeout;
use waku_api::{
    FilterError, LightPushError, Origin, SendError, ServiceError, SubscribeError, TopicError, WakuMessage,
    relay_events::Message,
};
use waku_plugin::{FilterConfig, NodeConfig};

fn said(text: &str) -> WakuMessage {
    WakuMessage {
        payload: text.as_bytes().into(),
        content_topic: CONTENT_TOPIC.into(),
        version: 0,
        timestamp: 0,
        meta: None,
        ephemeral: false,
        proof: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_light_node_publishes_and_receives_through_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "relay = false");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    let service = start(NodeConfig {
        filter: Some(FilterConfig::default()),
        lightpush: true,
        ..config(TCP)
    })
    .await;
    let relay = relay_behind(&service).await;
    relay.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut received = relay.messages().unwrap();
    let peer = service.peer_id().to_string();
    let topics = vec![CONTENT_TOPIC.to_owned()];

    let unconnected = FilterError::Service(ServiceError::NotConnected {
        peer_id: peer.clone(),
    });
    assert_eq!(
        hosted.filter.subscribe(&peer, &topics, &None).await,
        Err(CallError::Interface(unconnected))
    );
    hosted
        .node
        .connect(&address(&service).await.to_string())
        .await
        .unwrap();

    hosted.filter.subscribe(&peer, &topics, &None).await.unwrap();
    hosted.filter.ping(&peer).await.unwrap();
    let receipt = hosted
        .lightpush
        .publish(&peer, &said("out"), &None)
        .await
        .unwrap();
    assert_eq!(receipt.relay_peers, Some(1));
    assert_eq!(
        next(&mut received).await.hash.to_string(),
        receipt.hash.to_string()
    );
    let own = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
    assert_eq!((own.hash, own.origin), (receipt.hash, Origin::Peer(peer.clone())));

    let hash = relay.publish(None, message("in")).await.unwrap();
    let heard = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
    assert_eq!(heard.hash.to_string(), hash.to_string());
    hosted.filter.unsubscribe(&peer, &topics, &None).await.unwrap();
    assert_eq!(
        hosted.filter.unsubscribe_all(&peer).await,
        Err(CallError::Interface(FilterError::Service(
            ServiceError::Refused {
                status: 404,
                text: "peer has no subscriptions".into()
            }
        )))
    );
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filter_subscriptions_outlive_a_swap() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "relay = false");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    let service = start(NodeConfig {
        filter: Some(FilterConfig::default()),
        ..config(TCP)
    })
    .await;
    let relay = relay_behind(&service).await;
    let peer = service.peer_id().to_string();
    hosted
        .node
        .connect(&address(&service).await.to_string())
        .await
        .unwrap();
    let topics = vec![CONTENT_TOPIC.to_owned()];
    hosted.filter.subscribe(&peer, &topics, &None).await.unwrap();
    hosted.swap(folder.path(), "other").await;
    until("the subscription", async || {
        hosted.filter.ping(&peer).await.is_ok()
    })
    .await;
    let hash = relay.publish(None, message("after the swap")).await.unwrap();
    let heard = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
    assert_eq!(heard.hash.to_string(), hash.to_string());
    hosted.stop().await;
}

/// Neither call names the service.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_followed_outlives_a_swap_and_a_message_finds_its_service() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "relay = false");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    let nobody = hosted.lightpush.publish_anywhere(&said("x"), &None).await;
    assert_eq!(nobody, Err(CallError::Interface(SendError::NoService)));
    let topics = vec![CONTENT_TOPIC.to_owned()];
    hosted.filter.follow(&topics, &None).await.unwrap();

    let service = start(NodeConfig {
        filter: Some(FilterConfig::default()),
        lightpush: true,
        ..config(TCP)
    })
    .await;
    let relay = relay_behind(&service).await;
    relay.subscribe(topics.clone()).await.unwrap();
    let mut received = relay.messages().unwrap();
    hosted
        .node
        .connect(&address(&service).await.to_string())
        .await
        .unwrap();
    let peer = service.peer_id().to_string();
    for round in ["before the swap", "after the swap"] {
        until("the subscription", async || {
            hosted.filter.ping(&peer).await.is_ok()
        })
        .await;
        let hash = relay.publish(None, message(round)).await.unwrap();
        let heard = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
        assert_eq!(heard.hash.to_string(), hash.to_string());
        assert_eq!(next(&mut received).await.hash, hash, "its own");
        if round == "before the swap" {
            hosted.swap(folder.path(), "other").await;
        }
    }
    let receipt = hosted
        .lightpush
        .publish_anywhere(&said("out"), &None)
        .await
        .unwrap();
    assert_eq!(
        next(&mut received).await.hash.to_string(),
        receipt.hash.to_string()
    );
    hosted.filter.unfollow(&topics, &None).await.unwrap();
    until("no subscription", async || {
        hosted.filter.ping(&peer).await.is_err()
    })
    .await;
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let nobody = hosted
        .lightpush
        .publish(&"nobody".to_owned(), &said("x"), &None)
        .await
        .unwrap_err();
    assert!(matches!(
        nobody,
        CallError::Interface(LightPushError::Service(ServiceError::InvalidPeer { peer_id, .. })) if peer_id == "nobody"
    ));
    let peer = waku_plugin::PeerId::random().to_string();
    let topics = vec!["toychat".to_owned()];
    let malformed = hosted.filter.subscribe(&peer, &topics, &None).await.unwrap_err();
    assert!(matches!(
        malformed,
        CallError::Interface(FilterError::Topics(SubscribeError::Topic(TopicError::Malformed { topic, .. }))) if topic == "toychat"
    ));
    hosted.stop().await;
}
