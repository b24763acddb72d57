//! Streams of a module on the test kit: as results, as fields, as parameters.

use backplane_sdk::plugin_api::status;
use backplane_sdk::prelude::*;
use backplane_sdk::test::{Bench, Running};
use backplane_sdk::{CallError, descriptor};
use std::time::Duration;
use tokio::sync::mpsc;

/// A row.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub cells: Bytes,
}

/// Rows, and how many there are.
#[record]
#[derive(Debug)]
pub struct Page {
    /// How many follow.
    pub count: u64,
    /// The rows.
    pub rows: Stream<Row>,
}

/// What is wrong.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Wrong {
    /// In words.
    pub text: String,
}

/// Keeps rows.
#[interface(id = "kit.rows", version = "1.0.0")]
pub trait Rows {
    /// `count` rows of `size` bytes.
    fn scan(&self, count: u64, size: u32) -> Result<Stream<Row>, Wrong>;
    /// The same with what is known of them.
    async fn page(&self, count: u64) -> Page;
    /// The sum of the numbers.
    async fn put(&self, rows: Stream<Row>) -> Result<u64, Wrong>;
    /// Takes one row and no more.
    async fn taste(&self, rows: Stream<Row>) -> u64;
    /// One row, and then an error.
    fn torn(&self) -> Stream<Row>;
    /// One row, and then a panic.
    fn cursed(&self) -> Stream<Row>;
    /// What another module answers, unseen.
    async fn forward(&self, count: u64) -> Result<Stream<u64>, Wrong>;
    /// Rows until nobody reads them; `told` says how many they were.
    fn endless(&self) -> Stream<Row>;
    /// How often the reader of `endless` went away, and with which status.
    async fn told(&self) -> i32;
    /// Opens so many streams, and answers the last.
    fn hoard(&self, count: u32) -> Stream<u64>;
}

/// Counts.
#[interface(id = "kit.count", version = "1.0.0")]
pub trait Count {
    /// The numbers up to `count`.
    async fn count(&self, count: u64) -> Stream<u64>;
}

/// How many ends of streams wait to be asked for.
const ENDS: usize = 16;

struct Store {
    counting: CountClient,
    told: (mpsc::Sender<i32>, tokio::sync::Mutex<mpsc::Receiver<i32>>),
    hoard: std::sync::Mutex<Vec<(Sender<u64>, Stream<u64>)>>,
}

fn row(number: u64, size: u32) -> Row {
    Row {
        number,
        cells: vec![7; size as usize].into(),
    }
}

fn wrong(error: &CallError) -> Wrong {
    Wrong {
        text: error.to_string(),
    }
}

#[module(name = "store", provides(Rows), requires(CountClient = "^1"))]
impl Module for Store {
    async fn start(context: Context, (): ()) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel(ENDS);
        Ok(Self {
            counting: context.client()?,
            told: (sender, receiver.into()),
            hoard: Default::default(),
        })
    }
}

impl Rows for Store {
    fn scan(&self, count: u64, size: u32) -> Result<Stream<Row>, Wrong> {
        Ok(Stream::from_iter((0..count).map(move |number| row(number, size))))
    }

    async fn page(&self, count: u64) -> Page {
        Page {
            count,
            rows: Stream::from_iter((0..count).map(|number| row(number, 1))),
        }
    }

    async fn put(&self, mut rows: Stream<Row>) -> Result<u64, Wrong> {
        let mut sum = 0;
        while let Some(row) = rows.next().await {
            sum += row.map_err(|error| wrong(&error))?.number;
        }
        Ok(sum)
    }

    async fn taste(&self, mut rows: Stream<Row>) -> u64 {
        rows.next().await.map_or(0, |row| row.map_or(0, |row| row.number))
    }

    fn torn(&self) -> Stream<Row> {
        Stream::produce(async |mut sender: Sender<Row>| {
            sender.send(&row(1, 1)).await.ok();
            sender.fail("the file is damaged");
        })
    }

    fn cursed(&self) -> Stream<Row> {
        Stream::produce(async |mut sender: Sender<Row>| {
            sender.send(&row(1, 1)).await.ok();
            panic!("a curse");
        })
    }

    async fn forward(&self, count: u64) -> Result<Stream<u64>, Wrong> {
        self.counting.count(&count).await.map_err(|error| wrong(&error))
    }

    fn endless(&self) -> Stream<Row> {
        let told = self.told.0.clone();
        Stream::produce(async move |mut sender: Sender<Row>| {
            loop {
                if let Err(closed) = sender.send(&row(1, 100_000)).await {
                    told.send(closed.status).await.ok();
                    return;
                }
            }
        })
    }

    async fn told(&self) -> i32 {
        self.told.1.lock().await.recv().await.unwrap_or(0)
    }

    fn hoard(&self, count: u32) -> Stream<u64> {
        let mut hoard = self.hoard.lock().expect("nobody panics");
        hoard.extend((0..count).map(|_| Stream::channel()));
        hoard.pop().expect("at least one").1
    }
}

struct Counter;

impl Count for Counter {
    async fn count(&self, count: u64) -> Stream<u64> {
        tokio::task::yield_now().await;
        Stream::from_iter(0..count)
    }
}

async fn store() -> (Running<Store>, RowsClient) {
    let bench = Bench::new().fake::<CountInterface, _>(Counter);
    let store = bench.start::<Store>(()).await.expect("it starts");
    let rows = store.client();
    (store, rows)
}

async fn all<T: backplane_sdk::Value>(mut stream: Stream<T>) -> (Vec<T>, Option<CallError>) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => return (items, Some(error)),
        }
    }
    (items, None)
}

