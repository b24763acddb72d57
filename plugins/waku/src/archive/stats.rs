//! What an archive counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::metrics::{Histogram, Labelled, SECONDS};

/// The number of messages, and counts since the archive was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchiveStats {
    /// Messages that are there.
    pub messages: u64,
    /// Messages that were committed.
    pub stored: u64,
    /// Messages that were there already.
    pub duplicates: u64,
    /// Messages that were ephemeral, too old or of the future.
    pub refused: u64,
    /// Messages that the queue had no room for.
    pub missed: u64,
    /// Messages that the store did not take.
    pub failed: u64,
    /// Messages that retention removed.
    pub removed: u64,
    /// Queries that were worked on.
    pub queries: u64,
}

/// The live counters behind [`ArchiveStats`], and what else is measured.
pub(super) struct Counters {
    pub(super) messages: Count,
    pub(super) stored: Count,
    pub(super) duplicates: Count,
    pub(super) refused: Count,
    pub(super) missed: Count,
    pub(super) failed: Count,
    pub(super) removed: Count,
    pub(super) queries: Count,
    /// How long it took to commit a batch.
    pub(super) commit_times: Histogram,
    pub(super) query_times: Histogram,
    /// Messages that were committed, by the number of their shard: at most 1024.
    pub(super) stored_by_shard: Labelled<1, u64>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            messages: Count::default(),
            stored: Count::default(),
            duplicates: Count::default(),
            refused: Count::default(),
            missed: Count::default(),
            failed: Count::default(),
            removed: Count::default(),
            queries: Count::default(),
            commit_times: Histogram::new(SECONDS),
            query_times: Histogram::new(SECONDS),
            stored_by_shard: Labelled::new(["shard"]),
        }
    }
}

impl Counters {
    pub(super) fn snapshot(&self) -> ArchiveStats {
        ArchiveStats {
            messages: self.messages.get(),
            stored: self.stored.get(),
            duplicates: self.duplicates.get(),
            refused: self.refused.get(),
            missed: self.missed.get(),
            failed: self.failed.get(),
            removed: self.removed.get(),
            queries: self.queries.get(),
        }
    }
}

#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(super) fn set(&self, count: u64) {
        self.0.store(count, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
