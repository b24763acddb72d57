//! Store 3 between whole nodes: an archive in the real `storage`, queried over the network.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/archive.rs"]
mod archive;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use archive::{Storage, at};
use support::{
    CONTENT_TOPIC, TCP, address, config, light, message, next, raw::raw_request, start, until, until_peers,
};
use tokio::task::JoinSet;
use waku_plugin::{
    Archive, ArchiveConfig, FilterConfig, HistoryError, Node, NodeConfig, PubsubTopic, RateLimit, RateLimits,
    Refusal, Retention, ServiceError, Status, StoreQuery, StoredMessage, WakuMessage,
};

const PROTOCOL: &str = "/vac/waku/store-query/3.0.0";

/// A node that keeps what it relays, for ever.
async fn store(storage: &Storage, job: &str) -> (Node, Archive) {
    let archive = storage.archive(kept(job)).await;
    let node = start(NodeConfig {
        store: Some(archive.clone()),
        ..config(TCP)
    })
    .await;
    (node, archive)
}

fn kept(job: &str) -> ArchiveConfig {
    ArchiveConfig {
        job: job.to_owned(),
        retention: Retention::NONE,
        ..ArchiveConfig::default()
    }
}

/// Messages whose timestamps are 0, 1 and so on.
fn numbered(count: i64) -> Vec<(PubsubTopic, WakuMessage)> {
    (0..count).map(|it| at(0, CONTENT_TOPIC, it)).collect()
}

fn timestamps(messages: &[StoredMessage]) -> Vec<i64> {
    let timestamp = |it: &StoredMessage| it.message.as_ref().unwrap().timestamp;
    messages.iter().map(timestamp).collect()
}

