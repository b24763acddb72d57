//! The archive over the real `storage.kv`: every query against a list that is filtered and sorted by hand, retention,
//! and opening it again.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/archive.rs"]
mod archive;

use std::{sync::Arc, time::Duration};

use archive::{Storage, at, shard};
use support::until;
use waku_plugin::{
    Archive, ArchiveConfig, ArchiveError, MessageHash, PubsubTopic, Retention, StorePage, StoreQuery,
    StoredMessage, WakuMessage,
};

const TOPICS: [&str; 3] = ["/app/1/a/proto", "/app/1/b/proto", "/other/1/c/proto"];

/// Keeps whatever comes.
fn forever() -> ArchiveConfig {
    ArchiveConfig {
        retention: Retention::NONE,
        ..ArchiveConfig::default()
    }
}

fn hash(entry: &(PubsubTopic, WakuMessage)) -> MessageHash {
    entry.1.hash(&entry.0.to_string())
}

fn stored(entry: &(PubsubTopic, WakuMessage)) -> StoredMessage {
    StoredMessage {
        hash: hash(entry),
        message: Some(entry.1.clone()),
        pubsub_topic: Some(entry.0.to_string()),
    }
}

/// Messages over three shards and three content topics; several have the same timestamp, some are before 1970.
fn messages() -> Vec<(PubsubTopic, WakuMessage)> {
    let one = |number: i64| {
        at(
            (number % 3) as u16,
            TOPICS[(number / 2 % 3) as usize],
            number / 4 - 10,
        )
    };
    (0..150).map(one).collect()
}

/// What a query asks for, all of it, in its direction.
fn expected(all: &[(PubsubTopic, WakuMessage)], query: &StoreQuery) -> Vec<StoredMessage> {
    let wanted = |entry: &&(PubsubTopic, WakuMessage)| {
        let (topic, message) = entry;
        query
            .pubsub_topic
            .as_ref()
            .is_none_or(|it| *it == topic.to_string())
            && (query.content_topics.is_empty() || query.content_topics.contains(&message.content_topic))
            && query.time_start.is_none_or(|it| message.timestamp >= it)
            && query.time_end.is_none_or(|it| message.timestamp <= it)
            && (query.hashes.is_empty() || query.hashes.contains(&hash(entry)))
    };
    let mut found: Vec<_> = all.iter().filter(wanted).map(stored).collect();
    found.sort_by_key(|it| (it.message.as_ref().map(|message| message.timestamp), it.hash));
    if !query.forward {
        found.reverse();
    }
    found
}

