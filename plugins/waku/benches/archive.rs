//! The archive over the real `storage.kv`, in a host: messages of 1 KiB archived a second, and pages of 100 of them.
//!
//! `WAKU_BENCH_MESSAGES` says out of how many; 20000 by default. At the end the middle and the 99th of a hundred are
//! printed. A page that is not full ends the run.

#[path = "../tests/support/archive.rs"]
mod archive;

use std::{
    cell::RefCell,
    env,
    hint::black_box,
    time::{Duration, Instant},
};

use archive::{Storage, shard};
use criterion::Criterion;
use tokio::runtime::{Builder, Runtime};
use waku_plugin::{Archive, ArchiveConfig, MessageHash, PubsubTopic, Retention, StoreQuery, WakuMessage};

const MESSAGES: &str = "WAKU_BENCH_MESSAGES";
const SHARDS: u64 = 8;
/// Content topics; each is on one shard.
const TOPICS: u64 = 96;
const PAGE: u64 = 100;
/// Messages that are archived at once, as they are when many come.
const BATCH: u64 = 250;
/// Timestamps are so far apart.
const STEP: i64 = 1_000_000;

fn content_topic(number: u64) -> String {
    format!("/bench/1/{}/proto", number % TOPICS)
}

fn message(number: u64) -> (PubsubTopic, WakuMessage) {
    let mut payload = vec![0x5a; 1024];
    payload[..8].copy_from_slice(&number.to_be_bytes());
    let message = WakuMessage {
        payload,
        content_topic: content_topic(number),
        timestamp: number as i64 * STEP,
        ..WakuMessage::default()
    };
    (shard((number % SHARDS) as u16), message)
}

fn hash(number: u64) -> MessageHash {
    let (topic, message) = message(number);
    message.hash(&topic.to_string())
}

/// Numbers in an order that is not theirs, far enough from the end for a full page.
fn somewhere(turn: u64, messages: u64) -> u64 {
    turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (messages - (PAGE + 1) * TOPICS)
}

/// A way to ask for a page, and the page of a turn out of so many messages.
type Query = (&'static str, fn(u64, u64) -> StoreQuery);

/// Every way to ask for a page of 100 messages from somewhere in the archive.
fn queries() -> [Query; 7] {
    fn page() -> StoreQuery {
        StoreQuery {
            limit: Some(PAGE),
            ..StoreQuery::default()
        }
    }
    fn from(number: u64) -> Option<i64> {
        Some(number as i64 * STEP)
    }
    [
        ("by time", |turn, messages| StoreQuery {
            time_start: from(somewhere(turn, messages)),
            ..page()
        }),
        ("by time, backward", |turn, messages| StoreQuery {
            time_end: from(somewhere(turn, messages) + (PAGE + 1) * TOPICS),
            forward: false,
            ..page()
        }),
        ("by cursor", |turn, messages| StoreQuery {
            cursor: Some(hash(somewhere(turn, messages))),
            ..page()
        }),
        ("by pubsub topic and time", |turn, messages| StoreQuery {
            pubsub_topic: Some(shard((turn % SHARDS) as u16).to_string()),
            time_start: from(somewhere(turn, messages)),
            ..page()
        }),
        ("by content topic and time", |turn, messages| StoreQuery {
            content_topics: vec![content_topic(turn)],
            time_start: from(somewhere(turn, messages)),
            ..page()
        }),
        ("by 10 content topics and time", |turn, messages| StoreQuery {
            content_topics: (turn..turn + 10).map(content_topic).collect(),
            time_start: from(somewhere(turn, messages)),
            ..page()
        }),
        ("by 100 hashes", |turn, messages| StoreQuery {
            hashes: (0..PAGE)
                .map(|it| hash(somewhere(turn * PAGE + it, messages)))
                .collect(),
            ..page()
        }),
    ]
}

async fn fill(archive: &Archive, messages: u64) {
    let start = Instant::now();
    let mut told = start;
    for first in (0..messages).step_by(BATCH as usize) {
        let batch = (first..messages.min(first + BATCH)).map(message).collect();
        archive.take_in(batch).await.unwrap();
        if told.elapsed() > Duration::from_secs(30) {
            told = Instant::now();
            println!("{first} messages after {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "archived {messages} messages of 1 KiB in {seconds:.1} s, {:.0} a second",
        messages as f64 / seconds
    );
}

/// The times of each query, in its order.
type Times = RefCell<Vec<(&'static str, Vec<Duration>)>>;

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    (archive, messages): (&Archive, u64),
    (name, query): Query,
    times: &Times,
) {
    let mut turn = 0;
    times.borrow_mut().push((name, Vec::new()));
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                turn += 1;
                let query = query(turn, messages);
                let start = Instant::now();
                let page = runtime.block_on(archive.query(&query)).unwrap();
                let time = start.elapsed();
                assert!(
                    page.messages.len() as u64 >= PAGE - 5,
                    "{name}: {}",
                    page.messages.len()
                );
                black_box(page);
                total += time;
                if let Some((_, times)) = times.borrow_mut().last_mut() {
                    times.push(time);
                }
            }
            total
        });
    });
}

fn print(times: &Times, messages: u64) {
    println!(
        "\n{:<34} {:>8} {:>10} {:>10}",
        format!("100 x 1 KiB out of {messages}"),
        "queries",
        "p50, ms",
        "p99, ms"
    );
    for (name, times) in times.borrow_mut().iter_mut() {
        times.sort_unstable();
        let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!("{name:<34} {:>8} {:>10.2} {:>10.2}", times.len(), at(50), at(99));
    }
}

fn main() {
    let messages = env::var(MESSAGES).map_or(20_000, |text| text.parse().expect("a number of messages"));
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let storage = Storage::start();
    let config = ArchiveConfig {
        retention: Retention::NONE,
        ..ArchiveConfig::default()
    };
    let archive = runtime.block_on(storage.archive(config));
    runtime.block_on(fill(&archive, messages));
    let mut criterion = Criterion::default()
        .sample_size(20)
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let times = Times::default();
    for query in queries() {
        measure(&mut criterion, &runtime, (&archive, messages), query, &times);
    }
    criterion.final_summary();
    print(&times, messages);
}
