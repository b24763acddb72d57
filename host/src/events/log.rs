//! The last events of a topic, which are there once for all its subscribers.
//!
//! As long as every subscriber has room, an event is written here and nowhere else, and each subscriber reads it
//! from its own place, without a lock that others want. When one has no room left, all get what they have not read
//! into their queues, which know what to do.
//!
//! Who publishes lets go of what everybody has read, and not who reads: memory goes back fastest to the thread that it
//! came from.

use super::Data;
use super::block::Block;
use super::queue::{Publication, Queue};
use super::subscriber::Subscriber;
use crate::limits;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events, and who reads them.
pub(crate) struct Log {
    /// What somebody may read still.
    closed: VecDeque<Arc<Block>>,
    /// What is written now.
    latest: Arc<Block>,
    /// How many events it has.
    filled: usize,
    /// How many events were written, from the beginning.
    written: u64,
    /// How many may be before it must be looked how far everybody is.
    limit: u64,
    /// How many there may be that somebody has not read, so that they would all go into any of the queues.
    room: usize,
    subscribers: Vec<Arc<Subscriber>>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            closed: VecDeque::new(),
            latest: Block::new(),
            filled: 0,
            written: 0,
            limit: 0,
            room: 0,
            subscribers: Vec::new(),
        }
    }
}

impl Log {
    /// Begins a new block, unless the latest is empty.
    fn close(&mut self) {
        if self.filled > 0 {
            let next = Block::new();
            self.latest.close(&next);
            self.closed.push_back(std::mem::replace(&mut self.latest, next));
            self.filled = 0;
        }
    }

    /// Forgets what everybody has read.
    fn forget(&mut self) {
        while self.closed.front().is_some_and(|it| Arc::strong_count(it) == 1) {
            self.closed.pop_front();
        }
    }

    /// Adds a subscriber, which gets what comes from now on, and what its queue holds already.
    pub(crate) fn subscribe(&mut self, queue: Queue) -> Arc<Subscriber> {
        self.room = self.room.min(queue.room());
        self.limit = self.written;
        let subscriber = Subscriber::new(queue, &self.latest, self.filled, self.written);
        self.subscribers.push(Arc::clone(&subscriber));
        subscriber
    }

    /// Removes a subscriber.
    pub(crate) fn unsubscribe(&mut self, subscriber: &Arc<Subscriber>) {
        self.subscribers.retain(|it| !Arc::ptr_eq(it, subscriber));
        if self.subscribers.is_empty() {
            self.close();
        }
        self.forget();
    }

    /// Gives the event to all subscribers. Whether one of them had too many that wait already. `publication` is made
    /// when the publisher has to wait.
    pub(crate) fn admit(
        &mut self,
        event: Arc<Data>,
        publication: &mut dyn FnMut() -> Arc<Publication>,
    ) -> bool {
        if self.subscribers.is_empty() {
            return false;
        }
        if !self.has_room() {
            return self.pass(&event, publication);
        }
        self.write(event);
        false
    }

    fn has_room(&mut self) -> bool {
        if self.written >= self.limit {
            let slowest = self.subscribers.iter().map(|it| it.got()).min();
            self.limit = slowest.unwrap_or(self.written) + self.room as u64;
        }
        self.written < self.limit
    }

    fn write(&mut self, event: Arc<Data>) {
        self.latest.write(self.filled, event);
        self.filled += 1;
        self.written += 1;
        if self.filled == limits::EVENT_BATCH {
            self.close();
            self.forget();
        }
    }

    /// Puts the event into all queues, after what is not read. Whether one of them had no room even to wait.
    fn pass(&mut self, event: &Arc<Data>, publication: &mut dyn FnMut() -> Arc<Publication>) -> bool {
        self.close();
        let mut refused = false;
        for subscriber in &self.subscribers {
            refused |= subscriber.pass(event, self.written, publication);
        }
        let rooms = self.subscribers.iter().map(|it| it.queue.room());
        self.room = rooms.min().unwrap_or(0);
        self.limit = self.written;
        self.forget();
        refused
    }

    /// Forgets what is read by all, so that it is not kept for the sake of its block.
    pub(crate) fn rest(&mut self) {
        self.close();
        self.subscribers.iter().for_each(|it| it.leave());
        self.forget();
    }

    /// How many events the subscriber has not got.
    pub(crate) fn waiting(&self, subscriber: &Subscriber) -> usize {
        subscriber.queue.len() + (self.written - subscriber.got()) as usize
    }
}
