//! Events that a subscriber has taken, and not handed over yet.

use super::Data;
use super::queue::Item;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events that one after the other were published, and all subscribers read together.
pub(crate) type Block = Vec<Arc<Data>>;

/// Events on their last way, in their order: out of a queue, or after these out of the log.
#[derive(Default)]
pub(crate) struct Taken {
    queued: VecDeque<Item>,
    blocks: VecDeque<Arc<Block>>,
    /// How many events of the first block have been handed over.
    read: usize,
}

impl Taken {
    /// Adds a block of the log.
    pub(crate) fn read(&mut self, block: Arc<Block>) {
        self.blocks.push_back(block);
    }

    /// Adds events of a queue. Only while there are none of the log, which are later ones.
    pub(crate) fn extend(&mut self, items: impl Iterator<Item = Item>) {
        debug_assert!(self.blocks.is_empty(), "a queue is read before the log");
        self.queued.extend(items);
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        let read: usize = self.blocks.iter().map(|it| it.len()).sum();
        self.queued.len() + read - self.read
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.queued.is_empty() && self.blocks.is_empty()
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.queued.pop_front() {
            return Some(item);
        }
        let block = self.blocks.front()?;
        let event = Arc::clone(&block[self.read]);
        self.read += 1;
        if self.read == block.len() {
            self.read = 0;
            self.blocks.pop_front();
        }
        Some(Item { event, lost: 0 })
    }
}
