//! Events that a subscriber has taken, and not handed over yet.

use super::block::Span;
use super::queue::Item;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events on their last way, in their order: out of a queue, or after these out of the log.
#[derive(Default)]
pub(crate) struct Taken {
    queued: VecDeque<Item>,
    span: Option<Span>,
}

impl Taken {
    /// Adds events of the log. Only while there are none.
    pub(super) fn read(&mut self, span: Span) {
        debug_assert!(self.is_empty(), "what is taken is handed over first");
        self.span = Some(span);
    }

    /// Adds events of a queue. Only while there are none of the log, which are later ones.
    pub(crate) fn extend(&mut self, items: impl Iterator<Item = Item>) {
        debug_assert!(self.span.is_none(), "a queue is read before the log");
        self.queued.extend(items);
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.queued.len() + self.span.as_ref().map_or(0, Span::len)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.queued.is_empty() && self.span.is_none()
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.queued.pop_front() {
            return Some(item);
        }
        let span = self.span.as_mut()?;
        let event = span.block.event(span.next).map(Arc::clone);
        span.next += 1;
        if span.next == span.end {
            self.span = None;
        }
        event.map(|event| Item { event, lost: 0 })
    }
}
