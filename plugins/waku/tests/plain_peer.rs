//! A peer that speaks gossipsub on Waku's protocol id and nothing else: it has no metadata, and sends what it
//! likes.

mod support;

use futures::StreamExt;
use libp2p::{
    Multiaddr, Swarm, SwarmBuilder,
    gossipsub::{self, IdentTopic, MessageAuthenticity, MessageId, ValidationMode, Version},
    identity::Keypair,
    noise,
    swarm::SwarmEvent,
    tcp, yamux,
};
use sha2::{Digest, Sha256};
use support::{CONTENT_TOPIC, DEADLINE, TCP, address, config, message, next, start, until};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use waku_plugin::{Node, WakuMessage};

const SHARD: &str = "/waku/2/rs/99/3";

enum Order {
    Publish(Vec<u8>),
    Leave,
}

/// Runs until it is dropped.
struct PlainPeer {
    orders: mpsc::UnboundedSender<Order>,
    received: mpsc::UnboundedReceiver<Vec<u8>>,
    task: JoinHandle<()>,
}

impl Drop for PlainPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PlainPeer {
    /// Connects to the node and waits until each knows the other's subscription.
    async fn connect(node: &Node, signed: bool) -> Self {
        let before = peers_on_shard(node).await;
        let mut swarm = swarm(signed);
        swarm.dial(address(node).await).unwrap();
        let subscribed = async {
            loop {
                let event = swarm.select_next_some().await;
                if let SwarmEvent::Behaviour(gossipsub::Event::Subscribed { topic, .. }) = event
                    && topic.as_str() == SHARD
                {
                    break;
                }
            }
        };
        timeout(DEADLINE, subscribed).await.unwrap();
        let (orders, mut to_do) = mpsc::unbounded_channel();
        let (heard, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = swarm.select_next_some() => {
                        if let SwarmEvent::Behaviour(gossipsub::Event::Message { message, .. }) = event {
                            heard.send(message.data).unwrap();
                        }
                    }
                    Some(order) = to_do.recv() => match order {
                        Order::Publish(bytes) => {
                            swarm.behaviour_mut().publish(IdentTopic::new(SHARD), bytes).unwrap();
                        }
                        Order::Leave => assert!(swarm.behaviour_mut().unsubscribe(&IdentTopic::new(SHARD))),
                    },
                }
            }
        });
        until("the plain peer's subscription", async || {
            peers_on_shard(node).await > before
        })
        .await;
        Self {
            orders,
            received,
            task,
        }
    }

    fn publish(&self, bytes: Vec<u8>) {
        self.orders.send(Order::Publish(bytes)).unwrap();
    }

    /// Leaves the shard. The node has then seen what was published before.
    async fn leave(&self, node: &Node) {
        let before = peers_on_shard(node).await;
        self.orders.send(Order::Leave).unwrap();
        until("the plain peer's leaving", async || {
            peers_on_shard(node).await < before
        })
        .await;
    }
}

async fn peers_on_shard(node: &Node) -> usize {
    let info = node.info().await.unwrap();
    info.shards
        .iter()
        .find(|shard| shard.topic.to_string() == SHARD)
        .map_or(0, |shard| shard.peers)
}

fn swarm(signed: bool) -> Swarm<gossipsub::Behaviour> {
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|key| gossip(key, signed))
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(DEADLINE))
        .build();
    swarm.behaviour_mut().subscribe(&IdentTopic::new(SHARD)).unwrap();
    swarm.listen_on(TCP.parse::<Multiaddr>().unwrap()).unwrap();
    swarm
}

fn gossip(key: &Keypair, signed: bool) -> gossipsub::Behaviour {
    let (authenticity, validation) = if signed {
        (
            MessageAuthenticity::Signed(key.clone()),
            ValidationMode::Permissive,
        )
    } else {
        (MessageAuthenticity::Anonymous, ValidationMode::Anonymous)
    };
    let config = gossipsub::ConfigBuilder::default()
        .protocol_id("/vac/waku/relay/2.0.0", Version::V1_1)
        .validation_mode(validation)
        .message_id_fn(|message| MessageId::new(&Sha256::digest(&message.data)))
        .build()
        .unwrap();
    gossipsub::Behaviour::new(authenticity, config).unwrap()
}

fn numbered(number: u8) -> Vec<u8> {
    WakuMessage {
        timestamp: 1,
        ..message(&number.to_string())
    }
    .encode()
}

#[tokio::test]
async fn bytes_are_forwarded_as_they_came_and_delivered_once() {
    let node = start(config(TCP)).await;
    node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = node.messages().unwrap();
    let from = PlainPeer::connect(&node, false).await;
    let mut to = PlainPeer::connect(&node, false).await;
    let plain = numbered(1);
    let mut with_unknown_field = plain.clone();
    with_unknown_field.extend_from_slice(&[0xa2, 0x06, 0x03, 1, 2, 3]);
    for bytes in [&plain, &with_unknown_field] {
        from.publish(bytes.clone());
        assert_eq!(
            timeout(DEADLINE, to.received.recv()).await.unwrap().as_ref(),
            Some(bytes)
        );
    }
    assert_eq!(next(&mut messages).await.message.payload, b"1");
    assert!(messages.try_recv().is_none(), "both have the same hash");
    assert_eq!(node.stats().relayed, 2);
    assert_eq!(
        node.info().await.unwrap().connected_peers,
        2,
        "a peer without metadata stays"
    );
}

#[tokio::test]
async fn empty_messages_are_ignored_and_signed_ones_never_get_through() {
    let node = start(config(TCP)).await;
    let mut other = PlainPeer::connect(&node, false).await;
    let unsigned = PlainPeer::connect(&node, false).await;
    let signed = PlainPeer::connect(&node, true).await;
    unsigned.publish(message("").encode());
    until("an ignored message", async || node.stats().ignored == 1).await;
    signed.publish(numbered(1));
    signed.leave(&node).await;
    unsigned.publish(numbered(2));
    let first = timeout(DEADLINE, other.received.recv()).await.unwrap();
    assert_eq!(
        first,
        Some(numbered(2)),
        "neither the empty nor the signed one was forwarded"
    );
    assert_eq!((node.stats().relayed, node.stats().rejected), (1, 0));
}

#[tokio::test]
async fn a_peer_that_goes_on_sending_garbage_is_cut_off() {
    let node = start(config(TCP)).await;
    let peer = PlainPeer::connect(&node, false).await;
    for number in 0..30 {
        peer.publish(vec![0xff, number]);
    }
    until("the rejections", async || node.stats().rejected > 0).await;
    until("the end of the connection", async || {
        node.info().await.unwrap().connected_peers == 0
    })
    .await;
    assert_eq!(node.stats().relayed, 0);
}
