//! The queue of one subscriber, and what happens when it is full.

use super::Data;
use super::taken::Taken;
use crate::limits;
use backplane_descriptor::Overflow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events on their way to one subscriber.
pub(crate) struct Queue {
    depth: usize,
    overflow: Overflow,
    state: Mutex<State>,
    /// Events that this subscriber has lost.
    pub(crate) dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    /// Events whose publisher waits for room; only with [`Overflow::Block`].
    blocked: VecDeque<Blocked>,
    /// Lost since the last item that went in.
    lost: u64,
    closed: bool,
}

/// An event in a queue.
pub(crate) struct Item {
    pub(crate) event: Arc<Data>,
    /// How many events were lost directly before it.
    pub(crate) lost: u64,
}

struct Blocked {
    event: Arc<Data>,
    publication: Arc<Publication>,
}

/// An event that waits for room in at least one queue.
pub(crate) struct Publication {
    /// The queues that have no room yet, and one for the publication itself until it is complete.
    missing: AtomicUsize,
    /// The publisher has given up.
    expired: AtomicBool,
    ready: Box<dyn Fn() + Send + Sync>,
}

impl Publication {
    pub(crate) fn new(ready: Box<dyn Fn() + Send + Sync>) -> Arc<Self> {
        Arc::new(Self {
            missing: AtomicUsize::new(1),
            expired: AtomicBool::new(false),
            ready,
        })
    }

    /// One queue has taken the event, or the publication is complete.
    pub(crate) fn settle(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            (self.ready)();
        }
    }

    /// The publisher waits no longer: whoever has not taken the event loses it.
    pub(crate) fn expire(&self) {
        self.expired.store(true, Ordering::Release);
    }
}

/// Publishers that go on when this is dropped, which must not be under a lock that they could want.
#[derive(Default)]
#[must_use]
pub(crate) struct Released(Vec<Arc<Publication>>);

impl Drop for Released {
    fn drop(&mut self) {
        self.0.iter().for_each(|it| it.settle());
    }
}

/// What became of an event at a queue.
pub(crate) enum Pushed {
    /// It is in, or lost as the policy says.
    Settled,
    /// The publisher has to wait.
    Blocked,
    /// Too many wait already: it is lost.
    Refused,
}

impl Queue {
    pub(crate) fn new(depth: usize, overflow: Overflow) -> Self {
        Self {
            depth: depth.max(1),
            overflow,
            state: Mutex::default(),
            dropped: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event in, as the policy says. `publication` is made when the publisher has to wait.
    pub(crate) fn push(
        &self,
        event: &Arc<Data>,
        publication: &mut dyn FnMut() -> Arc<Publication>,
    ) -> Pushed {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Settled;
        }
        if state.items.len() < self.depth && state.blocked.is_empty() {
            state.admit(Arc::clone(event));
            return Pushed::Settled;
        }
        match self.overflow {
            Overflow::DropNewest => {
                state.lost += 1;
                self.dropped.fetch_add(1, Ordering::Relaxed);
                Pushed::Settled
            }
            Overflow::DropOldest => {
                if let Some(oldest) = state.items.pop_front() {
                    let lost = oldest.lost + 1;
                    match state.items.front_mut() {
                        Some(next) => next.lost += lost,
                        None => state.lost += lost,
                    }
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
                state.admit(Arc::clone(event));
                Pushed::Settled
            }
            Overflow::Block if state.blocked.len() >= limits::BLOCKED_EVENTS => {
                // It would come after those that wait: its gap is told after them too.
                state.lost += 1;
                self.dropped.fetch_add(1, Ordering::Relaxed);
                Pushed::Refused
            }
            Overflow::Block => {
                let publication = publication();
                publication.missing.fetch_add(1, Ordering::AcqRel);
                state.blocked.push_back(Blocked {
                    event: Arc::clone(event),
                    publication,
                });
                Pushed::Blocked
            }
        }
    }

    /// How many events go in for certain, without any being lost, late or preceded by a gap.
    pub(crate) fn room(&self) -> usize {
        let state = self.lock();
        if state.lost > 0 || !state.blocked.is_empty() {
            return 0;
        }
        self.depth.saturating_sub(state.items.len())
    }

    /// Puts events in for which there is room.
    pub(crate) fn extend<'a>(&self, events: impl Iterator<Item = &'a Arc<Data>>) {
        let mut state = self.lock();
        if !state.closed {
            events.for_each(|it| state.admit(Arc::clone(it)));
        }
    }

    /// Takes up to [`limits::EVENT_BATCH`] events out, and lets as many publishers go on.
    pub(crate) fn take(&self, into: &mut Taken) -> Released {
        let mut state = self.lock();
        let count = state.items.len().min(limits::EVENT_BATCH);
        into.extend(state.items.drain(..count));
        let mut released = Released::default();
        while state.items.len() < self.depth {
            let Some(Blocked { event, publication }) = state.blocked.pop_front() else {
                break;
            };
            if publication.expired.load(Ordering::Acquire) {
                state.lost += 1;
                self.dropped.fetch_add(1, Ordering::Relaxed);
            } else {
                state.admit(event);
            }
            released.0.push(publication);
        }
        released
    }

    /// How many events wait in it.
    pub(crate) fn len(&self) -> usize {
        let state = self.lock();
        state.items.len() + state.blocked.len()
    }

    /// Nobody reads it any more: publishers no longer wait.
    pub(crate) fn close(&self) -> Released {
        let mut state = self.lock();
        state.closed = true;
        state.items.clear();
        let blocked = std::mem::take(&mut state.blocked);
        Released(blocked.into_iter().map(|it| it.publication).collect())
    }
}

impl State {
    fn admit(&mut self, event: Arc<Data>) {
        let lost = std::mem::take(&mut self.lost);
        self.items.push_back(Item { event, lost });
    }
}