/// A light node that is connected to these.
async fn client_of(services: &[&Node]) -> Node {
    let client = start(light()).await;
    for service in services {
        client.connect(address(service).await).await.unwrap();
    }
    until("their protocols", async || {
        client.store_peers().await.unwrap().len() == services.len()
    })
    .await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_relayed_is_archived_and_found_by_a_light_node() {
    let storage = Storage::start();
    let (service, archive) = store(&storage, "archive").await;
    let relay = start(config(TCP)).await;
    relay.connect(address(&service).await).await.unwrap();
    until_peers(&service, 1).await;
    until_peers(&relay, 1).await;
    let theirs = relay.publish(None, message("theirs")).await.unwrap();
    let own = service.publish(None, message("own")).await.unwrap();
    let ephemeral = WakuMessage {
        ephemeral: true,
        ..message("for now")
    };
    service.publish(None, ephemeral).await.unwrap();
    until("two messages", async || archive.stats().stored == 2).await;

    let client = client_of(&[&service]).await;
    let query = StoreQuery {
        content_topics: vec![CONTENT_TOPIC.into()],
        ..StoreQuery::default()
    };
    let page = client.query_store(service.peer_id(), query).await.unwrap();
    let found: Vec<_> = page.messages.iter().map(|it| it.hash).collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&theirs) && found.contains(&own));
    assert_eq!(archive.stats().refused, 1);
    for stored in page.messages {
        let (topic, message) = (stored.pubsub_topic.unwrap(), stored.message.unwrap());
        assert_eq!(message.hash(&topic), stored.hash);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_are_those_of_deployed_nodes_byte_for_byte() {
    let storage = Storage::start();
    let (service, archive) = store(&storage, "archive").await;
    let stored = at(0, "/a", 1);
    let hash = hex::encode(stored.1.hash(&stored.0.to_string()).as_bytes());
    archive.take_in(vec![stored.clone()]).await.unwrap();
    let ask = async |hex: &str| raw_request(&service, PROTOCOL, hex).await;
    let text = |text: &str| format!("{:02x}{}", text.len(), hex::encode(text));

    let ok = "0a02723150c8015a024f4b";
    assert_eq!(ask("0a027231").await, format!("{ok}a201220a20{hash}"));
    let (topic, encoded) = (text(&stored.0.to_string()), stored.1.encode());
    let inner = format!(
        "0a20{hash}12{:02x}{}1a{topic}",
        encoded.len(),
        hex::encode(&encoded)
    );
    assert_eq!(
        ask("0a0272311001").await,
        format!("{ok}a201{:02x}{inner}", inner.len() / 2)
    );
    // Past the end there is an empty page, never an error.
    assert_eq!(ask(&format!("0a0272319a0320{hash}a00301")).await, ok);
    assert_eq!(ask(&format!("0a0272319a0320{hash}a00300")).await, ok);

    let bad = |description: &str| format!("0a0050ac025a{}", text(description));
    assert_eq!(
        ask(&format!("0a0272319a0320{}", "01".repeat(32))).await,
        bad("BAD_RESPONSE: archive error: DRIVER_ERROR: cursor not found")
    );
    assert_eq!(
        ask(&format!("0a0272319a0320{}", "00".repeat(32))).await,
        bad("BAD_RESPONSE: archive error: INVALID_QUERY: all zeroes cursor hash")
    );
    assert_eq!(
        ask(&format!("0a027231{}9a0320{hash}", "5a022f61".repeat(11))).await,
        bad("BAD_RESPONSE: archive error: INVALID_QUERY: too many content topics")
    );
    let unread = "decoding rpc failed: (kind: MissingRequiredField, field: \"request_id\")";
    assert_eq!(ask("1001").await, format!("0a005090035a{}", text(unread)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_read_to_its_end_both_ways_over_several_stores() {
    let storage = Storage::start();
    let (first, one) = store(&storage, "one").await;
    let (second, two) = store(&storage, "two").await;
    one.take_in(numbered(250)).await.unwrap();
    // The cursors of the first are unknown to the second.
    let others = numbered(250)
        .into_iter()
        .filter(|(_, it)| it.timestamp % 100 != 99);
    two.take_in(others.collect()).await.unwrap();
    let client = client_of(&[&first, &second]).await;
    let peers = vec![first.peer_id(), second.peer_id()];
    for forward in [true, false] {
        let query = StoreQuery {
            forward,
            ..StoreQuery::default()
        };
        let mut history = client.history(query, peers.clone());
        let mut all = Vec::new();
        while let Some(page) = history.next().await.unwrap() {
            all.extend(timestamps(&page));
        }
        assert_eq!(all.len(), 250);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 250);
    }

    let mut history = client.history(StoreQuery::default(), peers);
    let mut all = timestamps(&history.next().await.unwrap().unwrap());
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    first.shutdown().await;
    while let Some(page) = history.next().await.unwrap() {
        all.extend(timestamps(&page));
    }
    // The second lacks 199.
    let expected: Vec<i64> = (0..250).filter(|it| *it != 199).collect();
    assert_eq!(all, expected);
    second.shutdown().await;
    until("the loss", async || {
        client.store_peers().await.unwrap().is_empty()
    })
    .await;
    let mut history = client.history(StoreQuery::default(), Vec::new());
    assert_eq!(history.next().await, Err(HistoryError::NoStore));
    assert_eq!(history.next().await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_what_the_store_says() {
    let storage = Storage::start();
    let (service, _archive) = store(&storage, "archive").await;
    let client = client_of(&[&service]).await;
    let ask = async |cursor: [u8; 32]| {
        let query = StoreQuery {
            cursor: Some(cursor.into()),
            ..StoreQuery::default()
        };
        client
            .query_store(service.peer_id(), query)
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        ask([1; 32]).await,
        "300 BAD_RESPONSE: archive error: DRIVER_ERROR: cursor not found"
    );
    assert_eq!(ask([0; 32]).await, "400 BAD_REQUEST: invalid cursor");
    let relay = start(config(TCP)).await;
    let other = client.connect(address(&relay).await).await.unwrap();
    assert_eq!(
        client.query_store(other, StoreQuery::default()).await,
        Err(ServiceError::Unsupported(other))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_fetches_what_it_missed_while_the_node_was_away() {
    let storage = Storage::start();
    let (service, full) = store(&storage, "full").await;
    let away = storage.archive(kept("away")).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_nanos() as i64;
    let minute = 60_000_000_000;
    let minutes = |range: std::ops::Range<i64>| range.map(|it| at(0, CONTENT_TOPIC, now - it * minute));
    full.take_in(minutes(1..500).collect()).await.unwrap();
    let client = client_of(&[&service]).await;

    assert_eq!(client.resume(&away).await, Ok(0), "it was never online");
    assert!(away.last_online().await.unwrap().unwrap() >= now);
    away.mark_online(now - 121 * minute).await.unwrap();
    away.take_in(minutes(50..60).collect()).await.unwrap();
    assert_eq!(client.resume(&away).await, Ok(111));
    assert_eq!(away.stats().messages, 121);
    assert!(away.last_online().await.unwrap().unwrap() >= now);
    // No more than six hours.
    away.mark_online(0).await.unwrap();
    assert_eq!(client.resume(&away).await, Ok(360 - 121));
    service.shutdown().await;
    away.mark_online(5).await.unwrap();
    until("the loss", async || {
        client.store_peers().await.unwrap().is_empty()
    })
    .await;
    assert!(client.resume(&away).await.is_err());
    assert_eq!(
        away.last_online().await,
        Ok(Some(5)),
        "the gap is still to be filled"
    );
}

/// Two requests of each protocol, then refusals.
fn twice_an_hour() -> RateLimits {
    let limit = RateLimit {
        volume: 2,
        period: Duration::from_secs(3600),
    };
    RateLimits {
        store: limit,
        lightpush: limit,
        filter: limit,
        peer_exchange: limit,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_ask_too_often_are_refused_as_deployed_nodes_do() {
    let storage = Storage::start();
    let archive = storage.archive(kept("archive")).await;
    let service = start(NodeConfig {
        store: Some(archive),
        lightpush: true,
        filter: Some(FilterConfig::default()),
        peer_exchange: true,
        rate_limits: twice_an_hour(),
        ..config(TCP)
    })
    .await;
    let limited = |text: &str| format!("0a034e2f4150ad035a{:02x}{}", text.len(), hex::encode(text));
    let legacy = format!("0a034e2f411a1508001211{}", hex::encode("TOO_MANY_REQUESTS"));
    for (protocol, refusal) in [
        (PROTOCOL, limited("TOO_MANY_REQUESTS")),
        (
            "/vac/waku/filter-subscribe/2.0.0-beta1",
            limited("filter request rejected due rate limit exceeded"),
        ),
        (
            "/vac/waku/lightpush/3.0.0",
            limited("Request rejected due to too many requests"),
        ),
        ("/vac/waku/lightpush/2.0.0-beta1", legacy),
        (
            "/vac/waku/peer-exchange/2.0.0-alpha1",
            "0a00120350ad03".to_owned(),
        ),
    ] {
        for _ in 0..2 {
            assert_ne!(
                raw_request(&service, protocol, "0a027231").await,
                refusal,
                "{protocol}"
            );
        }
        assert_eq!(
            raw_request(&service, protocol, "0a027231").await,
            refusal,
            "{protocol}"
        );
    }
    assert_eq!(service.stats().rate_limited, 5);

    let client = client_of(&[&service]).await;
    let refused = client.query_store(service.peer_id(), StoreQuery::default()).await;
    let too_many = Refusal {
        status: Status::TOO_MANY_REQUESTS,
        text: String::new(),
    };
    assert_eq!(refused, Err(ServiceError::Refused(too_many)));
}

/// How long a message takes through the service, from one relay to the other; the middle one of many, and the worst.
async fn latency(from: &Node, to: &Node, round: &str) -> (Duration, Duration) {
    let mut messages = to.messages().unwrap();
    let mut all = Vec::new();
    for number in 0..60 {
        let sent = Instant::now();
        let hash = from
            .publish(None, message(&format!("{round} {number}")))
            .await
            .unwrap();
        while next(&mut messages).await.hash != hash {}
        all.push(sent.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    all.sort_unstable();
    (all[30], all[59])
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_store_queries_at_once_do_not_hold_up_the_relay() {
    let storage = Storage::start();
    let (service, archive) = store(&storage, "archive").await;
    // A query of many topics has to read as many indexes.
    let topics: Vec<_> = (0..200).map(|it| format!("/app/1/{it}/proto")).collect();
    let messages = (0..4000).map(|it| at((it % 8) as u16, &topics[it as usize % 200], it));
    archive.take_in(messages.collect()).await.unwrap();
    let (from, to) = (start(config(TCP)).await, start(config(TCP)).await);
    for relay in [&from, &to] {
        relay.connect(address(&service).await).await.unwrap();
        until_peers(relay, 1).await;
    }
    until_peers(&service, 2).await;
    to.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let (calm, calm_worst) = latency(&from, &to, "calm").await;

    // Two of them: a connection has room for 16 requests.
    let clients = [client_of(&[&service]).await, client_of(&[&service]).await];
    let answered = Arc::new(AtomicU64::new(0));
    let mut queries = JoinSet::new();
    for number in 0..20 {
        let (client, peer, answered) = (clients[number % 2].clone(), service.peer_id(), answered.clone());
        let query = StoreQuery {
            content_topics: topics.clone(),
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
    let answers = || answered.load(Relaxed);
    until("the first answers", async || answers() > 0).await;
    let before = answers();
    let (busy, busy_worst) = latency(&from, &to, "busy").await;
    let during = answers() - before;
    println!(
        "relay latency: {calm:?} (worst {calm_worst:?}) alone, {busy:?} (worst {busy_worst:?}) beside {during} pages \
         of 200 topics"
    );
    assert!(during > 0, "no query was answered meanwhile");
    assert!(busy_worst < Duration::from_secs(2), "{busy_worst:?}");
    assert_eq!(archive.stats().missed, 0);
    queries.abort_all();
}
