//! Events that a subscriber has taken, and not handed over yet.

use super::Data;
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

    /// The next event, and how many were lost before it.
    pub(crate) fn first(&self) -> Option<(&Arc<Data>, u64)> {
        let queued = self.queued.front().map(|it| (&it.event, it.lost));
        queued.or_else(|| Some((self.span.as_ref()?.first()?, 0)))
    }

    /// Goes on to the event after it.
    pub(crate) fn skip(&mut self) {
        if self.queued.pop_front().is_none() {
            self.span = self.span.take().and_then(Span::skip);
        }
    }

    /// Takes the next event out.
    pub(crate) fn next(&mut self) -> Option<Item> {
        let (event, lost) = self.first()?;
        let event = Arc::clone(event);
        self.skip();
        Some(Item { event, lost })
    }
}
