//! A stretch of the log of a topic, which those who read see while it grows.

use super::Data;
use crate::limits;
use std::sync::{Arc, OnceLock};

/// Events that one after the other were published. Whoever holds the lock of the topic writes, each place once and in
/// order; whoever has the block reads, without a lock.
pub(crate) struct Block {
    events: [OnceLock<Arc<Data>>; limits::EVENT_BATCH],
    /// What comes after it. Nothing is written any more when it is there.
    next: OnceLock<Arc<Block>>,
}

impl Block {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            events: [const { OnceLock::new() }; limits::EVENT_BATCH],
            next: OnceLock::new(),
        })
    }

    /// Writes the event of a place that has none.
    pub(super) fn write(&self, place: usize, event: Arc<Data>) {
        let written = self.events[place].set(event);
        debug_assert!(written.is_ok(), "a place is written once");
    }

    /// Ends the block.
    pub(super) fn close(&self, next: &Arc<Block>) {
        let closed = self.next.set(Arc::clone(next));
        debug_assert!(closed.is_ok(), "a block is closed once");
    }

    /// The event of a place, if it is written.
    fn event(&self, place: usize) -> Option<&Arc<Data>> {
        self.events.get(place)?.get()
    }

    /// The first place from `place` on that is not written.
    fn end(&self, place: usize) -> usize {
        let written = self.events[place..].iter().take_while(|it| it.get().is_some());
        place + written.count()
    }
}

/// A long chain is let go of one by one: it would fill the stack.
impl Drop for Block {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut block) = next.and_then(Arc::into_inner) {
            next = block.next.take();
        }
    }
}

/// Where somebody reads in the log.
pub(crate) struct Place {
    block: Arc<Block>,
    next: usize,
}

/// Some events of a block.
pub(crate) struct Span {
    block: Arc<Block>,
    next: usize,
    end: usize,
}

impl Place {
    /// Before the event that will be written at `next`.
    pub(super) fn new(block: &Arc<Block>, next: usize) -> Self {
        Self {
            block: Arc::clone(block),
            next,
        }
    }

    /// Reads to the end of a block, at most.
    pub(super) fn advance(&mut self) -> Option<Span> {
        loop {
            let Self { block, next } = self;
            let end = block.end(*next);
            if end > *next {
                let block = Arc::clone(block);
                let next = std::mem::replace(next, end);
                return Some(Span { block, next, end });
            }
            if !self.leave() {
                return None;
            }
        }
    }

    /// Goes on to the next block if this one has ended. Whether there may be more to read then.
    pub(super) fn leave(&mut self) -> bool {
        let Some(after) = self.block.next.get().map(Arc::clone) else {
            return false;
        };
        // Something may have been written after the last look, and before the end.
        if self.block.event(self.next).is_none() {
            *self = Self::new(&after, 0);
        }
        true
    }
}

impl Span {
    pub(super) fn len(&self) -> usize {
        self.end - self.next
    }

    /// Its first event.
    pub(super) fn first(&self) -> Option<&Arc<Data>> {
        self.block.event(self.next)
    }

    /// What comes after the first.
    pub(super) fn skip(self) -> Option<Self> {
        let next = self.next + 1;
        (next < self.end).then_some(Self { next, ..self })
    }

    /// All its events.
    pub(super) fn events(&self) -> impl Iterator<Item = &Arc<Data>> {
        (self.next..self.end).filter_map(|place| self.block.event(place))
    }
}
