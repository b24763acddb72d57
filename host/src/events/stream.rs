//! Events for front ends.

use super::taken::Taken;
use super::{Data, Reader, Topic};
use crate::host::Core;
use backplane_descriptor::Overflow;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Events as a front end gets them, in the order of each publisher. Dropping it unsubscribes.
pub struct EventStream {
    reader: Reader,
    taken: Taken,
    /// The first of what is taken has been handed out.
    lent: bool,
    _tap: Option<Tap>,
}

/// Ends when it is dropped.
struct Tap {
    core: Arc<Core>,
    topic: Arc<Topic>,
}

/// An event as a front end gets it. It lies where all subscribers read it, so it is there until the next is asked for.
pub struct Received<'a> {
    event: &'a Data,
    /// How many events this subscription lost directly before this one.
    pub lost: u64,
}

impl EventStream {
    /// Subscribes to one event, which need not have a publisher yet.
    pub(crate) fn of(core: &Core, interface: &str, event: &str, overflow: Overflow, depth: u32) -> Self {
        let topic = core.topics.get(interface, event);
        Self {
            reader: Reader::new(topic, overflow, depth),
            taken: Taken::default(),
            lent: false,
            _tap: None,
        }
    }

    /// Subscribes to every event whose `interface.event` matches `pattern`, in which `*` stands for any text.
    pub(crate) fn tap(core: &Arc<Core>, pattern: &str, overflow: Overflow, depth: u32) -> Self {
        let topic = core.topics.tap(pattern);
        Self {
            reader: Reader::new(Arc::clone(&topic), overflow, depth),
            taken: Taken::default(),
            lent: false,
            _tap: Some(Tap {
                core: Arc::clone(core),
                topic,
            }),
        }
    }

    /// The next event. Cancel safe: an event is taken only when it is returned.
    pub async fn next(&mut self) -> Received<'_> {
        std::future::poll_fn(|context| match self.advance(context.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.first().expect("there is one to advance to")
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Received<'_>> {
        self.advance(Waker::noop());
        self.first()
    }

    /// Goes on to the next event. Whether there is one; if not, `sleeper` is woken by it.
    fn advance(&mut self, sleeper: &Waker) -> bool {
        if self.lent {
            self.taken.skip();
        }
        if self.taken.is_empty() {
            drop(self.reader.take(&mut self.taken, sleeper));
        }
        self.lent = !self.taken.is_empty();
        self.lent
    }

    fn first(&self) -> Option<Received<'_>> {
        let (event, lost) = self.taken.first()?;
        Some(Received { event, lost })
    }

    /// How many events this subscription has lost in all.
    pub fn dropped(&self) -> u64 {
        self.reader.dropped()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.core.topics.untap(&self.topic);
    }
}

impl Received<'_> {
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
