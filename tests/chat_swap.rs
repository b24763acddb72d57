//! The real chat and the real store under load, while chat is exchanged a hundred times.

mod chat;

use backplane_descriptor::Overflow;
use backplane_host::bundle::Grants;
use backplane_host::{Host, SwapReport};
use backplane_test_support::fixture;
use backplane_tests::another_build;
use chat::{Hosted, history, library, until};
use chat_api::{Direction, MessageHash, RoomClient, RoomInfo, StoredMessage, room_events::Message};
use fixture_relay_api::TrafficClient;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

/// Callers that ask without pause.
const CALLERS: u32 = 4;
/// Calls a second, of all callers together.
const CALLS: u32 = 10_000;
/// Events a second.
const EVENTS: u32 = 1_000;
/// How often chat is exchanged, forward and back in turn.
const SWAPS: usize = 100;
/// The time from one swap to the next.
const BETWEEN_SWAPS: Duration = Duration::from_millis(100);
/// The time between two messages that are written here, and between two looks into the history.
const BETWEEN_TURNS: Duration = Duration::from_millis(100);
/// Events that may wait for the test.
const HEARD_DEPTH: u32 = 4096;
const NICK: &str = "steadfast";

/// When something began and ended.
type Span = (Instant, Instant);

/// Fires by the clock: what was late is made up for.
fn paced(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}

/// What goes on until it is told that it is enough.
#[derive(Clone, Default)]
struct Enough(Arc<AtomicBool>);

