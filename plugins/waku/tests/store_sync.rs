//! Store sync between real nodes on loopback, each with an archive of its own, and what hostile peers get.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/archive.rs"]
mod archive;

use std::{collections::BTreeSet, time::Duration};

use archive::{Storage, at};
use support::{CONTENT_TOPIC, TCP, address, config, raw::say, start, until};
use waku_plugin::{
    Archive, ArchiveConfig, Capabilities, ItemSet, MessageHash, Node, NodeConfig, Place, PubsubTopic,
    RangeContent, Retention, StoreQuery, SyncConfig, SyncError, SyncPayload, SyncRange, TransferredMessage,
    WakuMessage,
};

const RECONCILIATION: &str = "/vac/waku/reconciliation/1.0.0";
const TRANSFER: &str = "/vac/waku/transfer/1.0.0";
/// Nanoseconds of a second.
const S: i64 = 1_000_000_000;

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_nanos() as i64
}

/// Never by itself, and up to the present.
fn on_demand() -> SyncConfig {
    SyncConfig {
        interval: Duration::from_secs(86_400),
        relay_jitter: Duration::ZERO,
        ..SyncConfig::default()
    }
}

struct Store {
    node: Node,
    archive: Archive,
}

/// A node that synchronises an archive of this name.
async fn store(storage: &Storage, job: &str, sync: SyncConfig, shards: &[u16]) -> Store {
    let kept = ArchiveConfig {
        job: job.to_owned(),
        retention: Retention::NONE,
        ..ArchiveConfig::default()
    };
    let archive = storage.archive(kept).await;
    let node = start(NodeConfig {
        store: Some(archive.clone()),
        store_sync: Some(sync),
        shards: shards.to_vec(),
        ..config(TCP)
    })
    .await;
    Store { node, archive }
}

impl Store {
    async fn hashes(&self) -> BTreeSet<MessageHash> {
        let mut query = StoreQuery {
            include_data: false,
            limit: Some(100),
            ..StoreQuery::default()
        };
        let mut hashes = BTreeSet::new();
        loop {
            let page = self.archive.query(&query).await.unwrap();
            hashes.extend(page.messages.iter().map(|it| it.hash));
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                return hashes;
            }
        }
    }

    async fn speaks_to(&self, other: &Self) -> bool {
        let (peers, id) = (self.node.peers().await.unwrap(), other.node.peer_id());
        let speaks = |protocols: &[String]| protocols.iter().any(|it| it == RECONCILIATION);
        peers
            .iter()
            .any(|peer| peer.peer_id == Some(id) && speaks(&peer.protocols))
    }
}

async fn connect(one: &Store, other: &Store) {
    one.node.connect(address(&other.node).await).await.unwrap();
    until("both know what the other speaks", async || {
        one.speaks_to(other).await && other.speaks_to(one).await
    })
    .await;
}

