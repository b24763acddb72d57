//! A subscription to a topic, from the side of the subscriber.

use super::Topic;
use super::queue::{Queue, Released};
use super::subscriber::{Read, Subscriber};
use super::taken::Taken;
use backplane_descriptor::Overflow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

/// Takes the events of one subscription. Dropping it unsubscribes, and lets publishers that wait for it go on.
pub(crate) struct Reader {
    topic: Arc<Topic>,
    subscriber: Arc<Subscriber>,
}

impl Reader {
    /// Subscribes, with `depth` events that may wait.
    pub(crate) fn new(topic: Arc<Topic>, overflow: Overflow, depth: u32) -> Self {
        let subscriber = topic.subscribe(Queue::new(depth as usize, overflow));
        Self { topic, subscriber }
    }

    /// Takes some of the events that are there. `sleeper` is woken by the next when there is none.
    pub(crate) fn take(&self, into: &mut Taken, sleeper: &Waker) -> Released {
        while self.read(into, sleeper) == Read::Queue {
            let released = self.subscriber.queue.take(into);
            if !into.is_empty() {
                return released;
            }
        }
        Released::default()
    }

    fn read(&self, into: &mut Taken, sleeper: &Waker) -> Read {
        match self.subscriber.read(into) {
            Read::None => self.topic.sleep(&self.subscriber, into, sleeper),
            read => read,
        }
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        self.topic.waiting(&self.subscriber)
    }

    /// How many events were lost.
    pub(crate) fn dropped(&self) -> u64 {
        self.subscriber.queue.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.topic.unsubscribe(&self.subscriber);
        drop(self.subscriber.queue.close());
    }
}
