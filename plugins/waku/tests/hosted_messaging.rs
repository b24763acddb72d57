//! `waku.messaging` in a host, and what a swap of the module interrupts.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

#[path = "support/archive.rs"]
mod archive;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use archive::Storage;
use backplane_descriptor::Overflow;
use backplane_host::Subscription;
use backplane_sdk::CallError;
use host::Hosted;
use support::{CONTENT_TOPIC, DEADLINE, TCP, address, config, message, relay_behind, start, until};
use tokio::time::{sleep, timeout};
use waku_api::{
    ConnectionStatus, MessageHash, MessagingError, PublishError, WakuMessage,
    messaging_events::{ConnectionStatus as StatusChanged, Message, Propagated, Sent},
    relay_events::Message as Relayed,
};
use waku_plugin::{ArchiveConfig, FilterConfig, Node, NodeConfig};

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

/// A node that relays and keeps an archive, and whatever else light nodes need.
async fn service(storage: &Storage) -> Node {
    let archive = storage.archive(ArchiveConfig::default()).await;
    start(NodeConfig {
        store: Some(archive),
        filter: Some(FilterConfig::default()),
        lightpush: true,
        ..config(TCP)
    })
    .await
}

async fn connect(hosted: &Hosted, service: &Node) {
    let address = address(service).await.to_string();
    hosted.node.connect(&address).await.unwrap();
    until("the service", async || {
        let peers = hosted.node.peers().await.unwrap();
        peers.iter().any(|peer| !peer.protocols.is_empty())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_sends_and_hears_without_choosing_the_way() {
    let storage = Storage::start();
    let service = service(&storage).await;
    let relay = relay_behind(&service).await;
    for config in ["", "relay = false"] {
        let folder = tempfile::tempdir().unwrap();
        let hosted = Hosted::start(folder.path(), config);
        let mut propagated = hosted.front.subscribe::<Propagated>(Overflow::Block, 16).unwrap();
        let mut sent = hosted.front.subscribe::<Sent>(Overflow::Block, 16).unwrap();
        let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 16).unwrap();
        let mut status = hosted
            .front
            .subscribe::<StatusChanged>(Overflow::Block, 16)
            .unwrap();
        let status_is = async |status: &mut Subscription<StatusChanged>| {
            timeout(DEADLINE, status.next()).await.unwrap().unwrap().body
        };
        assert_eq!(status_is(&mut status).await, ConnectionStatus::Disconnected);
        let topics = vec![CONTENT_TOPIC.to_owned()];
        hosted.messaging.subscribe(&topics).await.unwrap();
        connect(&hosted, &service).await;
        assert_eq!(status_is(&mut status).await, ConnectionStatus::PartiallyConnected);
        until("that messages come in", async || {
            hosted.messaging.health().await.unwrap().gaps == 0
        })
        .await;

        let text = format!("out {config}");
        let receipt = hosted.messaging.send(&said(&text), &None).await.unwrap();
        assert_eq!(
            timeout(DEADLINE, propagated.next()).await.unwrap().unwrap().body,
            receipt
        );
        assert_eq!(
            timeout(DEADLINE, sent.next()).await.unwrap().unwrap().body,
            receipt
        );
        let own = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
        assert_eq!(own.hash, receipt.hash);
        let text = format!("in {config}");
        let hash = relay.publish(None, message(&text)).await.unwrap();
        let heard = timeout(DEADLINE, messages.next()).await.unwrap().unwrap().body;
        assert_eq!(heard.hash.to_string(), hash.to_string());
        assert_eq!(
            hosted.messaging.send(&said(""), &None).await,
            Err(CallError::Interface(MessagingError::Message(
                PublishError::EmptyPayload
            )))
        );
        hosted.messaging.unsubscribe(&topics).await.unwrap();
        hosted.stop().await;
    }
}

/// Publishes steadily until it is told to stop; gives the hashes.
async fn publish(relay: Node, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut hashes = Vec::new();
    while !stop.load(Relaxed) {
        let text = format!("message {}", hashes.len());
        hashes.push(relay.publish(None, message(&text)).await.unwrap().to_string());
        sleep(Duration::from_millis(20)).await;
    }
    hashes
}

/// How often each message came, and the longest time in which none did.
#[derive(Default)]
struct Heard {
    times: BTreeMap<String, usize>,
    last: Option<Instant>,
    silence: Duration,
}

impl Heard {
    fn note(&mut self, hash: MessageHash) {
        let now = Instant::now();
        let since = self.last.map_or(Duration::ZERO, |last| now - last);
        self.silence = self.silence.max(since);
        self.last = Some(now);
        *self.times.entry(hash.to_string()).or_default() += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_during_a_swap_comes_once() {
    let storage = Storage::start();
    let service = service(&storage).await;
    let relay = relay_behind(&service).await;
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let mut relayed = hosted.front.subscribe::<Relayed>(Overflow::Block, 4096).unwrap();
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 4096).unwrap();
    let mut sent = hosted.front.subscribe::<Sent>(Overflow::Block, 16).unwrap();
    let topics = vec![CONTENT_TOPIC.to_owned()];
    hosted.messaging.subscribe(&topics).await.unwrap();
    hosted.relay.subscribe(&topics).await.unwrap();
    connect(&hosted, &service).await;
    until("that messages come in", async || {
        let info = hosted.node.info().await.unwrap();
        let is_connected = info.shards.iter().all(|shard| shard.peers == 1);
        is_connected && hosted.messaging.health().await.unwrap().gaps == 0
    })
    .await;
    let before = hosted.node.info().await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn(publish(relay, stop.clone()));
    let mut heard = Heard::default();
    while heard.times.len() < 20 {
        heard.note(
            timeout(DEADLINE, messages.next())
                .await
                .unwrap()
                .unwrap()
                .body
                .hash,
        );
    }
    // One that the successor has to see through.
    let receipt = hosted.messaging.send(&said("own"), &None).await.unwrap();
    let swap = hosted.swap(folder.path(), "another").await;
    let live = hosted.node.info().await.unwrap();
    assert_eq!(
        live.listen_addresses, before.listen_addresses,
        "the same identity"
    );
    // Until the network is heard again.
    let count = heard.times.len();
    while heard.times.len() < count + 200 {
        heard.note(
            timeout(DEADLINE, messages.next())
                .await
                .unwrap()
                .unwrap()
                .body
                .hash,
        );
    }
    stop.store(true, Relaxed);
    let published = publishing.await.unwrap();
    while heard.times.len() < published.len() + 1 {
        heard.note(
            timeout(DEADLINE, messages.next())
                .await
                .unwrap()
                .unwrap()
                .body
                .hash,
        );
    }
    until("that the gap is filled", async || {
        hosted.messaging.health().await.unwrap().gaps == 0
    })
    .await;
    assert_eq!(
        timeout(DEADLINE, sent.next()).await.unwrap().unwrap().body,
        receipt
    );

    let own = receipt.hash.to_string();
    let mut all: Vec<_> = published.iter().cloned().chain([own]).collect();
    all.sort_unstable();
    let of_messaging: Vec<_> = heard.times.keys().cloned().collect();
    assert_eq!(of_messaging, all, "each message");
    let mut of_relay = BTreeMap::<String, usize>::new();
    while of_relay.len() < all.len() {
        let message = timeout(DEADLINE, relayed.next()).await.unwrap().unwrap().body;
        *of_relay.entry(message.hash.to_string()).or_default() += 1;
    }
    assert!(
        of_relay
            .values()
            .chain(heard.times.values())
            .all(|times| *times == 1),
        "none twice"
    );
    let unheard = timeout(Duration::from_secs(1), messages.next()).await;
    assert!(unheard.is_err(), "nothing comes afterwards");
    println!(
        "swap: callers waited {} ms; {} messages, each once; no message came for {} ms",
        swap.pause_us / 1000,
        all.len(),
        heard.silence.as_millis()
    );
    hosted.stop().await;
}
