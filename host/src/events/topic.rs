//! Topics: who subscribes to an event, and how publishers reach them.

use super::Queue;
use super::queue::{Publication, Pushed};
use crate::clock;
use crate::host::Core;
use crate::limits;
use crate::router::Asker;
use crate::router::copy_args;
use backplane_descriptor::Type;
use backplane_plugin_api::{Args, CallContext, Reply, status};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What all events of one publisher and event have in common. One count for all of it: publisher and subscribers
/// are on different cores.
pub(crate) struct Origin {
    pub(crate) interface: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) publisher: Arc<str>,
    /// The type of the body, as the publisher declares it.
    pub(crate) body: Type,
}

/// An event as it lies in the queues.
pub(crate) struct Data {
    pub(crate) origin: Arc<Origin>,
    pub(crate) sequence: u64,
    pub(crate) context: CallContext,
    pub(crate) payload: Vec<u8>,
    pub(crate) attachments: Vec<Vec<u8>>,
}

/// All topics, by interface and event. They come into being when somebody first names them; their number is
/// bounded by the manifests of the modules.
#[derive(Default)]
pub(crate) struct Topics(Mutex<All>);

#[derive(Default)]
struct All {
    topics: BTreeMap<(String, String), Arc<Topic>>,
    /// Who wants every event that matches a pattern, also those that are named later.
    taps: Vec<(String, Arc<Queue>)>,
}

/// An event of an interface, and who wants it.
pub(crate) struct Topic {
    interface: Arc<str>,
    event: Arc<str>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    subscribers: Vec<Arc<Queue>>,
    /// The number of the last event of each publisher. It outlives generations.
    sequences: HashMap<Arc<str>, Arc<AtomicU64>>,
    /// The last event of each publisher, where the event is retained.
    retained: HashMap<Arc<str>, Arc<Data>>,
}

impl Topics {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic of an event, which need not have a publisher yet.
    pub(crate) fn get(&self, interface: &str, event: &str) -> Arc<Topic> {
        let All { topics, taps } = &mut *self.lock();
        let topic = topics
            .entry((interface.to_owned(), event.to_owned()))
            .or_insert_with(|| {
                let topic = Topic {
                    interface: interface.into(),
                    event: event.into(),
                    state: Mutex::default(),
                };
                for (_, queue) in taps.iter().filter(|(pattern, _)| topic.matches(pattern)) {
                    topic.subscribe(Arc::clone(queue));
                }
                Arc::new(topic)
            });
        Arc::clone(topic)
    }

    /// Subscribes to all events that match.
    pub(crate) fn tap(&self, pattern: &str, queue: &Arc<Queue>) {
        let mut all = self.lock();
        for topic in all.topics.values().filter(|topic| topic.matches(pattern)) {
            topic.subscribe(Arc::clone(queue));
        }
        all.taps.push((pattern.to_owned(), Arc::clone(queue)));
    }

    /// Ends a subscription that [`Topics::tap`] began.
    pub(crate) fn untap(&self, queue: &Arc<Queue>) {
        let mut all = self.lock();
        all.taps.retain(|(_, it)| !Arc::ptr_eq(it, queue));
        let topics: Vec<Arc<Topic>> = all.topics.values().cloned().collect();
        // Publishers that wait are told, which must not be under the lock.
        drop(all);
        for topic in topics {
            topic.unsubscribe(queue);
        }
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    tail.is_empty()
        || rest
            .char_indices()
            .map(|(at, _)| &rest[at..])
            .chain([""])
            .any(|rest| matches(tail, rest))
}

impl Topic {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn matches(&self, pattern: &str) -> bool {
        matches(pattern, &format!("{}.{}", self.interface, self.event))
    }

    /// Adds a subscriber, which gets what is retained at once.
    pub(crate) fn subscribe(&self, queue: Arc<Queue>) {
        let mut state = self.lock();
        for event in state.retained.values() {
            // An empty queue has room for one of each publisher, or drops as its policy says.
            queue.push(event, &mut || Publication::new(Box::new(|| ())));
        }
        state.subscribers.push(queue);
    }

    /// Removes a subscriber; publishers that wait for it go on.
    pub(crate) fn unsubscribe(&self, queue: &Arc<Queue>) {
        self.lock().subscribers.retain(|it| !Arc::ptr_eq(it, queue));
        queue.close();
    }
}

/// Where one publisher publishes one event.
pub(crate) struct Publisher {
    topic: Arc<Topic>,
    pub(crate) origin: Arc<Origin>,
    /// The number of its last event; counted under the lock of the topic.
    sequence: Arc<AtomicU64>,
    retained: bool,
}

impl Publisher {
    pub(crate) fn new(topic: Arc<Topic>, publisher: Arc<str>, body: Type, retained: bool) -> Self {
        let sequence = Arc::clone(topic.lock().sequences.entry(Arc::clone(&publisher)).or_default());
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
        let mut refused = false;
        let mut state = self.topic.lock();
        let event = Arc::new(Data {
            origin: Arc::clone(&self.origin),
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed) + 1,
            context: *context,
            payload,
            attachments,
        });
        if self.retained {
            state
                .retained
                .insert(Arc::clone(&self.origin.publisher), Arc::clone(&event));
        }
        for queue in &state.subscribers {
            let publication = &mut || {
                Arc::clone(waiting.get_or_insert_with(|| publication(core, asker, context, &mut ticket)))
            };
            refused |= matches!(queue.push(&event, publication), Pushed::Refused);
        }
        drop(state);
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

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("*", "waku.relay.message"));
        assert!(matches("waku.*", "waku.relay.message"));
        assert!(matches("*.message", "waku.relay.message"));
        assert!(matches("w*relay*", "waku.relay.message"));
        assert!(!matches("waku", "waku.relay.message"));
        assert!(!matches("*.sent", "waku.relay.message"));
    }
}
