//! The last events of a topic, which are there once for all its subscribers.
//!
//! As long as every subscriber has room, an event is written here and nowhere else, and each subscriber reads it
//! from its own place. When one has no room left, all get what they have not read into their queues, which know
//! what to do.

use super::Data;
use super::queue::{Item, Publication, Pushed, Queue};
use crate::limits;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

/// Events, and how far each subscriber has read.
#[derive(Default)]
pub(crate) struct Log {
    events: VecDeque<Arc<Data>>,
    /// The place of the first of them; places are counted from the beginning of the topic.
    first: u64,
    /// How many events there may be, so that they would all go into any of the queues.
    room: usize,
    subscribers: Vec<Subscriber>,
    /// How many subscribers there have been.
    numbered: u64,
    /// How many of them sleep.
    asleep: usize,
}

struct Subscriber {
    number: u64,
    queue: Arc<Queue>,
    /// There is something in the queue, or was lately.
    behind: bool,
    /// The place of the first event that it has not got.
    next: u64,
    /// Wakes the subscriber, which sleeps because there is nothing to read.
    sleeper: Option<Waker>,
}

/// What [`Log::read`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// All there is, up to a batch; the reader is woken when it was nothing.
    Done,
    /// What is in the queue comes first.
    Queue,
}

impl Log {
    fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// Adds a subscriber, which gets what comes from now on, and what its queue holds already. Its number.
    pub(crate) fn subscribe(&mut self, queue: Arc<Queue>) -> u64 {
        self.numbered += 1;
        self.room = self.room.min(queue.room());
        self.subscribers.push(Subscriber {
            number: self.numbered,
            queue,
            behind: true,
            next: self.end(),
            sleeper: None,
        });
        self.numbered
    }

    /// Removes a subscriber.
    pub(crate) fn unsubscribe(&mut self, number: u64) {
        self.subscribers.retain(|it| it.number != number);
        self.asleep = self.subscribers.iter().filter(|it| it.sleeper.is_some()).count();
        self.forget();
    }

    /// Gives the event to all subscribers, and puts those that slept into `awake`. Whether one of them had too
    /// many that wait already. `publication` is made when the publisher has to wait.
    pub(crate) fn admit(
        &mut self,
        event: &Arc<Data>,
        publication: &mut dyn FnMut() -> Arc<Publication>,
        awake: &mut Vec<Waker>,
    ) -> bool {
        if self.subscribers.is_empty() {
            return false;
        }
        let mut refused = false;
        if self.events.len() < self.room {
            self.events.push_back(Arc::clone(event));
        } else {
            self.fall_behind();
            for subscriber in &mut self.subscribers {
                subscriber.behind = true;
                refused |= matches!(subscriber.queue.push(event, publication), Pushed::Refused);
            }
            self.room = self
                .subscribers
                .iter()
                .map(|it| it.queue.room())
                .min()
                .unwrap_or(0);
        }
        if self.asleep > 0 {
            awake.extend(self.subscribers.iter_mut().filter_map(|it| it.sleeper.take()));
            self.asleep = 0;
        }
        refused
    }

    /// Puts what is not read into the queues.
    fn fall_behind(&mut self) {
        for subscriber in &mut self.subscribers {
            let read = (subscriber.next - self.first) as usize;
            subscriber.queue.extend(self.events.range(read..));
            subscriber.behind |= read < self.events.len();
        }
        let end = self.end();
        self.subscribers.iter_mut().for_each(|it| it.next = end);
        self.forget();
    }

    /// Forgets what everybody has read.
    fn forget(&mut self) {
        let next = self
            .subscribers
            .iter()
            .map(|it| it.next)
            .min()
            .unwrap_or(self.end());
        self.events.drain(..(next - self.first) as usize);
        self.first = next;
    }

    /// Reads up to [`limits::EVENT_BATCH`] events. `sleeper` is woken by the next when there is none.
    pub(crate) fn read(&mut self, number: u64, into: &mut VecDeque<Item>, sleeper: &Waker) -> Read {
        let Some(subscriber) = self.subscribers.iter_mut().find(|it| it.number == number) else {
            return Read::Done;
        };
        if subscriber.behind {
            if subscriber.queue.len() > 0 {
                return Read::Queue;
            }
            subscriber.behind = false;
        }
        let read = (subscriber.next - self.first) as usize;
        let count = (self.events.len() - read).min(limits::EVENT_BATCH);
        if count == 0 {
            self.asleep += usize::from(subscriber.sleeper.is_none());
            subscriber.sleeper = Some(sleeper.clone());
            return Read::Done;
        }
        into.extend(self.events.range(read..read + count).map(|event| Item {
            event: Arc::clone(event),
            lost: 0,
        }));
        subscriber.next += count as u64;
        if read == 0 {
            self.forget();
        }
        Read::Done
    }

    /// How many events the subscriber has not got.
    pub(crate) fn waiting(&self, number: u64) -> usize {
        let subscriber = self.subscribers.iter().find(|it| it.number == number);
        subscriber.map_or(0, |it| it.queue.len() + (self.end() - it.next) as usize)
    }
}
