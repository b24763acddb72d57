//! What the tests of the store have in common.
#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod steps;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use storage_plugin::{Ack, Batch, FailedWriteHook, Key, Options, Row, Scan, Session, Store, encoding};
use tempfile::TempDir;

pub(crate) fn store() -> (TempDir, Store) {
    store_with(Options::default())
}

pub(crate) fn store_with(options: Options) -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().join("data"), options).unwrap();
    (directory, store)
}

pub(crate) fn key(number: i64) -> Key {
    encoding::key(&number).unwrap()
}

/// All rows, page after page.
pub(crate) fn rows(session: &Session, category: &str, mut scan: Scan) -> Vec<Row> {
    let mut rows = Vec::new();
    loop {
        let page = session.scan(category, &scan).unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => scan.after = Some(next),
            None => return rows,
        }
    }
}

pub(crate) fn numbers(session: &Session, category: &str, scan: Scan) -> Vec<i64> {
    rows(session, category, scan)
        .iter()
        .map(|row| encoding::decode(row.key.as_bytes()).unwrap())
        .collect()
}

/// Polls `condition` until it holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Stops the writer of a job inside the report of a failed write, for as long as the test wants.
pub(crate) struct Brake {
    pub(crate) hook: FailedWriteHook,
    stopped: Receiver<()>,
    go_on: Sender<()>,
}

impl Brake {
    pub(crate) fn new() -> Brake {
        let (report, stopped) = channel();
        let (go_on, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let hook: FailedWriteHook = Arc::new(move |_| {
            let _ = report.send(());
            let _ = wait.lock().unwrap().recv_timeout(Duration::from_secs(20));
        });
        Brake { hook, stopped, go_on }
    }

    /// Makes a write fail that nobody waits for, and returns when the writer stands.
    pub(crate) fn pull(&self, session: &Session) {
        let conflict = Batch::new().expect("brake", [], Some(Vec::new()));
        session.persist(conflict, Ack::Queued).unwrap().wait().unwrap();
        self.stopped.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    pub(crate) fn release(&self) {
        self.go_on.send(()).unwrap();
    }
}
