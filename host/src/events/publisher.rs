//! Publishing: how an event of one module reaches its topic.

use super::queue::Publication;
use super::{Data, Origin, Topic};
use crate::clock;
use crate::host::Core;
use crate::limits;
use crate::router::{Asker, copy_args};
use backplane_descriptor::Type;
use backplane_plugin_api::{Args, CallContext, Reply, status};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// Where one publisher publishes one event.
pub(crate) struct Publisher {
    topic: Arc<Topic>,
    pub(crate) origin: Arc<Origin>,
    /// The number of its last event; counted under the lock of the topic.
    pub(super) sequence: Arc<AtomicU64>,
    pub(super) retained: bool,
}

impl Publisher {
    pub(crate) fn new(topic: Arc<Topic>, publisher: Arc<str>, body: Type, retained: bool) -> Self {
        let sequence = topic.sequence(&publisher);
        let origin = Arc::new(Origin {
            interface: Arc::clone(&topic.interface),
            event: Arc::clone(&topic.event),
            publisher,
            body,
        });
        Self {
            topic,
            origin,
            sequence,
            retained,
        }
    }

    /// The event, as `interface.event`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.topic.interface, self.topic.event)
    }

    /// Gives the event to every subscriber. `PENDING` while one that blocks has no room.
    pub(crate) fn emit(
        &self,
        core: &Arc<Core>,
        asker: Asker,
        context: &CallContext,
        args: &Args,
        reply: &mut Reply,
    ) -> i32 {
        if args.payload.len > limits::PAYLOAD {
            let message = format!(
                "the event is {} bytes long, at most {} are allowed",
                args.payload.len,
                limits::PAYLOAD
            );
            *reply = Reply::error(status::TOO_LARGE, message);
            return reply.status;
        }
        let (payload, attachments) = copy_args(args);
        let mut ticket = 0;
        let mut waiting: Option<Arc<Publication>> = None;
        let event = Data {
            origin: Arc::clone(&self.origin),
            sequence: 0,
            context: *context,
            payload,
            attachments,
        };
        let refused = self.topic.publish(self, event, &mut || {
            Arc::clone(waiting.get_or_insert_with(|| publication(core, asker, context, &mut ticket)))
        });
        if let Some(publication) = waiting {
            watch(core, ticket, &publication);
            publication.settle();
            *reply = Reply {
                status: status::PENDING,
                ticket,
                ..Reply::EMPTY
            };
        } else if refused {
            let message = format!(
                "{} events wait for room in a subscriber's queue already",
                limits::BLOCKED_EVENTS
            );
            *reply = Reply::error(status::BUSY, message);
        }
        reply.status
    }
}

/// Opens a ticket that is answered when every queue has taken the event.
fn publication(core: &Arc<Core>, asker: Asker, context: &CallContext, ticket: &mut u64) -> Arc<Publication> {
    let latest = Instant::now() + limits::EMIT_DEADLINE;
    let deadline = match context.deadline_ns {
        0 => latest,
        ns => clock::from_ns(ns).min(latest),
    };
    *ticket = core.calls.open(asker, deadline);
    let (calls, ticket) = (Arc::downgrade(&core.calls), *ticket);
    Publication::new(Box::new(move || {
        if let Some(calls) = calls.upgrade() {
            calls.answer(ticket, Reply::EMPTY);
        }
    }))
}

/// Marks the event as expired when the publisher stops waiting.
fn watch(core: &Core, ticket: u64, publication: &Arc<Publication>) {
    let publication = Arc::downgrade(publication);
    core.calls.on_expiry(
        ticket,
        Box::new(move || {
            if let Some(publication) = publication.upgrade() {
                publication.expire();
            }
        }),
    );
}
