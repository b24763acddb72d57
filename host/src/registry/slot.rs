//! The stable place of a module.
//!
//! Callers enter through the gate: one counter that holds how many threads are inside, and one bit that says
//! that the slot is paused. A generation is exchanged only while the bit is set and nobody is inside; so
//! whoever is inside may use the current generation without any further count.

use super::waiting::{Phase, Refusal, Waiting};
use crate::limits;
use crate::registry::Generation;
use crate::router::QueuedCall;
use backplane_plugin_api::CallContext;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const PAUSED: u64 = 1 << 63;

/// The stable place of a module in the registry.
pub(crate) struct Slot {
    /// Its number in call chains.
    pub(crate) index: u16,
    pub(crate) name: Arc<str>,
    gate: AtomicU64,
    current: AtomicPtr<Generation>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// The number that the next generation gets.
    pub(crate) next_generation: AtomicU32,
    /// The calls and events that went in, and those that did not end well.
    pub(crate) calls: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) panics: AtomicU64,
}

/// The answer at the gate.
pub(crate) enum Entry<'a> {
    /// Come in.
    Inside(Inside<'a>),
    /// The slot is paused: queue.
    Wait,
    /// Too many are inside.
    Busy,
}

/// Somebody is inside; dropping it leaves.
pub(crate) struct Inside<'a>(&'a Slot);

impl std::ops::Deref for Inside<'_> {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        // SAFETY: `enter` hands out `Inside` only while a generation is current, and none is exchanged while
        // somebody is inside.
        unsafe { &*self.0.current.load(Ordering::Acquire) }
    }
}

impl Inside<'_> {
    /// An owner of the generation, for work that goes on after leaving.
    pub(crate) fn to_owned(&self) -> Arc<Generation> {
        let pointer = self.0.current.load(Ordering::Acquire);
        // SAFETY: as in `deref`, the slot's own reference keeps the count above 0 while somebody is inside.
        unsafe {
            Arc::increment_strong_count(pointer);
            Arc::from_raw(pointer)
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.0.gate.fetch_sub(1, Ordering::AcqRel) == (PAUSED | 1) {
            // Taken so that the drainer cannot miss this between its look and its wait.
            drop(self.0.lock());
            self.0.changed.notify_all();
        }
    }
}

impl Slot {
    pub(crate) fn new(index: u16, name: Arc<str>) -> Self {
        Self {
            index,
            name,
            gate: AtomicU64::new(PAUSED),
            current: AtomicPtr::default(),
            waiting: Mutex::new(Waiting::new("it has not started".to_owned())),
            changed: Condvar::new(),
            next_generation: AtomicU32::new(1),
            calls: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes in, unless the slot is paused or full.
    pub(crate) fn enter(&self) -> Entry<'_> {
        let before = self.gate.fetch_add(1, Ordering::AcqRel);
        let inside = Inside(self);
        if before < limits::IN_FLIGHT {
            return Entry::Inside(inside);
        }
        if before & PAUSED == 0 {
            Entry::Busy
        } else {
            Entry::Wait
        }
    }

    /// Goes in although the slot is paused; for calls that were queued, and for those without which it could
    /// not drain. `None` when nobody is there.
    pub(crate) fn enter_paused(&self) -> Option<Inside<'_>> {
        self.enter_locked(&self.lock())
    }

    /// The lock keeps [`Slot::exchange`] out until the count is up.
    fn enter_locked(&self, _: &MutexGuard<'_, Waiting>) -> Option<Inside<'_>> {
        if self.current.load(Ordering::Acquire).is_null() {
            return None;
        }
        self.gate.fetch_add(1, Ordering::AcqRel);
        Some(Inside(self))
    }

    /// Decides what becomes of a call that met [`Entry::Wait`], whose arguments have `bytes`; `queue` makes its ticket and
    /// its copy.
    pub(crate) fn at_closed_gate(
        &self,
        context: &CallContext,
        bytes: usize,
        queue: impl FnOnce() -> (u64, QueuedCall),
    ) -> Decision<'_> {
        let mut waiting = self.lock();
        let own = context.chain().contains(&self.index);
        match waiting.phase {
            Phase::Open => Decision::Retry,
            Phase::Empty => Decision::Refused(Refusal::Gone(waiting.reason.clone())),
            Phase::Draining if own => match self.enter_locked(&waiting) {
                Some(inside) => Decision::Inside(inside),
                None => Decision::Refused(Refusal::Gone("it is stopping".to_owned())),
            },
            Phase::Closed if own => Decision::Refused(Refusal::Cycle),
            Phase::Draining | Phase::Closed if !waiting.has_room(bytes) => Decision::Refused(Refusal::Full),
            Phase::Draining | Phase::Closed => {
                let (ticket, call) = queue();
                waiting.bytes += call.bytes();
                waiting.calls.push_back(call);
                Decision::Queued(ticket)
            }
        }
    }

