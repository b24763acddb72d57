//! The pipe itself: a bounded queue of items with an end for each side.

use super::{Limits, Tickets, Wait};
use backplane_plugin_api::{Reply, status};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A bounded queue of encoded items. It never holds more than its window, or one item that is larger.
///
/// A side that must wait gets a ticket; when it can go on, the ticket is answered and the side tries again.
pub(super) struct Pipe {
    tickets: Arc<dyn Tickets>,
    limits: Limits,
    window: usize,
    state: Mutex<State>,
    /// Counts as one of these for as long as it exists.
    opened: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// How the writer ended it.
    end: Option<(i32, String)>,
    /// Nobody reads it any more.
    closed: bool,
    /// Who waits for items.
    reader: Option<u64>,
    /// Who waits for room, and for how many bytes.
    writer: Option<(u64, usize)>,
}

impl Pipe {
    pub(super) fn new(
        tickets: Arc<dyn Tickets>,
        limits: Limits,
        window: usize,
        opened: Arc<AtomicUsize>,
    ) -> Self {
        opened.fetch_add(1, Ordering::Relaxed);
        Self {
            tickets,
            limits,
            window,
            state: Mutex::default(),
            opened,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No lock is held: whoever hears of it may do anything.
    fn wake(&self, ticket: Option<u64>) {
        if let Some(ticket) = ticket {
            self.tickets.answer(ticket, Reply::EMPTY);
        }
    }

    /// A ticket for a side that must wait, unless another one of this side still does. Opened under the lock, so
    /// that the other side finds it.
    fn wait(&self, before: Option<u64>, wait: Wait) -> Reply {
        if before.is_some_and(|ticket| self.tickets.is_wanted(ticket)) {
            return Reply::error(status::BUSY, "somebody waits at this end of the stream already");
        }
        Reply {
            status: status::PENDING,
            ticket: self.tickets.open(wait),
            ..Reply::EMPTY
        }
    }

    /// Takes the item, or gives a ticket where there is no room.
    pub(super) fn write(&self, item: &[u8], wait: Wait) -> Reply {
        if item.is_empty() || item.len() > self.limits.item {
            return self.refuse(item.len());
        }
        let mut state = self.lock();
        if state.closed {
            return Reply::error(status::CANCELLED, "nobody reads the stream any more");
        }
        if state.end.is_some() {
            return Reply::error(status::NOT_FOUND, "the stream was ended");
        }
        if !self.has_room(&state, item.len()) {
            let reply = self.wait(state.writer.map(|(ticket, _)| ticket), wait);
            if reply.status == status::PENDING {
                state.writer = Some((reply.ticket, item.len()));
            }
            return reply;
        }
        state.items.push_back(item.into());
        state.bytes += item.len();
        let reader = state.reader.take();
        drop(state);
        self.wake(reader);
        Reply::EMPTY
    }

    fn refuse(&self, len: usize) -> Reply {
        if len == 0 {
            return Reply::error(status::BAD_ARGUMENTS, "an item of a stream is not empty");
        }
        let message = format!(
            "an item of a stream is {len} bytes long, at most {} are allowed",
            self.limits.item
        );
        Reply::error(status::TOO_LARGE, message)
    }

    fn has_room(&self, state: &State, len: usize) -> bool {
        state.items.is_empty() || (state.items.len() < self.limits.items && state.bytes + len <= self.window)
    }

    /// Ends it; the first end counts.
    pub(super) fn finish(&self, code: i32, message: String) {
        let mut state = self.lock();
        state.end.get_or_insert((code, message));
        self.wake_all(state);
    }

    fn wake_all(&self, mut state: MutexGuard<'_, State>) {
        let waiting = [state.reader.take(), state.writer.take().map(|(ticket, _)| ticket)];
        drop(state);
        for ticket in waiting {
            self.wake(ticket);
        }
    }

    /// The items at hand up to `credit` bytes, the end, or a ticket.
    pub(super) fn read(&self, credit: usize, wait: Wait) -> Reply {
        let mut state = self.lock();
        if state.closed {
            return Reply::error(status::NOT_FOUND, "the stream was closed");
        }
        if state.items.is_empty() {
            if let Some((code, message)) = &state.end {
                return Reply::new(*code, message.clone().into_bytes());
            }
            let reply = self.wait(state.reader, wait);
            if reply.status == status::PENDING {
                state.reader = Some(reply.ticket);
            }
            return reply;
        }
        let mut taken = Vec::with_capacity(state.bytes.min(credit));
        while let Some(item) = state.items.front()
            && (taken.is_empty() || taken.len() + item.len() <= credit)
        {
            taken.extend_from_slice(item);
            state.items.pop_front();
        }
        state.bytes -= taken.len();
        let writer = state.writer.filter(|(_, len)| self.has_room(&state, *len));
        if writer.is_some() {
            state.writer = None;
        }
        drop(state);
        self.wake(writer.map(|(ticket, _)| ticket));
        Reply::new(status::OK, taken)
    }

    /// Nobody reads it any more: what it holds is freed, and the writer is told.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.bytes = 0;
        let items = std::mem::take(&mut state.items);
        self.wake_all(state);
        drop(items);
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.opened.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
