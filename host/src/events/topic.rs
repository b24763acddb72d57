//! Topics: an event of an interface, what came of it lately, and who wants it.

use super::Publisher;
use super::log::Log;
use super::queue::{Publication, Queue};
use super::sleepers::Sleepers;
use super::subscriber::{Read, Subscriber};
use super::taken::Taken;
use backplane_descriptor::Type;
use backplane_plugin_api::CallContext;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

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
    taps: Vec<(String, Arc<Topic>)>,
}

/// An event of an interface. What taps a pattern is one too, to which others pass on what matches.
pub(crate) struct Topic {
    pub(super) interface: Arc<str>,
    pub(super) event: Arc<str>,
    state: Mutex<State>,
    sleepers: Sleepers,
}

#[derive(Default)]
struct State {
    log: Log,
    taps: Vec<Arc<Topic>>,
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
                let topic = Topic::new(interface, event);
                for (_, tap) in taps.iter().filter(|(pattern, _)| topic.matches(pattern)) {
                    topic.pass_on(tap);
                }
                Arc::new(topic)
            });
        Arc::clone(topic)
    }

    /// All events that match `pattern`, as one topic, until [`Topics::untap`].
    pub(crate) fn tap(&self, pattern: &str) -> Arc<Topic> {
        let tap = Arc::new(Topic::new(pattern, ""));
        let mut all = self.lock();
        for topic in all.topics.values().filter(|topic| topic.matches(pattern)) {
            topic.pass_on(&tap);
        }
        all.taps.push((pattern.to_owned(), Arc::clone(&tap)));
        tap
    }

    /// Ends what [`Topics::tap`] began.
    pub(crate) fn untap(&self, tap: &Arc<Topic>) {
        let mut all = self.lock();
        all.taps.retain(|(_, it)| !Arc::ptr_eq(it, tap));
        for topic in all.topics.values() {
            topic.lock().taps.retain(|it| !Arc::ptr_eq(it, tap));
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
    fn new(interface: &str, event: &str) -> Self {
        Self {
            interface: interface.into(),
            event: event.into(),
            state: Mutex::default(),
            sleepers: Sleepers::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn matches(&self, pattern: &str) -> bool {
        matches(pattern, &format!("{}.{}", self.interface, self.event))
    }

    /// Passes on all events to `tap`, what is retained at once.
    fn pass_on(&self, tap: &Arc<Topic>) {
        let mut state = self.lock();
        let mut awake = Vec::new();
        for event in state.retained.values() {
            tap.lock().log.admit(Arc::clone(event), &mut nobody_waits);
        }
        tap.sleepers.take(&mut awake);
        state.taps.push(Arc::clone(tap));
        drop(state);
        awake.into_iter().for_each(Waker::wake);
    }

    /// Adds a subscriber, which gets what is retained at once.
    pub(super) fn subscribe(&self, queue: Queue) -> Arc<Subscriber> {
        let mut state = self.lock();
        for event in state.retained.values() {
            // An empty queue has room for one of each publisher, or drops as its policy says.
            queue.push(event, &mut nobody_waits);
        }
        self.sleepers.join();
        state.log.subscribe(queue)
    }

    /// [`Log::unsubscribe`]
    pub(super) fn unsubscribe(&self, subscriber: &Arc<Subscriber>) {
        self.sleepers.leave(subscriber);
        self.lock().log.unsubscribe(subscriber);
    }

    /// Reads when there seemed to be nothing; `sleeper` is woken by the next event when there is none.
    pub(super) fn sleep(&self, subscriber: &Arc<Subscriber>, into: &mut Taken, sleeper: &Waker) -> Read {
        let all = self.sleepers.add(subscriber, sleeper);
        let read = subscriber.read(into);
        if read != Read::None {
            self.sleepers.remove(subscriber);
        } else if all {
            self.lock().log.rest();
        }
        read
    }

    /// [`Log::waiting`]
    pub(super) fn waiting(&self, subscriber: &Subscriber) -> usize {
        self.lock().log.waiting(subscriber)
    }

    /// The number of the last event of a publisher.
    pub(super) fn sequence(&self, publisher: &Arc<str>) -> Arc<AtomicU64> {
        Arc::clone(self.lock().sequences.entry(Arc::clone(publisher)).or_default())
    }

    /// Gives an event, which gets its number here, to every subscriber. Whether one of them had too many that wait
    /// already. `publication` is made when the publisher has to wait.
    pub(super) fn publish(
        &self,
        publisher: &Publisher,
        event: Data,
        publication: &mut dyn FnMut() -> Arc<Publication>,
    ) -> bool {
        let mut awake = Vec::new();
        let mut event = Arc::new(event);
        let mut state = self.lock();
        let sequence = publisher.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(event) = Arc::get_mut(&mut event) {
            event.sequence = sequence;
        }
        if publisher.retained {
            let name = Arc::clone(&publisher.origin.publisher);
            state.retained.insert(name, Arc::clone(&event));
        }
        let mut refused = false;
        for tap in &state.taps {
            refused |= tap.lock().log.admit(Arc::clone(&event), publication);
            tap.sleepers.take(&mut awake);
        }
        refused |= state.log.admit(event, publication);
        drop(state);
        self.sleepers.take(&mut awake);
        awake.into_iter().for_each(Waker::wake);
        refused
    }
}

/// What is retained waits for no room.
fn nobody_waits() -> Arc<Publication> {
    Publication::new(Box::new(|| ()))
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
