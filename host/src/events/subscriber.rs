//! A subscriber, as its topic and its reader share it.

use super::Data;
use super::block::{Block, Place};
use super::queue::{Publication, Pushed, Queue};
use super::taken::Taken;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a subscriber reads, and the queue that it has for what the log has no room for.
///
/// Locks are taken in this order: topic, place, queue.
pub(crate) struct Subscriber {
    pub(super) queue: Queue,
    reading: Mutex<Reading>,
    /// How many events of the log it has got. The publisher looks at it without a lock.
    got: AtomicU64,
}

struct Reading {
    place: Place,
    /// There is something in the queue, or was lately.
    behind: bool,
}

/// What [`Subscriber::read`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Some events of the log.
    Some,
    /// What is in the queue comes first.
    Queue,
    /// There is none.
    None,
}

impl Subscriber {
    /// Reads from `next` of the block on, where there have been `written` events.
    pub(super) fn new(queue: Queue, block: &Arc<Block>, next: usize, written: u64) -> Arc<Self> {
        let place = Place::new(block, next);
        Arc::new(Self {
            queue,
            reading: Mutex::new(Reading { place, behind: true }),
            got: AtomicU64::new(written),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many events of the log it has got, or lately had.
    pub(super) fn got(&self) -> u64 {
        self.got.load(Ordering::Relaxed)
    }

    /// Takes some of the events that are there.
    pub(super) fn read(&self, into: &mut Taken) -> Read {
        let mut reading = self.lock();
        if reading.behind {
            if self.queue.len() > 0 {
                return Read::Queue;
            }
            reading.behind = false;
        }
        let Some(span) = reading.place.advance() else {
            return Read::None;
        };
        self.got.fetch_add(span.len() as u64, Ordering::Relaxed);
        into.read(span);
        Read::Some
    }

    /// Puts the event into the queue, after what is not read of the `written` events of the log. Whether there is no
    /// room even to wait. Only with the lock of the topic.
    pub(super) fn pass(
        &self,
        event: &Arc<Data>,
        written: u64,
        publication: &mut dyn FnMut() -> Arc<Publication>,
    ) -> bool {
        let mut reading = self.lock();
        while let Some(span) = reading.place.advance() {
            self.queue.extend(span.events());
        }
        self.got.store(written, Ordering::Relaxed);
        reading.behind = true;
        matches!(self.queue.push(event, publication), Pushed::Refused)
    }

    /// Lets go of a block that is ended and read to its end.
    pub(super) fn leave(&self) {
        self.lock().place.leave();
    }
}