    /// Stops letting calls in: from now on they wait.
    pub(crate) fn pause(&self, phase: Phase) {
        let mut waiting = self.lock();
        waiting.phase = phase;
        self.gate.fetch_or(PAUSED, Ordering::AcqRel);
    }

    /// Closes a draining slot as soon as `quiet` holds; it is looked at when somebody leaves or completes a
    /// call. Nobody comes in between the last look and the closing, which both happen under the lock.
    pub(crate) fn close_when(&self, deadline: Instant, quiet: impl Fn() -> bool) -> bool {
        let mut waiting = self.lock();
        while !quiet() {
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            // Completions of deferred calls signal without the lock: a late look costs a millisecond.
            let pause = (deadline - now).min(Duration::from_millis(1));
            waiting = self
                .changed
                .wait_timeout(waiting, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        waiting.phase = Phase::Closed;
        true
    }

    /// Wakes whoever waits in [`Slot::close_when`].
    pub(crate) fn signal(&self) {
        self.changed.notify_all();
    }

    /// Whether no thread is inside.
    pub(crate) fn is_quiet(&self) -> bool {
        self.gate.load(Ordering::Acquire) & !PAUSED == 0
    }

    /// Makes `next` the current generation and lets go of the last one. Only while the slot is paused; waits
    /// for threads that look in for an instant.
    ///
    /// # Errors
    /// A thread is still inside after [`limits::EXCHANGE`]; nothing is exchanged.
    pub(crate) fn exchange(&self, next: Option<Arc<Generation>>) -> Result<(), String> {
        let deadline = Instant::now() + limits::EXCHANGE;
        let mut waiting = self.lock();
        while !self.is_quiet() {
            if Instant::now() >= deadline {
                return Err(format!("a call into {} has not returned", self.name));
            }
            let pause = Duration::from_micros(50);
            waiting = self
                .changed
                .wait_timeout(waiting, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let last = self.replace(next);
        drop(waiting);
        drop(last);
        Ok(())
    }

    /// Only while nobody is inside, nor can come in.
    fn replace(&self, next: Option<Arc<Generation>>) -> Option<Arc<Generation>> {
        let next = next.map_or(std::ptr::null_mut(), |next| Arc::into_raw(next).cast_mut());
        let last = self.current.swap(next, Ordering::AcqRel);
        // SAFETY: a pointer in `current` came from `Arc::into_raw`, and is taken out once.
        (!last.is_null()).then(|| unsafe { Arc::from_raw(last) })
    }

    /// Lets calls in again, those that waited first and in their order; `run` runs one of them.
    pub(crate) fn open(&self, run: impl Fn(QueuedCall)) {
        loop {
            let mut waiting = self.lock();
            let Some(call) = waiting.calls.pop_front() else {
                waiting.phase = Phase::Open;
                waiting.bytes = 0;
                self.gate.fetch_and(!PAUSED, Ordering::AcqRel);
                return;
            };
            waiting.bytes = waiting.bytes.saturating_sub(call.bytes());
            drop(waiting);
            run(call);
        }
    }

    /// Nobody is there from now on; the calls that waited are given back.
    pub(crate) fn vacate(&self, reason: impl Into<String>) -> VecDeque<QueuedCall> {
        let mut waiting = self.lock();
        waiting.phase = Phase::Empty;
        waiting.reason = reason.into();
        waiting.bytes = 0;
        self.gate.fetch_or(PAUSED, Ordering::AcqRel);
        std::mem::take(&mut waiting.calls)
    }
}

/// What becomes of a call that met a closed gate.
pub(crate) enum Decision<'a> {
    /// The slot has just opened.
    Retry,
    /// It goes in nevertheless.
    Inside(Inside<'a>),
    /// It waits, under this ticket.
    Queued(u64),
    /// It is answered.
    Refused(Refusal),
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Whoever is inside borrows the slot, so that nobody is.
        drop(self.replace(None));
    }
}