impl Enough {
    fn is_said(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn room(host: &Host, caller: &str) -> RoomClient {
    let front = host.front_end(caller, &Grants::all()).expect("a front end");
    front.client().expect("chat is there")
}

/// Asks in turn for the nickname and the counters, which never go back. Gives when each call began and ended.
async fn ask(room: RoomClient, enough: Enough) -> Vec<Span> {
    let mut ticks = paced(Duration::from_secs(1) * CALLERS / CALLS);
    let mut last = room.info().await.expect("it answers");
    let mut calls = Vec::new();
    while !enough.is_said() {
        ticks.tick().await;
        let begun = Instant::now();
        if calls.len() % 2 == 0 {
            assert_eq!(room.nick().await.as_deref(), Ok(NICK));
            calls.push((begun, Instant::now()));
        } else {
            let info = room.info().await.expect("it answers");
            calls.push((begun, Instant::now()));
            assert_eq!(info.nick, NICK);
            let mut counted = counters(&info).into_iter().zip(counters(&last));
            assert!(
                counted.all(|(now, before)| now >= before),
                "{info:?} after {last:?}"
            );
            last = info;
        }
    }
    calls
}

/// What was written, taken in and recognised.
fn counters(info: &RoomInfo) -> [u64; 3] {
    [info.sent, info.received, info.duplicates]
}

/// Writes messages. Gives what became of them.
async fn write(room: RoomClient, enough: Enough) -> Vec<StoredMessage> {
    let mut ticks = paced(BETWEEN_TURNS);
    let mut sent = Vec::new();
    while !enough.is_said() {
        ticks.tick().await;
        let text = format!("written {}", sent.len());
        sent.push(room.send(&text).await.expect("it is sent"));
    }
    sent
}

/// Looks into the history. Gives how often.
async fn read(room: RoomClient, enough: Enough) -> usize {
    let mut ticks = paced(BETWEEN_TURNS);
    let mut count = 0;
    while !enough.is_said() {
        ticks.tick().await;
        let page = room.history(&None, &20).await.expect("a page");
        assert!(page.messages.is_sorted_by_key(|it| it.cursor));
        count += 1;
    }
    count
}

/// What was announced.
type Heard = Arc<Mutex<Vec<StoredMessage>>>;

fn listen(hosted: &Hosted) -> (Heard, JoinHandle<()>) {
    let mut events = hosted
        .front
        .subscribe::<Message>(Overflow::Block, HEARD_DEPTH)
        .expect("it is granted");
    let heard = Heard::default();
    let taken = Arc::clone(&heard);
    let listening = tokio::spawn(async move {
        loop {
            let event = events.next().await.expect("a message");
            assert_eq!(event.lost, 0);
            taken.lock().expect("no panic").push(event.body);
        }
    });
    (heard, listening)
}

/// Exchanges chat for its other build and back. Gives the reports, and when each swap began and ended.
async fn swap(host: &Arc<Host>, builds: [std::path::PathBuf; 2]) -> (Vec<SwapReport>, Vec<Span>) {
    let (mut reports, mut spans) = (Vec::new(), Vec::new());
    let mut ticks = interval(BETWEEN_SWAPS);
    for build in builds.iter().cycle().take(SWAPS) {
        ticks.tick().await;
        let (host, build) = (Arc::clone(host), build.clone());
        let begun = Instant::now();
        let report = spawn_blocking(move || host.swap("chat", &build, None)).await;
        spans.push((begun, Instant::now()));
        let report = report.expect("no panic").expect("it is exchanged");
        assert_eq!(report.abandoned, 0);
        reports.push(report);
    }
    (reports, spans)
}

/// `p50 1.2 ms, p99 3.4 ms, max 5.6 ms`
fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (middle, high, most) = (ms(at(50)), ms(at(99)), ms(at(100)));
    format!("p50 {middle:.3} ms, p99 {high:.3} ms, max {most:.3} ms")
}

fn took((begun, ended): Span) -> Duration {
    ended - begun
}

/// The longest call that met each swap.
fn pauses(calls: &[Span], swaps: &[Span]) -> Vec<Duration> {
    let longest = |swap: &Span| {
        let met = calls.iter().filter(|call| call.0 <= swap.1 && call.1 >= swap.0);
        met.map(|call| took(*call)).max()
    };
    swaps.iter().filter_map(longest).collect()
}

/// Each message by its hash; there must not be two with one hash.
fn by_hash(messages: Vec<StoredMessage>) -> BTreeMap<MessageHash, StoredMessage> {
    let count = messages.len();
    let messages: BTreeMap<_, _> = messages.into_iter().map(|it| (it.hash, it)).collect();
    assert_eq!(messages.len(), count, "each message is there once");
    messages
}

/// The numbers that are the texts of the messages that came in, in their order.
fn numbers(messages: &BTreeMap<MessageHash, StoredMessage>) -> Vec<u64> {
    let incoming = messages.values().filter(|it| it.direction == Direction::Incoming);
    let mut numbers: Vec<u64> = incoming.map(|it| it.text.parse().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_and_no_message_is_lost_while_chat_is_exchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let build = library("chat-plugin");
    let other = another_build(&build, folder.path(), "other");
    let modules = format!(
        "[modules.waku]\nplugin = {:?}\n{}",
        fixture("relay"),
        chat::modules("")
    );
    let hosted = Hosted::start(folder.path(), &modules);
    let traffic: TrafficClient = hosted.front.client().expect("the relay is there");
    let room_of = |caller: &str| room(&hosted.host, caller);
    hosted.room.set_nick(&NICK.to_owned()).await.expect("a nickname");
    let content_topic = hosted.room.info().await.expect("it answers").content_topic;
    let (heard, listening) = listen(&hosted);

    let (enough, begun) = (Enough::default(), Instant::now());
    traffic.begin(&content_topic, &EVENTS).await.expect("it begins");
    let asking: Vec<_> = (0..CALLERS)
        .map(|number| tokio::spawn(ask(room_of(&format!("caller-{number}")), enough.clone())))
        .collect();
    let writing = tokio::spawn(write(room_of("writer"), enough.clone()));
    let reading = tokio::spawn(read(room_of("reader"), enough.clone()));
    sleep(BETWEEN_SWAPS).await;
    let (reports, spans) = swap(&hosted.host, [other, build]).await;
    enough.say();
    let delivered = traffic.end().await.expect("it ends").expect("it was begun");
    let elapsed = begun.elapsed().as_secs_f64();
    let mut calls = Vec::new();
    for asked in asking {
        calls.extend(asked.await.expect("no call failed"));
    }
    let sent = writing.await.expect("no call failed");
    let looks = reading.await.expect("no call failed");

    assert_eq!(delivered.lost, 0);
    let expected = [sent.len() as u64, delivered.messages, delivered.repeats];
    until("every message is taken in", async || {
        counters(&hosted.room.info().await.expect("it answers")) == expected
    })
    .await;
    let all = sent.len() + delivered.messages as usize;
    until("every message is announced", async || {
        heard.lock().expect("no panic").len() >= all
    })
    .await;
    listening.abort();

    let stored = by_hash(history(&hosted.room).await);
    let heard = by_hash(std::mem::take(&mut heard.lock().expect("no panic")));
    assert!(
        heard.keys().eq(stored.keys()),
        "what is announced is what is stored"
    );
    assert_eq!(stored.len(), all);
    assert!(numbers(&stored).into_iter().eq(0..delivered.messages));
    assert!(
        sent.iter()
            .all(|it| it.published && stored.get(&it.hash) == Some(it))
    );
    let report = hosted.host.module("chat").expect("it is there");
    assert_eq!(
        (report.generation as usize, report.panics, report.restarts),
        (SWAPS + 1, 0, 0)
    );

    let calls_a_second = calls.len() as f64 / elapsed;
    let events_a_second = (delivered.messages + delivered.repeats) as f64 / elapsed;
    println!(
        "{} calls ({calls_a_second:.0} a second), {} messages and {} repeats ({events_a_second:.0} events a \
         second), {} written, {looks} looks into the history, {SWAPS} swaps in {elapsed:.1} s",
        calls.len(),
        delivered.messages,
        delivered.repeats,
        sent.len(),
    );
    let micros =
        |time: fn(&SwapReport) -> u64| reports.iter().map(|it| Duration::from_micros(time(it))).collect();
    println!("pause seen by callers: {}", percentiles(pauses(&calls, &spans)));
    println!("pause of the swap:     {}", percentiles(micros(|it| it.pause_us)));
    println!("whole swap:            {}", percentiles(micros(|it| it.total_us)));
    println!(
        "any call:              {}",
        percentiles(calls.into_iter().map(took).collect())
    );
    assert!(
        calls_a_second > f64::from(CALLS) / 2.0,
        "too few calls to prove anything"
    );
    assert!(
        events_a_second > f64::from(EVENTS) / 2.0,
        "too few events to prove anything"
    );
    hosted.stop().await;
}
