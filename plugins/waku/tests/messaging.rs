//! Messages whichever way there is, between real nodes on loopback: a relay, a light node, peers that are lost and come
//! back, a store that confirms, and nobody at all.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/archive.rs"]
mod archive;

use std::{collections::HashSet, sync::Arc, time::Duration};

use archive::Storage;
use support::{
    CONTENT_TOPIC, DEADLINE, TCP, address, config, light, message, next, relay_behind, start, until,
    until_peers,
};
use tokio::{sync::mpsc, time::timeout};
use waku_plugin::{
    Archive, ArchiveConfig, Connection, FilterConfig, Followed, Health, MessageHash, MessageReceiver,
    Messaging, MessagingNews, Node, NodeConfig, PubsubTopic, Receipt, SendNews, TakeError, WakuMessage,
};

/// A node that relays, publishes for others, pushes and keeps an archive.
async fn service(storage: &Storage) -> (Node, Archive) {
    let archive = storage.archive(ArchiveConfig::default()).await;
    let node = start(NodeConfig {
        lightpush: true,
        filter: Some(FilterConfig::default()),
        store: Some(archive.clone()),
        shard_peers: 0,
        ..config(TCP)
    })
    .await;
    (node, archive)
}

/// A node with messaging on top, and what it tells.
struct Client {
    node: Node,
    followed: Arc<Followed>,
    messaging: Messaging,
    news: mpsc::Receiver<MessagingNews>,
    messages: MessageReceiver,
}

impl Client {
    async fn start(config: NodeConfig) -> Self {
        let node = start(config).await;
        let followed = Arc::new(Followed::new(node.clone()));
        let (messaging, news) = Messaging::new(node.clone(), followed.clone());
        Self {
            messages: node.messages().unwrap(),
            node,
            followed,
            messaging,
            news,
        }
    }

    async fn subscribe(&self) {
        let topics = vec![CONTENT_TOPIC.to_owned()];
        match self.node.relays() {
            true => self.node.subscribe(topics).await.unwrap(),
            false => self.followed.follow(None, topics).unwrap(),
        }
    }

    async fn connect(&self, service: &Node) {
        self.node.connect(address(service).await).await.unwrap();
        until("the service", async || {
            !self.node.store_peers().await.unwrap().is_empty()
        })
        .await;
    }

    async fn disconnect(&self, service: &Node) {
        self.node.disconnect(address(service).await).await.unwrap();
        until("that nothing comes in", async || {
            self.messaging.health().connection == Connection::Disconnected
        })
        .await;
    }

    fn send(&self, text: &str) -> Receipt {
        self.messaging.send(None, message(text)).unwrap()
    }

    /// What becomes of messages next.
    async fn news(&mut self, within: Duration) -> SendNews {
        let message = async {
            loop {
                if let MessagingNews::Message(news) = self.news.recv().await.unwrap() {
                    return news;
                }
            }
        };
        timeout(within, message).await.expect("no news in time")
    }

