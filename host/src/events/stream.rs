//! Events for front ends.

use super::{Data, Item, Queue, Topic};
use crate::host::Core;
use backplane_descriptor::Overflow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Notify;

/// Events as a front end gets them, in the order of each publisher. Dropping it unsubscribes.
pub struct EventStream {
    core: Arc<Core>,
    queue: Arc<Queue>,
    notify: Arc<Notify>,
    topics: Source,
    taken: VecDeque<Item>,
}

enum Source {
    Topic(Arc<Topic>),
    Tap,
}

/// An event as a front end gets it.
pub struct Received {
    pub(crate) event: Arc<Data>,
    /// How many events this subscription lost directly before this one.
    pub lost: u64,
}

/// How often a reader looks before it sleeps. Where events come fast, the next is there by then, and nobody has
/// to be woken for it.
const LOOKS: usize = 2;

impl EventStream {
    /// Subscribes to one event, which need not have a publisher yet.
    pub(crate) fn of(core: &Arc<Core>, interface: &str, event: &str, overflow: Overflow, depth: u32) -> Self {
        let (queue, notify) = queue(overflow, depth);
        let topic = core.topics.get(interface, event);
        topic.subscribe(Arc::clone(&queue));
        Self {
            core: Arc::clone(core),
            queue,
            notify,
            topics: Source::Topic(topic),
            taken: VecDeque::new(),
        }
    }

    /// Subscribes to every event whose `interface.event` matches `pattern`, in which `*` stands for any text.
    pub(crate) fn tap(core: &Arc<Core>, pattern: &str, overflow: Overflow, depth: u32) -> Self {
        let (queue, notify) = queue(overflow, depth);
        core.topics.tap(pattern, &queue);
        Self {
            core: Arc::clone(core),
            queue,
            notify,
            topics: Source::Tap,
            taken: VecDeque::new(),
        }
    }

    /// The next event. Cancel safe: an event is taken only when it is returned.
    pub async fn next(&mut self) -> Received {
        loop {
            for _ in 0..LOOKS {
                if let Some(received) = self.try_next() {
                    return received;
                }
                tokio::task::yield_now().await;
            }
            self.notify.notified().await;
        }
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Received> {
        if self.taken.is_empty() {
            self.queue.take(crate::limits::EVENT_BATCH, &mut self.taken);
        }
        let Item { event, lost } = self.taken.pop_front()?;
        Some(Received { event, lost })
    }

    /// How many events this subscription has lost in all.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped.load(Ordering::Relaxed)
    }
}

fn queue(overflow: Overflow, depth: u32) -> (Arc<Queue>, Arc<Notify>) {
    let notify = Arc::new(Notify::new());
    let wake = Arc::clone(&notify);
    let queue = Queue::new(depth as usize, overflow, Box::new(move || wake.notify_one()));
    (Arc::new(queue), notify)
}

impl Drop for EventStream {
    fn drop(&mut self) {
        match &self.topics {
            Source::Topic(topic) => topic.unsubscribe(&self.queue),
            Source::Tap => self.core.topics.untap(&self.queue),
        }
    }
}

impl Received {
    /// The interface that has the event.
    pub fn interface(&self) -> &str {
        &self.event.origin.interface
    }

    /// The name of the event.
    pub fn name(&self) -> &str {
        &self.event.origin.event
    }

    /// The module that published it.
    pub fn publisher(&self) -> &str {
        &self.event.origin.publisher
    }

    /// Its number, counted from 1 for each publisher and event.
    pub fn sequence(&self) -> u64 {
        self.event.sequence
    }

    /// The encoded body.
    pub fn payload(&self) -> &[u8] {
        &self.event.payload
    }

    /// The body as JSON, by the type that its publisher declares.
    ///
    /// # Errors
    /// The body is not of its type.
    pub fn json(&self) -> Result<serde_json::Value, backplane_descriptor::transcode::TranscodeError> {
        let attachments: Vec<&[u8]> = self.event.attachments.iter().map(Vec::as_slice).collect();
        backplane_descriptor::transcode::cbor_to_json(
            &self.event.origin.body,
            &self.event.payload,
            &attachments,
        )
    }
}
