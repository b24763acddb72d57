//! The queue in front of a writer: first in, first out, bounded by batches and by bytes.
//!
//! A caller that finds it full takes a place in a second line, from which items move up in order as room appears.
//! So a later write never overtakes an earlier one, whichever of their callers wakes first. A caller that gives up
//! leaves an empty item in its place, so that sequence numbers stay without gaps.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backplane_sdk::awake::look_until;
use tokio::sync::oneshot;

use crate::batch::Ops;
use crate::error::{Error, Result};
use crate::limits;
use crate::receipt::Outcome;
use crate::session::Origin;
use crate::waiting::Waiting;
use crate::writer::Writer;

/// Something else for the writer to do, between two transactions.
pub(crate) type Order = Box<dyn FnOnce(&mut Writer) + Send>;

/// One accepted batch on its way to the writer.
pub(crate) struct Item {
    pub(crate) sequence: u64,
    pub(crate) ops: Ops,
    pub(crate) bytes: usize,
    pub(crate) durable: bool,
    pub(crate) origin: Arc<Origin>,
    /// Where the outcome goes; `None` when nobody waits for it.
    pub(crate) reply: Option<oneshot::Sender<Result<Outcome>>>,
}

/// What to do when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    Wait,
    Refuse,
}

/// Where a submitted item is.
pub(crate) enum Place {
    Queued(u64),
    Waiting(Waiting),
}

/// What the writer finds.
pub(crate) enum Taken {
    Group(Vec<Item>),
    Order(Order),
    Idle,
    Closed,
}

/// Capacity of one queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) batches: usize,
    pub(crate) bytes: usize,
}

/// Batches and bytes in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Depth {
    pub(crate) batches: usize,
    pub(crate) bytes: usize,
    pub(crate) waiting: usize,
}

struct Waiter {
    item: Item,
    admitted: oneshot::Sender<()>,
}

struct State {
    items: VecDeque<Item>,
    bytes: usize,
    waiting: VecDeque<Waiter>,
    order: Option<Order>,
    last_sequence: u64,
    closed: bool,
    /// The writer has to be woken, which is a call to the system.
    sleeps: bool,
}

impl State {
    /// Whether the writer finds nothing to do.
    fn is_idle(&self) -> bool {
        self.items.is_empty() && self.order.is_none() && !self.closed
    }

    /// The next items that share one transaction; one at least, which has to be there.
    fn take_group(&mut self) -> Vec<Item> {
        let (mut ops, mut bytes) = (0, 0);
        let fits = |item: &&Item| {
            ops += item.ops.len();
            bytes += item.bytes;
            ops <= limits::GROUP_OPS && bytes <= limits::GROUP_BYTES
        };
        let group = self.items.iter().take(limits::GROUP_OPS).take_while(fits).count();
        let group: Vec<Item> = self.items.drain(..group.max(1)).collect();
        self.bytes -= group.iter().map(|item| item.bytes).sum::<usize>();
        group
    }
}

pub(crate) struct Queue {
    capacity: Capacity,
    state: Mutex<State>,
    filled: Condvar,
    /// There is something that somebody waits for. The writer looks at it without the lock.
    urgent: AtomicBool,
}

