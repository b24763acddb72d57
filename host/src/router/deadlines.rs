//! The thread that ends calls whose deadline has passed.

use super::pending::Calls;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long the thread sleeps when no call is pending.
const IDLE: Duration = Duration::from_secs(3600);

/// The deadlines of all pending calls, the earliest first.
pub(super) struct Deadlines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    earlier: Condvar,
}

#[derive(Default)]
struct State {
    queue: BTreeSet<(Instant, u64)>,
    /// When the thread looks again by itself; `None` while it is about to look.
    looks_at: Option<Instant>,
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deadlines {
    pub(super) fn start(calls: Weak<Calls>) -> Self {
        let shared = Arc::new(Shared::default());
        let watched = Arc::clone(&shared);
        let watch = move || watch(&watched, &calls);
        // Without this thread no call would ever time out: better not to start at all.
        std::thread::Builder::new()
            .name("deadlines".into())
            .spawn(watch)
            .expect("the system has a thread left");
        Self(shared)
    }

    pub(super) fn add(&self, deadline: Instant, ticket: u64) {
        let mut state = self.0.lock();
        state.queue.insert((deadline, ticket));
        // Seldom: a thread that is woken for each call costs more than the call.
        if state.looks_at.is_some_and(|at| deadline < at) {
            state.looks_at = None;
            drop(state);
            self.0.earlier.notify_one();
        }
    }

    pub(super) fn remove(&self, deadline: Instant, ticket: u64) {
        self.0.lock().queue.remove(&(deadline, ticket));
    }
}

impl Drop for Deadlines {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.earlier.notify_one();
    }
}

fn watch(shared: &Shared, calls: &Weak<Calls>) {
    let mut state = shared.lock();
    while !state.stopped {
        let now = Instant::now();
        let next = match state.queue.first() {
            Some(&(deadline, ticket)) if deadline <= now => {
                state.queue.pop_first();
                drop(state);
                if let Some(calls) = calls.upgrade() {
                    calls.expire(ticket);
                }
                state = shared.lock();
                continue;
            }
            Some((deadline, _)) => *deadline,
            None => now + IDLE,
        };
        state.looks_at = Some(next);
        state = shared
            .earlier
            .wait_timeout(state, next - now)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        state.looks_at = None;
    }
}