    /// Waits until all of these are propagated and then seen in a store.
    async fn are_sent(&mut self, receipts: &[Receipt]) {
        let mut propagated = Vec::new();
        let mut sent = Vec::new();
        while sent.len() < receipts.len() {
            match self.news(DEADLINE).await {
                SendNews::Propagated(receipt) => propagated.push(receipt),
                SendNews::Sent(receipt) => {
                    assert!(propagated.contains(&receipt), "it is propagated first");
                    sent.push(receipt);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(propagated.len(), receipts.len());
        assert!(receipts.iter().all(|it| sent.contains(it)), "{sent:?}");
        assert_eq!(self.messaging.health().pending, 0);
    }

    /// The hashes of the next messages, in no order.
    async fn hear(&mut self, count: usize) -> HashSet<MessageHash> {
        let mut hashes = HashSet::new();
        for _ in 0..count {
            assert!(
                hashes.insert(next(&mut self.messages).await.hash),
                "it came twice"
            );
        }
        hashes
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_sends_to_its_shard_and_a_store_confirms_it() {
    let storage = Storage::start();
    let (service, archive) = service(&storage).await;
    let mut client = Client::start(config(TCP)).await;
    client.connect(&service).await;
    until_peers(&client.node, 1).await;
    let receipt = client.send("hello");
    let other = client.send("hello");
    assert_ne!(receipt.request_id, other.request_id);
    client.are_sent(&[receipt, other]).await;
    assert_eq!(archive.stats().messages, 2);
    let health = client.messaging.health();
    assert_eq!((health.connection, health.gaps), (Connection::Partial, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_node_sends_and_receives_through_a_service() {
    let storage = Storage::start();
    let (service, _archive) = service(&storage).await;
    let relay = relay_behind(&service).await;
    let mut client = Client::start(light()).await;
    client.subscribe().await;
    client.connect(&service).await;
    until("a filter service", async || {
        client.followed.is_served().await.unwrap()
    })
    .await;
    let receipt = client.send("out");
    let hash = receipt.hash;
    client.are_sent(&[receipt]).await;
    assert_eq!(client.hear(1).await, [hash].into(), "the service pushes it, too");
    let hash = relay.publish(None, message("in")).await.unwrap();
    assert_eq!(client.hear(1).await, [hash].into());
    until("the health of the shard", async || {
        let health = client.messaging.health();
        health.connection == Connection::Partial && health.topics.iter().all(|(_, it)| *it == Health::Minimal)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_knows_nobody_in_the_shard_sends_through_a_peer() {
    let other_shard = |shards: Vec<u16>| NodeConfig {
        shards,
        shard_peers: 0,
        lightpush: true,
        ..config(TCP)
    };
    let service = start(other_shard(vec![7])).await;
    let far = relay_behind_in_all_shards(&service).await;
    far.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut received = far.messages().unwrap();
    let mut client = Client::start(NodeConfig {
        lightpush: false,
        ..other_shard(vec![7])
    })
    .await;
    client.node.connect(address(&service).await).await.unwrap();
    until_peers(&client.node, 1).await;
    let receipt = client.send("by a detour");
    assert_eq!(client.news(DEADLINE).await, SendNews::Propagated(receipt.clone()));
    assert_eq!(next(&mut received).await.hash, receipt.hash);
}

/// A relay of all shards that the service, which relays one, knows of.
async fn relay_behind_in_all_shards(service: &Node) -> Node {
    let node = start(config(TCP)).await;
    node.connect(address(service).await).await.unwrap();
    until_peers(service, 1).await;
    until("the service's shard", async || {
        let info = node.info().await.unwrap();
        info.shards.iter().any(|shard| shard.peers == 1)
    })
    .await;
    node
}

/// The service is lost in the middle: what is sent meanwhile goes out afterwards, and what was missed comes from the
/// store, each message once.
async fn survives_the_loss_of_all_peers(client: NodeConfig) {
    let storage = Storage::start();
    let (service, archive) = service(&storage).await;
    let relay = relay_behind(&service).await;
    let mut client = Client::start(client).await;
    client.subscribe().await;
    client.connect(&service).await;
    until("that messages come in", async || {
        let health = client.messaging.health();
        health.connection != Connection::Disconnected && health.gaps == 0
    })
    .await;
    let is_light = !client.node.relays();
    if !is_light {
        until_peers(&client.node, 1).await;
    }
    let before = relay.publish(None, message("before")).await.unwrap();
    assert_eq!(client.hear(1).await, [before].into());

    client.disconnect(&service).await;
    let mut missed = HashSet::new();
    for number in 0..25 {
        let text = format!("missed {number}");
        missed.insert(relay.publish(None, message(&text)).await.unwrap());
    }
    until("all of them in the store", async || {
        archive.stats().messages == 26
    })
    .await;
    let receipt = client.send("from afar");
    let own = receipt.hash;
    if !is_light {
        // It is told here at once, although nobody could be reached.
        assert_eq!(client.hear(1).await, [own].into());
    }
    assert_eq!(client.messaging.health().pending, 1);

    client.connect(&service).await;
    client.are_sent(&[receipt]).await;
    let expected: HashSet<_> = missed.into_iter().chain(is_light.then_some(own)).collect();
    assert_eq!(client.hear(expected.len()).await, expected);
    until("that the gap is filled", async || {
        client.messaging.health().gaps == 0
    })
    .await;
    let after = relay.publish(None, message("after")).await.unwrap();
    assert_eq!(client.hear(1).await, [after].into(), "and nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_survives_the_loss_of_all_peers() {
    survives_the_loss_of_all_peers(config(TCP)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_node_survives_the_loss_of_all_peers() {
    survives_the_loss_of_all_peers(light()).await;
}

/// Takes a minute, as the window does.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_or_no_store_confirms_is_told_after_a_minute() {
    const WINDOW: Duration = Duration::from_secs(120);
    let mut alone = Client::start(config(TCP)).await;
    let unheard = alone.send("is there anybody");
    let relay = start(config(TCP)).await;
    let mut without_store = Client::start(config(TCP)).await;
    without_store.node.connect(address(&relay).await).await.unwrap();
    until_peers(&without_store.node, 1).await;
    let unconfirmed = without_store.send("who keeps this");
    assert_eq!(
        without_store.news(DEADLINE).await,
        SendNews::Propagated(unconfirmed.clone())
    );
    let reason = "no connected peer serves lightpush".to_owned();
    assert_eq!(alone.news(WINDOW).await, SendNews::NotPropagated(unheard, reason));
    assert_eq!(
        without_store.news(WINDOW).await,
        SendNews::NotConfirmed(unconfirmed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_do_is_refused_at_once() {
    let client = Client::start(config(TCP)).await;
    let refused = |topic: Option<PubsubTopic>, message: WakuMessage| {
        client.messaging.send(topic, message).unwrap_err().to_string()
    };
    assert_eq!(refused(None, message("")), "payload is empty");
    assert_eq!(
        refused(Some(PubsubTopic::new(98, 0).unwrap()), message("x")),
        "pubsub topic is of cluster 98, the node is of cluster 99"
    );
    for number in 0..1024 {
        client.send(&format!("{number}"));
    }
    assert_eq!(
        client.messaging.send(None, message("one too many")),
        Err(TakeError::TooMany(1024))
    );
}
