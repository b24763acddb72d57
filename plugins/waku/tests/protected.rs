//! Protected shards, where only signed messages are relayed.

mod support;

use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha2::{Digest, Sha256};
use support::{CONTENT_TOPIC, TCP, address, config, message, next, start, until, until_peers};
use waku_plugin::{
    LightPushError, Node, NodeConfig, PublishError, PubsubTopic, Refusal, ServiceError, Status, WakuMessage,
};

/// The shard of the content topic.
const SHARD: &str = "/waku/2/rs/99/3";

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// A node that wants signatures on the shard.
fn guard() -> NodeConfig {
    let point = key().verifying_key().to_sec1_point(true);
    let key = hex::encode(point.as_bytes());
    NodeConfig {
        protected_shards: vec![format!("3:{key}").parse().unwrap()],
        lightpush: true,
        ..config(TCP)
    }
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    since.as_nanos().try_into().unwrap()
}

fn signed(text: &str) -> WakuMessage {
    let mut message = WakuMessage {
        timestamp: now(),
        ..message(text)
    };
    let mut hash = Sha256::new_with_prefix(SHARD);
    hash.update(&message.payload);
    hash.update(&message.content_topic);
    hash.update(message.timestamp.to_le_bytes());
    hash.update([0]);
    let signature: Signature = key().sign_prehash(&hash.finalize()).unwrap();
    message.meta = signature.to_bytes().to_vec();
    message
}

async fn connected(from: NodeConfig, to: &Node) -> Node {
    let node = start(from).await;
    node.connect(address(to).await).await.unwrap();
    until_peers(&node, 1).await;
    node
}

#[tokio::test]
async fn only_signed_messages_cross_a_node_that_guards_the_shard() {
    let guard_node = start(guard()).await;
    let sender = connected(config(TCP), &guard_node).await;
    let receiver = connected(config(TCP), &guard_node).await;
    until_peers(&guard_node, 2).await;
    receiver.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = receiver.messages().unwrap();
    sender.publish(None, message("not signed")).await.unwrap();
    until("the rejection", async || guard_node.stats().rejected == 1).await;
    let late = WakuMessage {
        timestamp: now() - 400_000_000_000,
        ..signed("late")
    };
    sender.publish(None, late).await.unwrap();
    until("the second rejection", async || guard_node.stats().rejected == 2).await;
    let hash = sender.publish(None, signed("signed")).await.unwrap();
    assert_eq!(next(&mut messages).await.hash, hash, "nothing came before it");
    assert_eq!(guard_node.stats().relayed, 1);
}

#[tokio::test]
async fn a_node_that_guards_a_shard_publishes_nothing_there_that_is_not_signed() {
    let node = start(guard()).await;
    let peer = connected(guard(), &node).await;
    until_peers(&node, 1).await;
    let topic: PubsubTopic = SHARD.parse().unwrap();
    let refusal = node.publish(None, message("mine")).await.unwrap_err();
    assert_eq!(refusal, PublishError::NotSigned(topic));
    assert_eq!(refusal.to_string(), "signed shard validation failed");
    node.publish(None, signed("mine")).await.unwrap();
    until("the relay of it", async || peer.stats().relayed == 1).await;

    let light = start(support::light()).await;
    light.connect(address(&node).await).await.unwrap();
    let refusal = light
        .lightpush(node.peer_id(), None, message("pushed"))
        .await
        .unwrap_err();
    let expected = Refusal {
        status: Status::INVALID_MESSAGE,
        text: "signed shard validation failed".into(),
    };
    assert_eq!(refusal, LightPushError::Service(ServiceError::Refused(expected)));
    light
        .lightpush(node.peer_id(), None, signed("pushed"))
        .await
        .unwrap();
    until("the relay of it", async || peer.stats().relayed == 2).await;
}
