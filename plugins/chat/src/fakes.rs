//! Ports in memory, for tests.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use crate::{
    Clock, History, PortError, Relay, Room, RoomConfig, Scan, WakuMessage, ports::Row, record::NANOS,
};

/// A relay that writes down what it is asked to do.
#[derive(Clone, Default)]
pub(crate) struct FakeRelay {
    pub(crate) published: Arc<Mutex<Vec<(String, WakuMessage)>>>,
    pub(crate) subscribed: Arc<Mutex<Vec<(String, String)>>>,
    /// What the next publish answers instead of working.
    pub(crate) refuse: Arc<Mutex<Option<PortError>>>,
}

impl Relay for FakeRelay {
    async fn subscribe(&self, pubsub_topic: &str, content_topic: &str) -> Result<(), PortError> {
        self.subscribed
            .lock()
            .unwrap()
            .push((pubsub_topic.into(), content_topic.into()));
        Ok(())
    }

    async fn publish(&self, pubsub_topic: &str, message: &WakuMessage) -> Result<(), PortError> {
        if let Some(error) = self.refuse.lock().unwrap().take() {
            return Err(error);
        }
        self.published
            .lock()
            .unwrap()
            .push((pubsub_topic.into(), message.clone()));
        Ok(())
    }
}

/// A store that outlives the rooms on it.
#[derive(Clone, Default)]
pub(crate) struct FakeHistory {
    pub(crate) rows: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    /// Writes that still succeed before the store breaks; none breaks when absent.
    pub(crate) writes_left: Arc<Mutex<Option<usize>>>,
}

impl FakeHistory {
    fn write(&self) -> Result<(), PortError> {
        match &mut *self.writes_left.lock().unwrap() {
            Some(0) => Err(PortError::Refused("disk full".into())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl History for FakeHistory {
    async fn put_if_absent(&self, key: Vec<u8>, value: Vec<u8>) -> Result<bool, PortError> {
        self.write()?;
        let mut rows = self.rows.lock().unwrap();
        let new = !rows.contains_key(&key);
        rows.entry(key).or_insert(value);
        Ok(new)
    }

    async fn put(&self, key: Vec<u8>, value: Vec<u8>) -> Result<(), PortError> {
        self.write()?;
        self.rows.lock().unwrap().insert(key, value);
        Ok(())
    }

    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, PortError> {
        let rows = self.rows.lock().unwrap();
        if scan.start >= scan.end {
            return Ok(Vec::new());
        }
        let range = rows
            .range(scan.start..scan.end)
            .map(|(k, v)| (k.clone(), v.clone()));
        Ok(if scan.reverse {
            range.rev().take(scan.limit).collect()
        } else {
            range.take(scan.limit).collect()
        })
    }
}

/// A room on fakes, with a clock that stands still until it is set.
pub(crate) struct Bench {
    pub(crate) relay: FakeRelay,
    pub(crate) history: FakeHistory,
    pub(crate) now: Arc<AtomicI64>,
}

impl Bench {
    /// The clock stands half a second after the second of the golden vector.
    pub(crate) fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1633024800 * NANOS + NANOS / 2));
        Self {
            relay: FakeRelay::default(),
            history: FakeHistory::default(),
            now,
        }
    }

    /// Opens the room, again after a first time as after a restart.
    pub(crate) async fn room(&self) -> Room<FakeRelay, FakeHistory> {
        let config = RoomConfig {
            default_nick: "alice".into(),
            ..RoomConfig::default()
        };
        Room::open(config, self.clock(), self.relay.clone(), self.history.clone())
            .await
            .unwrap()
    }

    pub(crate) fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now);
        Box::new(move || now.load(Ordering::Relaxed))
    }

    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.now.fetch_add(seconds * NANOS, Ordering::Relaxed);
    }
}
