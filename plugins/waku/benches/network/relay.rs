//! From one node through another to a third.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use test_peers::{GossipKind, GossipOptions, GossipPeer};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use waku_plugin::{
    MessageHash, MessageReceiver, Multiaddr, Node, NodeConfig, PubsubTopic, StoreQuery, WakuMessage,
};

use crate::{
    deaf, quantiles,
    service::{Service, TOPICS, content_topic},
    support::{CONTENT_TOPIC, TCP, config, light, next, start, until},
};

const SHARD: &str = "/waku/2/rs/99/3";
/// Messages one after the other, for the latency.
const SINGLE: u64 = 500;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(4);
/// What has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long as many as possible are sent.
const BURST: Duration = Duration::from_secs(5);

/// Two nodes that know each other only through what is measured.
struct Ends {
    from: Node,
    to: Node,
    shard: PubsubTopic,
    received: MessageReceiver,
    sent: u64,
    lost: u64,
}

impl Ends {
    async fn around(middle: &Multiaddr) -> Self {
        let shard: PubsubTopic = SHARD.parse().unwrap();
        // One shard alone, so that heartbeats are about what is measured.
        let one_shard = || NodeConfig {
            shards: vec![shard.shard()],
            ..config(TCP)
        };
        let (from, to) = (start(one_shard()).await, start(one_shard()).await);
        for node in [&from, &to] {
            node.connect(middle.clone()).await.unwrap();
            until("the mesh", async || {
                node.info().await.unwrap().shards[0].mesh == 1
            })
            .await;
        }
        to.subscribe_shards(vec![shard]).await.unwrap();
        Self {
            received: to.messages().unwrap(),
            from,
            to,
            shard,
            sent: 0,
            lost: 0,
        }
    }

    fn message(&mut self, size: usize) -> WakuMessage {
        self.sent += 1;
        let mut payload = vec![0x5a; size];
        payload[..8].copy_from_slice(&self.sent.to_be_bytes());
        WakuMessage {
            payload,
            content_topic: CONTENT_TOPIC.into(),
            ..WakuMessage::default()
        }
    }

    /// The hash of the next message that comes.
    async fn next(&mut self) -> Option<MessageHash> {
        let message = timeout(PATIENCE, self.received.recv()).await;
        self.lost += u64::from(message.is_err());
        message.ok().map(|it| it.expect("the node runs").hash)
    }

    /// How long each of some messages takes, when there is no other.
    async fn latencies(&mut self, size: usize) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..SINGLE {
            let message = self.message(size);
            let start = Instant::now();
            let hash = self.from.publish(Some(self.shard), message).await.unwrap();
            while let Some(came) = self.next().await {
                if came == hash {
                    times.push(start.elapsed());
                    break;
                }
            }
            sleep(PAUSE).await;
        }
        times
    }

    /// How many come through in a second, with so many on the way at once.
    async fn a_second(&mut self, size: usize, at_once: usize) -> f64 {
        let (places, start) = (Arc::new(Semaphore::new(at_once)), Instant::now());
        let mut came = 0;
        while start.elapsed() < BURST {
            // A place is given back when a message comes.
            match places.clone().try_acquire_owned() {
                Ok(place) => {
                    place.forget();
                    let message = self.message(size);
                    self.from.publish(Some(self.shard), message).await.unwrap();
                }
                Err(_) => {
                    came += u64::from(self.next().await.is_some());
                    places.add_permits(1);
                }
            }
        }
        let rate = came as f64 / start.elapsed().as_secs_f64();
        while places.available_permits() < at_once {
            self.next().await;
            places.add_permits(1);
        }
        rate
    }

    async fn stop(self) {
        self.from.shutdown().await;
        self.to.shutdown().await;
    }
}

async fn measure(name: &str, middle: &Multiaddr) {
    for (size, text, at_once) in [(1024, "1 KiB", 64), (100 * 1024, "100 KiB", 16)] {
        let mut ends = Ends::around(middle).await;
        ends.latencies(size).await;
        let mut times = ends.latencies(size).await;
        let rate = ends.a_second(size, at_once).await;
        let (lost, sent) = (ends.lost, ends.sent);
        println!(
            "{name:<24} {text:>8} {rate:>10.0} {} {lost} of {sent}",
            quantiles(&mut times)
        );
        ends.stop().await;
    }
}

pub(crate) async fn beside_js_libp2p() {
    println!(
        "{:<24} {:>8} {:>10} {:>9} {:>9} lost",
        "relay through", "size", "a second", "p50, ms", "p99, ms"
    );
    let service = Service::start();
    measure("this node", &service.address).await;
    drop(service);
    let js = GossipPeer::start(GossipOptions {
        kind: GossipKind::JsLibp2p,
        topic: SHARD,
        transport: "tcp",
        muxer: "yamux",
        quiet: true,
    });
    let js = js.await.unwrap();
    measure("js-libp2p gossipsub", &js.address().parse().unwrap()).await;
    js.stop().await.unwrap();
}

/// Twenty queries at a time, each of as many topics as the archive has, and a filter subscriber that reads nothing.
pub(crate) async fn beside_other_work() {
    println!(
        "\n{:<42} {:>9} {:>9}",
        "relay of 1 KiB through this node", "p50, ms", "p99, ms"
    );
    let service = Service::start();
    let mut ends = Ends::around(&service.address).await;
    ends.latencies(1024).await;
    println!("{:<42} {}", "alone", quantiles(&mut ends.latencies(1024).await));

    let deaf = deaf::subscribe(&service.address, SHARD, CONTENT_TOPIC).await;
    // So much that neither its stream nor its queue has room.
    for _ in 0..100 {
        let message = ends.message(100 * 1024);
        let hash = ends.from.publish(Some(ends.shard), message).await.unwrap();
        while next(&mut ends.received).await.hash != hash {}
    }
    let beside_deaf = quantiles(&mut ends.latencies(1024).await);
    println!("{:<42} {beside_deaf}", "beside a subscriber that stopped reading");

    let answered = Arc::new(AtomicU64::new(0));
    let queries = query(&service.address, &answered).await;
    let before = answered.load(Relaxed);
    let busy = quantiles(&mut ends.latencies(1024).await);
    let during = answered.load(Relaxed) - before;
    println!(
        "{:<42} {busy}",
        format!("and 20 store queries at once ({during} in all)")
    );
    assert!(during > 0, "no query was answered meanwhile");
    drop((queries, deaf));
    ends.stop().await;
}

/// Twenty tasks that query, from two clients: a connection has room for 16 requests.
async fn query(service: &Multiaddr, answered: &Arc<AtomicU64>) -> JoinSet<()> {
    let (clients, mut queries) = ([start(light()).await, start(light()).await], JoinSet::new());
    for number in 0..20 {
        let (client, answered) = (clients[number % 2].clone(), answered.clone());
        let peer = client.connect(service.clone()).await.unwrap();
        let query = StoreQuery {
            content_topics: (0..TOPICS).map(content_topic).collect(),
            forward: number % 4 < 2,
            limit: Some(100),
            ..StoreQuery::default()
        };
        queries.spawn(async move {
            loop {
                client.query_store(peer, query.clone()).await.unwrap();
                answered.fetch_add(1, Relaxed);
            }
        });
    }
    until("the first answers", async || answered.load(Relaxed) > 0).await;
    queries
}