fn host(status: i32, message: &str) -> CallError {
    CallError::Host {
        status,
        message: message.to_owned(),
    }
}

#[tokio::test]
async fn a_stream_is_read_in_order_however_large() {
    let (_store, rows) = store().await;
    let scan = rows.scan(&500, &10_000).await.expect("a stream");
    let (items, error) = all(scan).await;
    assert_eq!(error, None);
    assert!(items.iter().map(|row| row.number).eq(0..500));
    let empty = rows.scan(&0, &0).await.expect("a stream");
    assert_eq!(all(empty).await, (vec![], None));
    let page = rows.page(&3).await.expect("a page");
    assert_eq!((page.count, all(page.rows).await.0.len()), (3, 3));
}

#[tokio::test]
async fn a_thread_that_may_block_reads_and_writes() {
    let (store, rows) = store().await;
    let scan = rows.scan(&3, &1).await.expect("a stream");
    let (mut sender, upload) = store.channel();
    let write = move || (1..=100).try_for_each(|number| sender.wait_send(&row(number, 60_000)));
    let writing = tokio::task::spawn_blocking(write);
    assert_eq!(rows.put(&upload).await, Ok(5050));
    writing.await.expect("no panic").expect("all were taken");
    let read = move || {
        let mut scan = scan;
        std::iter::from_fn(|| scan.wait_next()).collect::<Result<Vec<_>, _>>()
    };
    let items = tokio::task::spawn_blocking(read).await.expect("no panic");
    assert_eq!(items.map(|it| it.len()), Ok(3));
}

#[tokio::test]
async fn what_breaks_off_ends_with_what_was_written_and_why() {
    let (_store, rows) = store().await;
    let (items, error) = all(rows.torn().await.expect("a stream")).await;
    assert_eq!(items, [row(1, 1)]);
    assert_eq!(error, Some(host(status::INTERNAL, "the file is damaged")));
    let (items, error) = all(rows.cursed().await.expect("a stream")).await;
    assert_eq!(items, [row(1, 1)]);
    let error = error.expect("not complete");
    assert_eq!(error.status(), status::PANICKED);
    assert!(error.to_string().contains("a curse"), "{error}");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_told_to_the_writer() {
    let (store, rows) = store().await;
    let mut endless = rows.endless().await.expect("a stream");
    assert!(endless.next().await.expect("an item").is_ok());
    drop(endless);
    assert_eq!(rows.told().await, Ok(status::CANCELLED));
    drop(rows.endless().await.expect("a stream"));
    assert_eq!(rows.told().await, Ok(status::CANCELLED));
    let (mut sender, upload) = store.channel();
    sender.send(&row(5, 1)).await.expect("there is room");
    assert_eq!(rows.taste(&upload).await, Ok(5));
    let closed = sender.send(&row(6, 1)).await.expect_err("nobody reads");
    assert_eq!(closed.to_string(), "cancelled: nobody reads the stream any more");
}

#[tokio::test]
async fn a_stream_is_passed_on_unread_and_taken_once() {
    let (store, rows) = store().await;
    let (items, error) = all(rows.forward(&1000).await.expect("a stream")).await;
    assert_eq!((items.len(), error), (1000, None));
    let (sender, upload) = store.channel();
    drop(sender);
    assert_eq!(rows.put(&upload).await, Ok(0));
    let error = rows.put(&upload).await.expect_err("it was taken");
    assert_eq!(error.status(), status::BAD_ARGUMENTS);
    assert!(error.to_string().contains("the stream was closed"), "{error}");
}

#[tokio::test]
async fn a_module_that_stops_ends_its_streams() {
    let (store, rows) = store().await;
    let mut endless = rows.endless().await.expect("a stream");
    assert!(endless.next().await.expect("an item").is_ok());
    store.stop().await.expect("it stops");
    let error = loop {
        match endless.next().await.expect("not complete") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error, host(status::UNAVAILABLE, "store was stopped"));
    assert!(endless.next().await.is_none(), "an error is the last");
}

#[tokio::test]
async fn too_many_streams_are_refused_by_name() {
    let (_store, rows) = store().await;
    let error = rows.hoard(&257).await.expect_err("refused");
    assert_eq!(
        error,
        host(status::BUSY, "store has 256 streams open, which is the limit")
    );
}

#[tokio::test]
async fn a_wait_ends_at_the_deadline_of_the_call() {
    let (store, rows) = store().await;
    let (sender, upload) = store.channel();
    let hurried = backplane_sdk::Client::with_deadline(&rows, Duration::from_millis(50));
    let error = hurried.put(&upload).await.expect_err("nothing comes");
    assert!(error.to_string().contains("the deadline has passed"), "{error}");
    drop(sender);
}

#[test]
fn a_thread_without_a_host_says_so() {
    let (mut sender, mut stream) = Stream::<u64>::channel();
    let closed = sender.wait_send(&1).expect_err("no host");
    let error = stream.wait_next().expect("an error").expect_err("no host");
    assert_eq!(closed.status, status::UNAVAILABLE);
    assert_eq!(error, host(closed.status, &closed.message));
    assert!(stream.wait_next().is_none());
}

#[test]
fn the_descriptor_says_stream() {
    let rendered =
        descriptor::fixed::render_interface::<8192>(<RowsInterface as backplane_sdk::Interface>::TY);
    let text = String::from_utf8_lossy(&rendered).into_owned();
    assert!(text.contains(r#"{"stream":{"record":{"name":"Row""#), "{text}");
}
