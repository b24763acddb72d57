//! The last events of a topic, which are there once for all its subscribers.
//!
//! As long as every subscriber has room, an event is written here and nowhere else, and each subscriber reads it
//! from its own place. When one has no room left, all get what they have not read into their queues, which know
//! what to do.
//!
//! Whoever reads takes whole blocks of events, which never change once somebody may have them: so the lock is held
//! for a moment only, however many events and readers there are.

use super::Data;
use super::queue::{Publication, Pushed, Queue};
use super::taken::{Block, Taken};
use crate::limits;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

/// Events, and how far each subscriber has read.
#[derive(Default)]
pub(crate) struct Log {
    /// What somebody has not read yet.
    blocks: VecDeque<Arc<Block>>,
    /// The number of the first of them; blocks are counted from the beginning of the topic.
    first: u64,
    /// What comes after them, and nobody has read.
    latest: Block,
    /// How many events there are.
    held: usize,
    /// How many there may be, so that they would all go into any of the queues.
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
    /// The number of the first block that it has not got.
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
    /// The number of the block that the next event goes into.
    fn end(&self) -> u64 {
        self.first + self.blocks.len() as u64
    }

    /// The blocks from that number on.
    fn from(&self, number: u64) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.range((number - self.first) as usize..)
    }

    /// Closes the latest block, so that it can be read.
    fn seal(&mut self) {
        if !self.latest.is_empty() {
            self.blocks.push_back(Arc::new(std::mem::take(&mut self.latest)));
        }
    }

    /// Adds a subscriber, which gets what comes from now on, and what its queue holds already. Its number.
    pub(crate) fn subscribe(&mut self, queue: Arc<Queue>) -> u64 {
        self.numbered += 1;
        self.room = self.room.min(queue.room());
        self.seal();
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
        event: Arc<Data>,
        publication: &mut dyn FnMut() -> Arc<Publication>,
        awake: &mut Vec<Waker>,
    ) -> bool {
        if self.subscribers.is_empty() {
            return false;
        }
        let refused = if self.held < self.room {
            self.write(event);
            false
        } else {
            self.pass(&event, publication)
        };
        if self.asleep > 0 {
            awake.extend(self.subscribers.iter_mut().filter_map(|it| it.sleeper.take()));
            self.asleep = 0;
        }
        refused
    }

    fn write(&mut self, event: Arc<Data>) {
        self.latest.push(event);
        self.held += 1;
        if self.latest.len() == limits::EVENT_BATCH {
            self.seal();
        }
    }

    /// Puts the event into all queues, after what is not read. Whether one of them had no room even to wait.
    fn pass(&mut self, event: &Arc<Data>, publication: &mut dyn FnMut() -> Arc<Publication>) -> bool {
        self.fall_behind();
        let mut refused = false;
        for subscriber in &mut self.subscribers {
            subscriber.behind = true;
            refused |= matches!(subscriber.queue.push(event, publication), Pushed::Refused);
        }
        let rooms = self.subscribers.iter().map(|it| it.queue.room());
        self.room = rooms.min().unwrap_or(0);
        refused
    }

    /// Puts what is not read into the queues.
    fn fall_behind(&mut self) {
        self.seal();
        let end = self.end();
        let mut subscribers = std::mem::take(&mut self.subscribers);
        for subscriber in &mut subscribers {
            subscriber.behind |= subscriber.next < end;
            subscriber
                .queue
                .extend(self.from(subscriber.next).flat_map(|it| it.iter()));
            subscriber.next = end;
        }
        self.subscribers = subscribers;
        self.forget();
    }

    /// Forgets what everybody has read.
    fn forget(&mut self) {
        let next = self.subscribers.iter().map(|it| it.next).min();
        let next = next.unwrap_or_else(|| {
            self.seal();
            self.end()
        });
        for block in self.blocks.drain(..(next - self.first) as usize) {
            self.held -= block.len();
        }
        self.first = next;
    }

    /// Reads about [`limits::EVENT_BATCH`] events. `sleeper` is woken by the next when there is none.
    pub(crate) fn read(&mut self, number: u64, into: &mut Taken, sleeper: &Waker) -> Read {
        let Some(index) = self.subscribers.iter().position(|it| it.number == number) else {
            return Read::Done;
        };
        let end = self.end();
        let nothing_new = self.latest.is_empty();
        let subscriber = &mut self.subscribers[index];
        if subscriber.behind {
            if subscriber.queue.len() > 0 {
                return Read::Queue;
            }
            subscriber.behind = false;
        }
        let next = subscriber.next;
        if next == end {
            if nothing_new {
                self.asleep += usize::from(subscriber.sleeper.is_none());
                subscriber.sleeper = Some(sleeper.clone());
                return Read::Done;
            }
            self.seal();
        }
        let mut blocks = 0;
        for block in self.from(next) {
            if blocks > 0 && into.len() + block.len() > limits::EVENT_BATCH {
                break;
            }
            into.read(Arc::clone(block));
            blocks += 1;
        }
        self.subscribers[index].next += blocks;
        if next == self.first {
            self.forget();
        }
        Read::Done
    }

    /// How many events the subscriber has not got.
    pub(crate) fn waiting(&self, number: u64) -> usize {
        let subscriber = self.subscribers.iter().find(|it| it.number == number);
        subscriber.map_or(0, |it| {
            let unread: usize = self.from(it.next).map(|block| block.len()).sum();
            it.queue.len() + unread + self.latest.len()
        })
    }
}
