//! The test kit, with a module that does a little of everything.

use backplane_sdk::plugin_api::{level, status};
use backplane_sdk::prelude::*;
use backplane_sdk::test::{Bench, BenchError, Running};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Keeps notes.
#[interface(id = "kit.notes", version = "1.2.0")]
pub trait Notes {
    /// Keeps `text`, with a picture of any size.
    async fn put(&self, text: String, picture: Blob) -> Result<u64, Full>;
    /// Something was noted elsewhere.
    #[event]
    fn noted(note: Note);
}

/// There is no room.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// For any note.
    #[error("the disk is full")]
    Disk,
    /// For one so long.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: u32,
    },
}

/// A note.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// What it shows.
    pub picture: Blob,
}

/// Writes.
#[interface(id = "kit.pen", version = "1.0.0")]
pub trait Pen {
    /// How many words were written.
    fn words(&self) -> u64;
    /// Writes a word, and notes it.
    async fn write(&self, word: String) -> Result<u64, Full>;
    /// Waits until it is let go.
    #[deadline(60000)]
    async fn wait(&self);
    /// Panics at once.
    fn panic_now(&self);
    /// Panics later.
    async fn panic_later(&self);
    /// The same picture.
    fn mirror(&self, picture: Blob) -> Blob;
    /// Who calls, as a number.
    fn caller(&self) -> Option<u16>;
    /// What was heard so far.
    fn heard(&self) -> Vec<String>;
    /// Who calls, by name: asked at once, and again on another thread.
    async fn names(&self) -> Vec<Option<String>>;
    /// A word was written.
    #[event]
    fn written(word: String);
}

/// How to write.
#[record]
pub struct Config {
    /// What comes before each word.
    #[default("*")]
    pub mark: String,
}

/// What a successor takes over.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// How many words were written.
    pub words: u64,
}

struct Quill {
    mark: String,
    words: AtomicU64,
    heard: Mutex<Vec<String>>,
    notes: NotesClient,
    events: PenEvents,
    waiting: Arc<Counter>,
}

/// Counts who is within `wait`, whether it ends or is cancelled.
#[derive(Default)]
struct Counter(AtomicU64);

struct Within(Arc<Counter>);

impl Drop for Within {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[module(
    name = "quill",
    linked,
    provides(Pen),
    requires(NotesClient = "^1.1"),
    subscribes(notes_events::Noted = on_noted),
    state(version = 2, reads(1, 2))
)]
impl Module for Quill {
    type Config = Config;
    type State = Words;

    fn check(config: &Config) -> Result<(), Error> {
        if config.mark.is_empty() {
            Err("mark: must not be empty".into())
        } else {
            Ok(())
        }
    }

    async fn start(context: Context, config: Config) -> Result<Self, Error> {
        if config.mark == "never" {
            std::future::pending::<()>().await;
        }
        tracing::info!(mark = config.mark, "the quill is ready");
        Ok(Self {
            mark: config.mark,
            words: AtomicU64::new(0),
            heard: Mutex::default(),
            notes: context.client()?,
            events: context.events(),
            waiting: Arc::default(),
        })
    }

    async fn export(&self) -> Result<Words, Error> {
        Ok(Words { words: self.words() })
    }

    async fn import(&self, version: u32, state: Words) -> Result<(), Error> {
        let factor = if version == 1 { 100 } else { 1 };
        self.words.store(state.words * factor, Ordering::SeqCst);
        Ok(())
    }
}

impl Quill {
    async fn on_noted(&self, event: Event<Note>) {
        tokio::task::yield_now().await;
        assert!(event.text != "poison", "the note is poisoned");
        let line = format!("{} {} {}", event.sequence, event.text, event.picture.len());
        self.heard.lock().expect("no panic").push(line);
    }
}

impl Pen for Quill {
    fn words(&self) -> u64 {
        self.words.load(Ordering::SeqCst)
    }