/// Reads a query to its end, in its direction, and checks each page.
async fn read(archive: &Archive, query: &StoreQuery) -> Vec<StoredMessage> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let StorePage { mut messages, cursor } = archive.query(&query).await.unwrap();
        if !query.forward {
            messages.reverse();
        }
        assert_eq!(cursor.is_some(), messages.len() == 7 && cursor.is_some());
        all.extend(messages);
        let Some(cursor) = cursor else { return all };
        assert_eq!(all.last().map(|it| it.hash), Some(cursor));
        query.cursor = Some(cursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_and_direction_gives_what_a_list_gives() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let all = messages();
    assert_eq!(archive.take_in(all.clone()).await, Ok(150));
    let hashes: Vec<_> = all.iter().step_by(3).map(hash).collect();
    let unknown = [MessageHash::from([9; 32])];
    let mut queries = 0;
    for pubsub_topic in [
        None,
        Some(shard(1).to_string()),
        Some("/waku/2/rs/99/7".into()),
        Some("x".into()),
    ] {
        for content_topics in [
            &[][..],
            &TOPICS[..1],
            &TOPICS[1..],
            &["/never/1/d/proto"],
            &[TOPICS[0]; 2],
        ] {
            for (time_start, time_end) in [
                (None, None),
                (Some(-3), Some(5)),
                (Some(5), Some(-3)),
                (None, Some(0)),
            ] {
                for hashes in [vec![], [&hashes[..], &unknown].concat()] {
                    for forward in [true, false] {
                        let query = StoreQuery {
                            pubsub_topic: pubsub_topic.clone(),
                            content_topics: content_topics.iter().map(ToString::to_string).collect(),
                            time_start,
                            time_end,
                            hashes: hashes.clone(),
                            forward,
                            limit: Some(7),
                            ..StoreQuery::default()
                        };
                        assert_eq!(read(&archive, &query).await, expected(&all, &query), "{query:?}");
                        queries += 1;
                    }
                }
            }
        }
    }
    assert_eq!(queries, 320);
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_alone_come_without_messages_and_pages_have_bounds() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let all = messages();
    archive.take_in(all.clone()).await.unwrap();
    for content_topics in [vec![], vec![TOPICS[0].to_owned()]] {
        let query = StoreQuery {
            include_data: false,
            content_topics,
            limit: Some(7),
            ..StoreQuery::default()
        };
        let found = read(&archive, &query).await;
        assert!(
            found
                .iter()
                .all(|it| it.message.is_none() && it.pubsub_topic.is_none())
        );
        let hashes = |messages: &[StoredMessage]| messages.iter().map(|it| it.hash).collect::<Vec<_>>();
        assert_eq!(hashes(&found), hashes(&expected(&all, &query)));
    }
    for (limit, length) in [(None, 20), (Some(0), 20), (Some(100), 100), (Some(1000), 100)] {
        let query = StoreQuery {
            limit,
            ..StoreQuery::default()
        };
        assert_eq!(archive.query(&query).await.unwrap().messages.len(), length);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_messages_ends_early_and_goes_on() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let large = |number: i64| {
        let (topic, message) = at(0, TOPICS[0], number);
        let payload = vec![number as u8; 1_000_000];
        (topic, WakuMessage { payload, ..message })
    };
    let all: Vec<_> = (0..8).map(large).collect();
    archive.take_in(all.clone()).await.unwrap();
    let hashes = all.iter().map(hash).collect();
    for (content_topics, hashes) in [
        (vec![], vec![]),
        (vec![TOPICS[0].to_owned()], vec![]),
        (vec![], hashes),
    ] {
        let mut query = StoreQuery {
            content_topics,
            hashes,
            limit: Some(100),
            ..StoreQuery::default()
        };
        let mut found = Vec::new();
        loop {
            let page = archive.query(&query).await.unwrap();
            assert!((1..=3).contains(&page.messages.len()));
            found.extend(page.messages);
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert!(found == expected(&all, &query), "{} messages", found.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_the_texts_of_deployed_nodes() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let topics = |count: usize| (0..count).map(|it| format!("/a/1/{it}/c")).collect();
    let ask = async |cursor: Option<MessageHash>, content_topics| {
        let query = StoreQuery {
            cursor,
            content_topics,
            ..StoreQuery::default()
        };
        archive.query(&query).await.map_err(|error| error.to_string())
    };
    let refused = |text: &str| Err(text.to_owned());
    let other = Some([1; 32].into());
    assert_eq!(
        ask(other, vec![]).await,
        refused("DRIVER_ERROR: cursor not found")
    );
    let zeroes = Some([0; 32].into());
    assert_eq!(
        ask(zeroes, vec![]).await,
        refused("INVALID_QUERY: all zeroes cursor hash")
    );
    let too_many = refused("INVALID_QUERY: too many content topics");
    assert_eq!(ask(other, topics(11)).await, too_many);
    assert_eq!(ask(None, topics(257)).await, too_many);
    assert_eq!(ask(None, topics(256)).await, Ok(StorePage::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_kept_once_and_found_when_the_archive_is_opened_again() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let all = messages();
    let twice = [all.clone(), all[..40].to_vec()].concat();
    assert_eq!(archive.take_in(twice).await, Ok(150));
    assert_eq!(archive.take_in(all.clone()).await, Ok(0));
    let stats = archive.stats();
    assert_eq!((stats.messages, stats.stored, stats.duplicates), (150, 150, 190));
    archive.mark_online(17).await.unwrap();
    archive.close().await;
    assert_eq!(archive.take_in(all.clone()).await, Err(ArchiveError::Closed));

    let again = storage.archive(forever()).await;
    assert_eq!(again.stats().messages, 150);
    assert_eq!(again.last_online().await, Ok(Some(17)));
    let query = StoreQuery {
        limit: Some(7),
        ..StoreQuery::default()
    };
    assert_eq!(read(&again, &query).await, expected(&all, &query));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_of_the_present_are_archived_and_ephemeral_ones_never() {
    let storage = Storage::start();
    let archive = storage.archive(forever()).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_nanos() as i64;
    let offer = |seconds: i64, ephemeral| {
        let (topic, message) = at(0, TOPICS[0], now + seconds * 1_000_000_000);
        let message = WakuMessage { ephemeral, ..message };
        archive.offer(message.hash(&topic.to_string()), topic, &Arc::new(message));
    };
    for seconds in [-60, -10, 10, 60] {
        offer(seconds, false);
        offer(seconds, true);
    }
    until("two messages", async || archive.stats().stored == 2).await;
    let stats = archive.stats();
    assert_eq!((stats.messages, stats.refused, stats.missed), (2, 6, 0));
    let (topic, message) = at(0, TOPICS[0], 1);
    let message = WakuMessage {
        ephemeral: true,
        ..message
    };
    assert_eq!(archive.take_in(vec![(topic, message)]).await, Ok(0));
}

/// An archive that looks for old messages all the time.
fn keeping(retention: Retention) -> ArchiveConfig {
    ArchiveConfig {
        retention,
        sweep: Duration::from_millis(20),
        ..ArchiveConfig::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_by_number_leaves_the_newest_in_every_index() {
    let storage = Storage::start();
    let archive = storage
        .archive(keeping(Retention {
            capacity: Some(30),
            ..Retention::NONE
        }))
        .await;
    let all: Vec<_> = (0..700)
        .map(|it| at((it % 2) as u16, TOPICS[(it % 3) as usize], it))
        .collect();
    archive.take_in(all.clone()).await.unwrap();
    until("30 messages", async || archive.stats().messages == 30).await;
    assert_eq!(archive.stats().removed, 670);
    let rest = &all[670..];
    for (pubsub_topic, content_topics) in [
        (None, vec![]),
        (Some(shard(1).to_string()), vec![]),
        (None, vec![TOPICS[2].to_owned()]),
    ] {
        let query = StoreQuery {
            pubsub_topic,
            content_topics,
            limit: Some(7),
            ..StoreQuery::default()
        };
        assert_eq!(read(&archive, &query).await, expected(rest, &query));
    }
    let hashes = StoreQuery {
        hashes: all.iter().map(hash).collect(),
        limit: Some(7),
        ..StoreQuery::default()
    };
    assert_eq!(read(&archive, &hashes).await, expected(rest, &hashes));
    // Nothing is left of those that went: four rows for each that stays.
    let mut rows = 0;
    for category in ["message", "hash", "content", "shard"] {
        let all = storage_api::KeyRange::All;
        let job = waku_plugin::ARCHIVE_JOB.to_owned();
        rows += storage.kv.count(&job, &category.to_owned(), &all).await.unwrap();
    }
    assert_eq!(rows, 4 * 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_by_time_and_by_size() {
    let storage = Storage::start();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_nanos() as i64;
    let time = Retention {
        time: Some(Duration::from_secs(100)),
        ..Retention::NONE
    };
    let archive = storage.archive(keeping(time)).await;
    let minutes = |it: i64| at(0, TOPICS[0], now - it * 60_000_000_000);
    archive.take_in((0..10).map(minutes).collect()).await.unwrap();
    until("what is of the last 100 s", async || {
        archive.stats().messages == 2
    })
    .await;
    archive.close().await;

    let size = Retention {
        size: Some(4_000_000),
        capacity: Some(1_000_000),
        ..Retention::NONE
    };
    let archive = storage.archive(keeping(size)).await;
    let heavy = |number: i64| {
        let (topic, message) = at(0, TOPICS[1], now + number);
        let payload = vec![number as u8; 10_000];
        (topic, WakuMessage { payload, ..message })
    };
    for part in 0..8 {
        let part = (part * 100..part * 100 + 100).map(heavy).collect();
        archive.take_in(part).await.unwrap();
    }
    let fits = async || {
        let stats = storage
            .kv
            .stats(&waku_plugin::ARCHIVE_JOB.to_owned())
            .await
            .unwrap();
        stats.file_bytes.saturating_sub(stats.free_bytes) <= 4_000_000 && archive.stats().removed > 0
    };
    until("4 MB", fits).await;
    let left = archive.stats().messages;
    assert!((100..=500).contains(&left), "{left}");
}
