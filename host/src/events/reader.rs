//! A subscription to a topic, from the side of the subscriber.

use super::Topic;
use super::log::Read;
use super::queue::{Queue, Released};
use super::taken::Taken;
use backplane_descriptor::Overflow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

/// Takes the events of one subscription. Dropping it unsubscribes, and lets publishers that wait for it go on.
pub(crate) struct Reader {
    topic: Arc<Topic>,
    queue: Arc<Queue>,
    number: u64,
}

impl Reader {
    /// Subscribes, with `depth` events that may wait.
    pub(crate) fn new(topic: Arc<Topic>, overflow: Overflow, depth: u32) -> Self {
        let queue = Arc::new(Queue::new(depth as usize, overflow));
        let number = topic.subscribe(Arc::clone(&queue));
        Self { topic, queue, number }
    }

    /// Takes some of the events that are there. `sleeper` is woken by the next when there is none.
    pub(crate) fn take(&self, into: &mut Taken, sleeper: &Waker) -> Released {
        while self.topic.read(self.number, into, sleeper) == Read::Queue {
            let released = self.queue.take(into);
            if !into.is_empty() {
                return released;
            }
        }
        Released::default()
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        self.topic.waiting(self.number)
    }

    /// How many events were lost.
    pub(crate) fn dropped(&self) -> u64 {
        self.queue.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.topic.unsubscribe(self.number);
        drop(self.queue.close());
    }
}