    async fn write(&self, word: String) -> Result<u64, Full> {
        let text = format!("{}{word}", self.mark);
        match self.notes.put(&text, &Blob::from(vec![7; 3])).await {
            Ok(_) => {}
            Err(CallError::Interface(full)) => return Err(full),
            Err(other) => {
                tracing::warn!("no note: {other}");
                return Err(Full::Disk);
            }
        }
        self.events.written(&word).await.ok();
        Ok(self.words.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn wait(&self) {
        self.waiting.0.fetch_add(1, Ordering::SeqCst);
        let _within = Within(Arc::clone(&self.waiting));
        std::future::pending().await
    }

    fn panic_now(&self) {
        panic!("now, as asked");
    }

    async fn panic_later(&self) {
        tokio::task::yield_now().await;
        panic!("later, as asked");
    }

    fn mirror(&self, picture: Blob) -> Blob {
        picture
    }

    fn caller(&self) -> Option<u16> {
        backplane_sdk::current_caller()
    }

    async fn names(&self) -> Vec<Option<String>> {
        let at_once = backplane_sdk::current_caller_name();
        tokio::task::yield_now().await;
        vec![at_once, backplane_sdk::current_caller_name()]
    }

    fn heard(&self) -> Vec<String> {
        let within = format!("{} wait", self.waiting.0.load(Ordering::SeqCst));
        [self.heard.lock().expect("no panic").clone(), vec![within]].concat()
    }
}

/// Takes notes once it is let go.
struct Book {
    notes: Mutex<Vec<(String, usize)>>,
    may: Semaphore,
}

impl Book {
    fn new(may: usize) -> Arc<Self> {
        let (notes, may) = (Mutex::default(), Semaphore::new(may));
        Arc::new(Self { notes, may })
    }
}

impl Notes for Book {
    async fn put(&self, text: String, picture: Blob) -> Result<u64, Full> {
        self.may.acquire().await.expect("open").forget();
        assert!(text != "*panic", "the book burns");
        if text.len() > 10 {
            return Err(Full::TooLong { limit: 10 });
        }
        let mut notes = self.notes.lock().expect("no panic");
        notes.push((text, picture.len()));
        Ok(notes.len() as u64)
    }
}

async fn quill(book: &Arc<Book>) -> Running<Quill> {
    let bench = Bench::new().shared_fake::<NotesInterface, _>(Arc::clone(book));
    bench.start_json(serde_json::json!({})).await.expect("it starts")
}

fn host_error<E>(status: i32, message: &str) -> CallError<E> {
    let message = message.to_owned();
    CallError::Host { status, message }
}

#[tokio::test]
async fn a_call_reaches_the_module_and_the_fake_with_its_arguments() {
    let book = Book::new(9);
    let quill = quill(&book).await;
    let pen: PenClient = quill.client();
    assert_eq!(pen.write(&"ink".to_owned()).await, Ok(1));
    assert_eq!(pen.words().await, Ok(1));
    assert_eq!(*book.notes.lock().expect("no panic"), [("*ink".to_owned(), 3)]);
    let error = pen.write(&"a long word".to_owned()).await;
    assert_eq!(error, Err(CallError::Interface(Full::TooLong { limit: 10 })));
}

#[tokio::test]
async fn a_call_that_waits_for_a_fake_is_answered_later() {
    let book = Book::new(0);
    let quill = quill(&book).await;
    let pen: PenClient = quill.client();
    let word = "ink".to_owned();
    let writing = pen.write(&word);
    assert_eq!(pen.words().await, Ok(0));
    book.may.add_permits(1);
    assert_eq!(writing.await, Ok(1));
}

#[test]
fn a_test_without_an_executor_may_block() {
    let book = Book::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let quill = runtime.block_on(quill(&book));
    let pen: PenClient = quill.client();
    let word = "ink".to_owned();
    let writing = pen.write(&word);
    book.may.add_permits(1);
    assert_eq!(writing.wait(), Ok(1));
}

#[tokio::test]
async fn a_panic_becomes_the_answer_and_the_module_goes_on() {
    let quill = quill(&Book::new(9)).await;
    let pen: PenClient = quill.client();
    for call in [pen.panic_now(), pen.panic_later()] {
        let error = call.await.expect_err("it panics");
        assert_eq!(error.status(), status::PANICKED);
        assert!(error.to_string().contains(", as asked"), "{error}");
    }
    assert_eq!(pen.words().await, Ok(0));
    let logs = quill.logs();
    let panics: Vec<_> = logs.iter().filter(|line| line.target == "panic").collect();
    assert_eq!(panics.len(), 2, "{logs:?}");
}

#[tokio::test]
async fn a_panic_of_the_fake_reaches_the_module_as_an_error() {
    let quill = quill(&Book::new(9)).await;
    let pen: PenClient = quill.client();
    assert_eq!(
        pen.write(&"panic".to_owned()).await,
        Err(CallError::Interface(Full::Disk))
    );
    let logs = quill.logs();
    let warning = logs
        .iter()
        .find(|line| line.level == level::WARN)
        .expect("it warns");
    assert_eq!(
        warning.message,
        "no note: panicked: the fake panicked: the book burns"
    );
}

#[tokio::test]
async fn an_event_is_handled_before_emit_returns() {
    let quill = quill(&Book::new(9)).await;
    let pen: PenClient = quill.client();
    for text in ["one", "two"] {
        let (text, picture) = (text.to_owned(), Blob::from(vec![1; 5]));
        let note = Note { text, picture };
        quill
            .emit::<notes_events::Noted>(&note)
            .await
            .expect("it is handled");
    }
    assert_eq!(
        pen.heard().await,
        Ok(["1 one 5", "2 two 5", "0 wait"].map(str::to_owned).to_vec())
    );
    let (text, picture) = ("poison".to_owned(), Blob::default());
    let error = quill.emit::<notes_events::Noted>(&Note { text, picture }).await;
    let error = error.expect_err("the handler panics");
    assert_eq!(error.status(), status::PANICKED);
    assert!(error.to_string().contains("the note is poisoned"), "{error}");
    let error = quill.emit::<pen_events::Written>(&"ink".to_owned()).await;
    let message = "quill does not subscribe to kit.pen.written";
    assert_eq!(error, Err(host_error(status::NOT_FOUND, message)));
}

#[tokio::test]
async fn what_the_module_publishes_is_received_in_order() {
    let quill = quill(&Book::new(9)).await;
    let pen: PenClient = quill.client();
    pen.write(&"one".to_owned()).await.expect("written");
    let mut written = quill.events::<pen_events::Written>();
    pen.write(&"two".to_owned()).await.expect("written");
    for (sequence, expected) in [(1, "one"), (2, "two")] {
        let event = written.next().await.expect("it comes");
        assert_eq!(
            (event.sequence, &*event.body, event.lost),
            (sequence, expected, 0)
        );
        assert_eq!(event.publisher, "quill");
    }
    assert!(written.try_next().is_none());
}

#[tokio::test]
async fn a_slow_reader_of_events_sees_the_gap() {
    let quill = quill(&Book::new(1100)).await;
    let pen: PenClient = quill.client();
    let mut written = quill.events::<pen_events::Written>();
    for _ in 0..1030 {
        pen.write(&"one".to_owned()).await.expect("written");
    }
    let event = written.next().await.expect("it comes");
    assert_eq!((event.sequence, event.lost), (7, 6));
    assert_eq!(written.next().await.expect("it comes").lost, 0);
}

#[tokio::test]
async fn a_missing_fake_and_one_of_the_wrong_version_are_named() {
    let config = || Config { mark: "*".to_owned() };
    let error = Bench::new()
        .start::<Quill>(config())
        .await
        .err()
        .expect("refused");
    assert_eq!(
        error.to_string(),
        "quill requires kit.notes ^1.1, for which there is no fake: add one with Bench::fake"
    );
    /// The interface before `^1.1`.
    mod old {
        use backplane_sdk::interface;
        /// Keeps notes.
        #[interface(id = "kit.notes", version = "1.0.0")]
        pub(crate) trait OldNotes {
            /// How many there are.
            fn count(&self) -> u64;
        }
    }
    struct Old;
    impl old::OldNotes for Old {
        fn count(&self) -> u64 {
            0
        }
    }
    let bench = Bench::new().fake::<old::OldNotesInterface, _>(Old);
    let error = bench.start::<Quill>(config()).await.err().expect("refused");
    assert_eq!(
        error.to_string(),
        "quill requires kit.notes ^1.1, but the fake is of 1.0.0"
    );
}

#[tokio::test]
async fn a_provider_that_is_gone_is_an_error_that_the_module_sees() {
    let bench = Bench::new().failing::<NotesInterface>(status::UNAVAILABLE, "kit.notes is being restarted");
    let quill = bench
        .start_json::<Quill>(serde_json::json!({}))
        .await
        .expect("it starts");
    let pen: PenClient = quill.client();
    assert_eq!(
        pen.write(&"ink".to_owned()).await,
        Err(CallError::Interface(Full::Disk))
    );
    assert!(
        quill
            .logs()
            .iter()
            .any(|it| it.message == "no note: unavailable: kit.notes is being restarted")
    );
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_the_field() {
    let bench = || Bench::new().shared_fake::<NotesInterface, _>(Book::new(0));
    let mark = String::new();
    let error = bench()
        .start::<Quill>(Config { mark })
        .await
        .err()
        .expect("refused");
    assert_eq!(error.to_string(), "start: internal: mark: must not be empty");
    let error = bench().start_json::<Quill>(serde_json::json!({"mark": 1})).await;
    let message = error.err().expect("refused").to_string();
    assert!(
        message.contains("configuration: ") && message.contains("expected a string"),
        "{message}"
    );
}

#[tokio::test]
async fn a_start_that_hangs_is_given_up() {
    let bench = Bench::new().shared_fake::<NotesInterface, _>(Book::new(0));
    let (mark, limit) = ("never".to_owned(), Duration::from_millis(50));
    let error = bench.limit(limit).start::<Quill>(Config { mark }).await.err();
    assert_eq!(error, Some(BenchError::Late { what: "start", limit }));
}

#[tokio::test]
async fn the_state_goes_from_one_instance_to_the_next() {
    let (old, new) = (quill(&Book::new(9)).await, quill(&Book::new(9)).await);
    let pen: PenClient = old.client();
    pen.write(&"ink".to_owned()).await.expect("written");
    let state = old.export().await.expect("it exports");
    assert_eq!(state, Words { words: 1 });
    new.import(2, &state).await.expect("it imports");
    assert_eq!(new.client::<PenClient>().words().await, Ok(1));
    new.import(1, &state).await.expect("it imports");
    assert_eq!(new.client::<PenClient>().words().await, Ok(100));
    let error = new.import(3, &state).await.expect_err("refused");
    assert_eq!(error.to_string(), "quill reads the state versions [1, 2], not 3");
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_in_the_module() {
    let quill = quill(&Book::new(0)).await;
    let pen: PenClient = quill.client();
    let waiting = pen.wait();
    assert_eq!(pen.heard().await, Ok(vec!["1 wait".to_owned()]));
    drop(waiting);
    until(async || pen.heard().await == Ok(vec!["0 wait".to_owned()])).await;
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_with_a_timeout() {
    let quill = quill(&Book::new(0)).await;
    let pen: PenClient = quill.client();
    let hurried = pen.with_deadline(Duration::from_millis(20));
    assert_eq!(
        hurried.wait().await,
        Err(host_error(status::TIMEOUT, "the deadline has passed"))
    );
    until(async || pen.heard().await == Ok(vec!["0 wait".to_owned()])).await;
    // The deadline goes along to the fake, which never answers.
    let error = hurried.write(&"ink".to_owned()).await.expect_err("too late");
    assert!(
        error.status() == status::TIMEOUT || error == CallError::Interface(Full::Disk),
        "{error:?}"
    );
}

#[tokio::test]
async fn blobs_travel_beside_the_payload_both_ways() {
    let quill = quill(&Book::new(0)).await;
    let pen: PenClient = quill.client();
    for picture in [Blob::default(), Blob::from(vec![9; 1 << 20])] {
        assert_eq!(pen.mirror(&picture).await, Ok(picture));
    }
}

#[tokio::test]
async fn callers_are_told_apart() {
    let quill = quill(&Book::new(0)).await;
    let (one, other): (PenClient, PenClient) = (quill.client(), quill.client_as("other"));
    let (first, second) = (
        one.caller().await.expect("it answers"),
        other.caller().await.expect("it answers"),
    );
    assert!(first.is_some() && second.is_some() && first != second);
    assert_eq!(quill.client::<PenClient>().caller().await, Ok(first));

    let names = other.names().await.expect("it answers");
    assert_eq!(names, [Some("other".to_owned()), Some("other".to_owned())]);
    assert_eq!(backplane_sdk::current_caller_name(), None);
}

#[tokio::test]
async fn what_the_module_logs_is_kept_with_its_fields() {
    let quill = quill(&Book::new(0)).await;
    let logs = quill.logs();
    let line = logs
        .iter()
        .find(|line| line.message == "the quill is ready")
        .expect("it is logged");
    assert_eq!((line.level, &*line.fields), (level::INFO, r#"{"mark":"*"}"#));
    assert!(line.target.contains("kit"), "{}", line.target);
}

#[tokio::test]
async fn a_module_that_has_stopped_says_so() {
    let quill = quill(&Book::new(0)).await;
    let pen: PenClient = quill.client();
    let waiting = pen.wait();
    quill.stop().await.expect("it stops");
    let error = waiting.await.expect_err("nobody answers");
    assert!(
        [status::CANCELLED, status::STOPPING].contains(&error.status()),
        "{error}"
    );
    assert_eq!(
        pen.words().await,
        Err(host_error(status::STOPPING, "the module has stopped"))
    );
    assert_eq!(quill.export().await, Err(BenchError::Stopped));
    quill.stop().await.expect("stopping twice does nothing");
}

async fn until(done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("it comes true");
}
