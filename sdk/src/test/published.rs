//! What the module publishes.

use super::board::Board;
use super::{BenchError, EVENT, EVENTS, lock, runtime};
use crate::attachment::{self, Attachment};
use crate::event::{Event, EventSpec};
use crate::value::Value as _;
use std::collections::{HashMap, VecDeque};
use std::marker::PhantomData;
use std::sync::Mutex;
use tokio::sync::Notify;

/// An event by the numbers of interface and event.
pub(super) type Key = (u32, u32);

#[derive(Default)]
pub(super) struct Published {
    topics: Mutex<HashMap<Key, Topic>>,
    news: Notify,
}

#[derive(Default)]
struct Topic {
    /// How many were published.
    count: u64,
    kept: VecDeque<Data>,
}

#[derive(Clone)]
pub(super) struct Data {
    pub(super) payload: Vec<u8>,
    pub(super) attachments: Vec<Attachment>,
}

impl Published {
    pub(super) fn add(&self, key: Key, data: Data) {
        let mut topics = lock(&self.topics);
        let topic = topics.entry(key).or_default();
        if topic.kept.len() >= EVENTS {
            topic.kept.pop_front();
        }
        topic.kept.push_back(data);
        topic.count += 1;
        drop(topics);
        self.news.notify_waiters();
    }

    pub(super) fn clear(&self) {
        lock(&self.topics).clear();
    }

    /// The first event after number `seen` that is kept, with its number.
    fn after(&self, key: Key, seen: u64) -> Option<(u64, Data)> {
        let topics = lock(&self.topics);
        let topic = topics.get(&key)?;
        let gone = topic.count - topic.kept.len() as u64;
        let index = seen.max(gone);
        let data = topic.kept.get((index - gone) as usize)?;
        Some((index + 1, data.clone()))
    }
}

/// The events of one kind that a module has published, from the first one on. The last 1024 are kept; a reader
/// that is slower sees the gap in [`Event::lost`].
pub struct Received<E> {
    board: &'static Board,
    key: Key,
    seen: u64,
    event: PhantomData<fn() -> E>,
}

impl<E: EventSpec> Received<E> {
    pub(super) const fn new(board: &'static Board, key: Key) -> Self {
        Self {
            board,
            key,
            seen: 0,
            event: PhantomData,
        }
    }

    /// The next event, which must come within 10 s. Cancel safe.
    ///
    /// # Errors
    /// It did not come, or its body is not readable.
    pub async fn next(&mut self) -> Result<Event<E::Body>, BenchError> {
        let waiting = {
            let _clock = runtime().enter();
            tokio::time::timeout(EVENT, self.arrival())
        };
        if waiting.await.is_err() {
            return Err(BenchError::Event(format!(
                "no event {}.{} within {EVENT:?}",
                E::INTERFACE.id,
                E::NAME
            )));
        }
        self.try_next()
            .unwrap_or_else(|| Err(BenchError::Event("the bench was cleared".to_owned())))
    }

    /// The next event, if it was published already.
    ///
    /// # Errors
    /// Its body is not readable.
    pub fn try_next(&mut self) -> Option<Result<Event<E::Body>, BenchError>> {
        let (sequence, data) = self.board.published.after(self.key, self.seen)?;
        let lost = sequence - self.seen - 1;
        self.seen = sequence;
        let decode = || E::Body::decode(&data.payload);
        let body = attachment::provide(Some(&self.board.handle()), data.attachments, decode);
        let event = |body| Event {
            body,
            sequence,
            lost,
            publisher: self.board.name().to_owned(),
        };
        Some(
            body.map(event)
                .map_err(|error| BenchError::Event(format!("{}.{}: {error}", E::INTERFACE.id, E::NAME))),
        )
    }

    async fn arrival(&self) {
        let mut news = std::pin::pin!(self.board.published.news.notified());
        loop {
            news.as_mut().enable();
            if self.board.published.after(self.key, self.seen).is_some() {
                return;
            }
            news.as_mut().await;
            news.set(self.board.published.news.notified());
        }
    }
}