impl Queue {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            waiting: VecDeque::new(),
            order: None,
            last_sequence: 0,
            closed: false,
            sleeps: false,
        };
        Queue {
            capacity,
            state: Mutex::new(state),
            filled: Condvar::new(),
            urgent: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State, bytes: usize) -> bool {
        state.items.is_empty()
            || (state.items.len() < self.capacity.batches
                && state.bytes.saturating_add(bytes) <= self.capacity.bytes)
    }

    /// Gives `item` the next sequence number and a place in line.
    pub(crate) fn submit(self: &Arc<Self>, mut item: Item, when_full: WhenFull) -> Result<Place> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        let room = state.waiting.is_empty() && self.has_room(&state, item.bytes);
        if !room && when_full == WhenFull::Refuse {
            return Err(Error::WouldBlock);
        }
        if !room && state.waiting.len() >= limits::MAX_WAITING_CALLERS {
            let limit = limits::MAX_WAITING_CALLERS;
            return Err(Error::Busy {
                what: "places to wait for room in the queue",
                limit,
            });
        }
        state.last_sequence += 1;
        let sequence = state.last_sequence;
        item.sequence = sequence;
        item.origin.wrote(sequence);
        if room {
            state.bytes += item.bytes;
            let urgent = item.reply.is_some();
            state.items.push_back(item);
            self.stir(state, urgent);
            return Ok(Place::Queued(sequence));
        }
        let (admitted, signal) = oneshot::channel();
        state.waiting.push_back(Waiter { item, admitted });
        Ok(Place::Waiting(Waiting::new(self, sequence, signal)))
    }

    /// Has the writer do `order` as soon as it has done what it does now; one after another.
    pub(crate) fn order(&self, order: Order) -> Result<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        if state.order.is_some() {
            return Err(Error::Busy {
                what: "orders of the writer",
                limit: 1,
            });
        }
        state.order = Some(order);
        self.stir(state, true);
        Ok(())
    }

    fn move_up(&self, state: &mut State) {
        while let Some(bytes) = state.waiting.front().map(|waiter| waiter.item.bytes) {
            if !self.has_room(state, bytes) {
                break;
            }
            if let Some(waiter) = state.waiting.pop_front() {
                state.bytes += bytes;
                state.items.push_back(waiter.item);
                // A caller that is just giving up still finds its item admitted.
                let _ = waiter.admitted.send(());
            }
        }
    }

    /// Lets the writer know that there is something to do.
    fn stir(&self, mut state: MutexGuard<'_, State>, urgent: bool) {
        if urgent {
            self.urgent.store(true, Relaxed);
        }
        let sleeps = mem::take(&mut state.sleeps);
        drop(state);
        if sleeps {
            self.filled.notify_one();
        }
    }

    /// Waits for items, at most for `patience`, and takes those that share one transaction.
    pub(crate) fn take_group(&self, patience: Option<Duration>) -> Taken {
        let mut state = self.lock();
        if state.is_idle() {
            self.urgent.store(false, Relaxed);
            drop(state);
            look_until(|| self.urgent.load(Relaxed));
            state = self.lock();
        }
        while state.is_idle() {
            state.sleeps = true;
            let timed_out;
            (state, timed_out) = self.sleep(state, patience);
            state.sleeps = false;
            if timed_out && state.is_idle() {
                return Taken::Idle;
            }
        }
        if let Some(order) = state.order.take() {
            return Taken::Order(order);
        }
        if state.items.is_empty() {
            return Taken::Closed;
        }
        let group = state.take_group();
        self.move_up(&mut state);
        Taken::Group(group)
    }

    /// Sleeps until there is something to do, or `patience` is over; whether it is.
    fn sleep<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Option<Duration>,
    ) -> (MutexGuard<'a, State>, bool) {
        let Some(patience) = patience else {
            let woken = self.filled.wait(state);
            return (woken.unwrap_or_else(PoisonError::into_inner), false);
        };
        let woken = self.filled.wait_timeout(state, patience);
        let (state, waited) = woken.unwrap_or_else(PoisonError::into_inner);
        (state, waited.timed_out())
    }

    /// Refuses further items and those that still wait for room; what was accepted stays for the writer.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        self.stir(state, true);
    }

    /// Takes away a waiting item's content; false when it is in the queue proper, or the queue was closed.
    pub(crate) fn withdraw(&self, sequence: u64) -> bool {
        let mut state = self.lock();
        let waiter = state
            .waiting
            .iter_mut()
            .find(|waiter| waiter.item.sequence == sequence);
        let Some(waiter) = waiter else { return false };
        waiter.item.ops = Ops::new();
        waiter.item.bytes = 0;
        waiter.item.durable = false;
        waiter.item.reply = None;
        self.move_up(&mut state);
        true
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(crate) fn depth(&self) -> Depth {
        let state = self.lock();
        Depth {
            batches: state.items.len(),
            bytes: state.bytes,
            waiting: state.waiting.len(),
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
