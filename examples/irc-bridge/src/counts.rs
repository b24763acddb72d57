//! What the bridge has counted.

use backplane_sdk::record;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters that go along when the bridge is exchanged.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) to_chat: AtomicU64,
    pub(crate) to_irc: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

/// The same as a successor gets them.
#[record]
pub struct Counted {
    /// Lines of the channel that the chat has.
    pub to_chat: u64,
    /// Lines that the channel has.
    pub to_irc: u64,
    /// What was left out.
    pub dropped: u64,
}

impl Counts {
    pub(crate) fn export(&self) -> Counted {
        Counted {
            to_chat: self.to_chat.load(Relaxed),
            to_irc: self.to_irc.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
        }
    }

    /// Adds what a predecessor has counted: events may have come already.
    pub(crate) fn import(&self, counted: &Counted) {
        self.to_chat.fetch_add(counted.to_chat, Relaxed);
        self.to_irc.fetch_add(counted.to_irc, Relaxed);
        self.dropped.fetch_add(counted.dropped, Relaxed);
    }
}