/// Messages on shard 0, one a second, from so many seconds ago on.
fn ago(seconds: std::ops::Range<i64>) -> Vec<(PubsubTopic, WakuMessage)> {
    let now = now();
    seconds.map(|it| at(0, CONTENT_TOPIC, now - it * S)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_archives_that_missed_each_others_messages_end_equal() {
    let storage = Storage::start();
    let one = store(&storage, "one", on_demand(), &[]).await;
    let other = store(&storage, "other", on_demand(), &[]).await;
    let all = ago(60..1260);
    let part = |wanted: fn(usize) -> bool| {
        let all = all.iter().enumerate().filter(move |(index, _)| wanted(*index));
        all.map(|(_, it)| it.clone()).collect::<Vec<_>>()
    };
    one.archive.take_in(part(|it| it % 3 != 0)).await.unwrap();
    other.archive.take_in(part(|it| it % 3 != 1)).await.unwrap();
    connect(&one, &other).await;
    let record = one.node.info().await.unwrap().record;
    assert!(record.capabilities().contains(Capabilities::SYNC));

    let report = one.node.synchronize(Some(other.node.peer_id())).await.unwrap();
    // Where one side has nothing at all, it is not told what the other has.
    assert!((700..=800).contains(&report.differences), "{report:?}");
    assert_eq!(report.to_send, 400);
    until("equal archives", async || {
        one.archive.stats().messages == 1200 && other.archive.stats().messages == 1200
    })
    .await;
    assert_eq!(one.hashes().await, other.hashes().await);
    let stats = one.node.stats().sync;
    assert_eq!((stats.messages_received, stats.messages_fresh), (400, 400));
    println!(
        "1200 messages, 800 on one side only: {} roundtrips, {} bytes of reconciliation, {} of messages",
        report.roundtrips,
        stats.bytes_sent + stats.bytes_received,
        stats.transfer_bytes_sent + stats.transfer_bytes_received,
    );

    let again = other.node.synchronize(None).await.unwrap();
    assert_eq!((again.differences, again.roundtrips), (0, 1), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_are_synchronised_without_being_asked() {
    let storage = Storage::start();
    let often = SyncConfig {
        interval: Duration::from_millis(200),
        ..on_demand()
    };
    let one = store(&storage, "one", often, &[]).await;
    let other = store(&storage, "other", on_demand(), &[]).await;
    one.archive.take_in(ago(100..150)).await.unwrap();
    other.archive.take_in(ago(200..260)).await.unwrap();
    connect(&other, &one).await;
    until("equal archives", async || {
        one.archive.stats().messages == 110 && other.archive.stats().messages == 110
    })
    .await;
    assert_eq!(one.hashes().await, other.hashes().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_ranges_the_shorter_one_counts() {
    let storage = Storage::start();
    let long = SyncConfig {
        range: Duration::from_secs(7200),
        ..on_demand()
    };
    let one = store(&storage, "one", long, &[]).await;
    let other = store(&storage, "other", on_demand(), &[]).await;
    let (old, young, theirs) = (ago(5000..5150), ago(100..250), ago(1000..1200));
    one.archive.take_in([old, young].concat()).await.unwrap();
    other.archive.take_in(theirs).await.unwrap();
    connect(&one, &other).await;
    for begins in [&one, &other, &one] {
        begins.node.synchronize(None).await.unwrap();
        until("all but the old ones", async || {
            one.archive.stats().messages == 500 && other.archive.stats().messages == 350
        })
        .await;
    }
    assert_eq!(
        one.node.stats().sync.messages_sent,
        150,
        "the old ones are not offered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_of_shards_of_both_is_exchanged() {
    let storage = Storage::start();
    let one = store(&storage, "one", on_demand(), &[0, 1, 2]).await;
    let other = store(&storage, "other", on_demand(), &[2, 3]).await;
    let now = now();
    let of = |shard: u16, number: i64| at(shard, CONTENT_TOPIC, now - (100 + number) * S);
    let (mine, theirs) = ([of(0, 0), of(1, 1), of(2, 2), of(3, 3)], [of(2, 12), of(3, 13)]);
    one.archive.take_in(mine.to_vec()).await.unwrap();
    other.archive.take_in(theirs.to_vec()).await.unwrap();
    connect(&one, &other).await;
    let report = one.node.synchronize(None).await.unwrap();
    assert_eq!((report.differences, report.to_send), (2, 1));
    until("those of shard 2", async || {
        one.archive.stats().messages == 5 && other.archive.stats().messages == 3
    })
    .await;
    let hash = |(topic, message): &(PubsubTopic, WakuMessage)| message.hash(&topic.to_string());
    assert!(other.hashes().await.contains(&hash(&mine[2])));
    assert!(one.hashes().await.contains(&hash(&theirs[0])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_connection_left_over_is_sent_the_next_time() {
    const COUNT: u64 = 4000;
    let storage = Storage::start();
    let full = store(&storage, "full", on_demand(), &[]).await;
    let empty = store(&storage, "empty", on_demand(), &[]).await;
    let mut messages = ago(60..60 + COUNT as i64 / 2);
    messages.extend(messages.clone().into_iter().map(|(topic, message)| {
        let payload = vec![7; 8 * 1024];
        (topic, WakuMessage { payload, ..message })
    }));
    full.archive.take_in(messages).await.unwrap();
    connect(&empty, &full).await;
    empty.node.synchronize(None).await.unwrap();
    until("the first messages", async || empty.archive.stats().messages > 0).await;
    let address = address(&full.node).await;
    empty.node.disconnect(address).await.unwrap();
    until("the end of the transfer", async || {
        let before = empty.node.stats().sync.messages_received;
        tokio::time::sleep(Duration::from_millis(200)).await;
        empty.node.stats().sync.messages_received == before
    })
    .await;
    let had = empty.archive.stats().messages;
    assert!(had < COUNT, "it was over before it could be broken");

    connect(&empty, &full).await;
    let report = empty.node.synchronize(None).await.unwrap();
    assert!(report.differences <= COUNT - had + 16, "{report:?}");
    until("equal archives", async || empty.archive.stats().messages == COUNT).await;
    assert_eq!(empty.hashes().await, full.hashes().await);
    println!("{had} of {COUNT} messages before the connection broke, the others afterwards");
}

fn about(timestamp: i64, content: RangeContent) -> SyncPayload {
    let end = Place {
        timestamp: timestamp + S,
        hash: [0; 32].into(),
    };
    SyncPayload {
        start: timestamp,
        ranges: vec![SyncRange { end, content }],
        ..SyncPayload::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_are_those_of_deployed_nodes() {
    let storage = Storage::start();
    let service = store(&storage, "archive", on_demand(), &[3]).await;
    let topic = vec!["/waku/2/rs/99/3".to_owned()];
    let moment = now() - 100 * S;
    let there = at(3, CONTENT_TOPIC, moment + 5);
    let hash = there.1.hash(&there.0.to_string());
    service.archive.take_in(vec![there]).await.unwrap();
    let answer = async |payload: SyncPayload| {
        let said = say(&service.node, RECONCILIATION, payload.encode());
        said.await.ok()
    };
    let items = |items: Vec<Place>, is_reconciled| RangeContent::Items(ItemSet { items, is_reconciled });
    let ours = vec![Place {
        timestamp: moment + 5,
        hash,
    }];
    let told = |content| {
        let payload = SyncPayload {
            pubsub_topics: topic.clone(),
            ..about(moment, content)
        };
        Some(payload.encode())
    };
    let fingerprint = RangeContent::Fingerprint;

    let equal = about(moment, fingerprint(*hash.as_bytes()));
    assert_eq!(answer(equal).await, Some(vec![0]), "nothing more to say");
    let differs = about(moment, fingerprint([1; 32]));
    assert_eq!(answer(differs).await, told(items(ours.clone(), false)));
    assert_eq!(
        answer(about(moment, items(Vec::new(), false))).await,
        told(items(ours, true))
    );
    let empty = about(moment - 50 * S, fingerprint([1; 32]));
    let nothing = SyncPayload {
        pubsub_topics: topic.clone(),
        ..about(moment - 50 * S, items(Vec::new(), true))
    };
    assert_eq!(answer(empty).await, Some(nothing.encode()));
    let elsewhere = SyncPayload {
        pubsub_topics: vec!["/waku/2/rs/99/4".to_owned()],
        ..about(moment, fingerprint([1; 32]))
    };
    assert_eq!(answer(elsewhere).await, Some(Vec::new()), "no shard of both");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_peers_are_refused_and_honest_ones_keep_their_service() {
    let storage = Storage::start();
    let service = store(&storage, "archive", on_demand(), &[]).await;
    let honest = store(&storage, "honest", on_demand(), &[]).await;
    service.archive.take_in(ago(60..90)).await.unwrap();

    let (pubsub_topic, message) = ago(60..61).remove(0);
    let unasked = TransferredMessage {
        pubsub_topic: pubsub_topic.to_string(),
        message,
    };
    say(&service.node, TRANSFER, unasked.encode()).await.ok();
    until("the refusal", async || service.node.stats().sync.unwanted == 1).await;
    assert_eq!(service.node.stats().sync.messages_received, 0);

    for frame in [vec![0xff; 100], vec![0x81, 8, 0, 0], vec![0xff; 200_000]] {
        assert!(say(&service.node, RECONCILIATION, frame).await.is_err());
    }
    until("three failures", async || {
        let stats = service.node.stats().sync;
        (stats.sessions, stats.failed) == (3, 3)
    })
    .await;

    connect(&honest, &service).await;
    honest
        .node
        .synchronize(Some(service.node.peer_id()))
        .await
        .unwrap();
    until("what the service has", async || {
        honest.archive.stats().messages == 30
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_archive_or_a_peer_there_is_a_reason() {
    let storage = Storage::start();
    let relay = start(config(TCP)).await;
    assert_eq!(relay.synchronize(None).await, Err(SyncError::Off));
    let service = store(&storage, "archive", on_demand(), &[]).await;
    assert_eq!(service.node.synchronize(None).await, Err(SyncError::NoPeer));
    let peer = service.node.connect(address(&relay).await).await.unwrap();
    let unsupported = SyncError::Service(waku_plugin::ServiceError::Unsupported(peer));
    assert_eq!(service.node.synchronize(Some(peer)).await, Err(unsupported));
    let refused = Node::start(NodeConfig {
        store_sync: Some(on_demand()),
        ..config(TCP)
    })
    .await;
    assert_eq!(refused.unwrap_err().to_string(), "store_sync needs store");
}
