//! Who found nothing to read in a topic.

use super::subscriber::Subscriber;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Those that the next event wakes. Apart from the lock of the topic, so that going to sleep holds up nobody who
/// publishes.
///
/// A sleeper is added before it looks a last time, and who publishes looks for sleepers after it has written; with a
/// fence in between on both sides, one of the two sees the other.
#[derive(Default)]
pub(super) struct Sleepers {
    any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many could sleep.
    readers: usize,
    asleep: Vec<(Arc<Subscriber>, Waker)>,
}

impl Sleepers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is one more who reads.
    pub(super) fn join(&self) {
        self.lock().readers += 1;
    }

    /// One reads no longer.
    pub(super) fn leave(&self, subscriber: &Arc<Subscriber>) {
        let mut state = self.lock();
        state.readers -= 1;
        state.asleep.retain(|(it, _)| !Arc::ptr_eq(it, subscriber));
    }

    /// Adds one, or gives it another waker. It must look once more after this. Whether all sleep now.
    pub(super) fn add(&self, subscriber: &Arc<Subscriber>, waker: &Waker) -> bool {
        let mut state = self.lock();
        match state
            .asleep
            .iter_mut()
            .find(|(it, _)| Arc::ptr_eq(it, subscriber))
        {
            Some((_, old)) => old.clone_from(waker),
            None => state.asleep.push((Arc::clone(subscriber), waker.clone())),
        }
        self.any.store(true, Ordering::Relaxed);
        let all = state.asleep.len() == state.readers;
        drop(state);
        fence(Ordering::SeqCst);
        all
    }

    /// One that was added has found something.
    pub(super) fn remove(&self, subscriber: &Arc<Subscriber>) {
        self.lock().asleep.retain(|(it, _)| !Arc::ptr_eq(it, subscriber));
    }

    /// Puts all into `awake`. Only after what they are to see is written.
    pub(super) fn take(&self, awake: &mut Vec<Waker>) {
        fence(Ordering::SeqCst);
        if self.any.load(Ordering::Relaxed) {
            let mut state = self.lock();
            self.any.store(false, Ordering::Relaxed);
            awake.extend(state.asleep.drain(..).map(|(_, waker)| waker));
        }
    }
}
