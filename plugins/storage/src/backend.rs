//! Backends: where the rows of a job are kept.
//!
//! The queue of a job, the order of its callers, receipts, failures and watches are the same wherever its rows are. Its
//! writer hands groups of batches to the [`Writes`] of the backend, on a thread of its own; its sessions read through
//! the [`Reads`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::error::{Error, Result};
use crate::key::{Key, KeyRange};
use crate::query::{Page, Row, Scan};
use crate::queue::Item;
use crate::receipt::Outcome;
use crate::rekey::Rekey;
use crate::upkeep::{Place, Space, StoredRow};
use crate::watch::Watches;

/// A job, as its backend opens it.
pub(crate) struct Opened {
    pub(crate) writes: Box<dyn Writes>,
    pub(crate) reads: Box<dyn Reads>,
}

/// Totals of one opening of a job.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) batches: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) locked: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) durable_transactions: AtomicU64,
    pub(crate) expired: AtomicU64,
}

/// Who hears of what is committed.
#[derive(Default)]
pub(crate) struct Observers {
    pub(crate) counters: Counters,
    pub(crate) watches: Arc<Watches>,
}

/// What a removal of expired keys has done.
pub(crate) struct Purged {
    /// Keys removed.
    pub(crate) keys: usize,
    /// When the next one expires, in milliseconds since 1970; `None` if none does.
    pub(crate) next: Option<i64>,
}

/// Bytes that a job takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sizes {
    pub(crate) file: u64,
    pub(crate) log: u64,
    /// What of it holds nothing, where the backend can tell.
    pub(crate) free: Option<u64>,
}

/// The writing half of a backend, which the writer of the job owns. It counts its transactions and tells watches what
/// was committed.
pub(crate) trait Writes: Send {
    /// Applies `items` in one transaction: the outcome of each, or an error when nothing at all was applied.
    fn transact(&mut self, items: &[Item]) -> Result<Vec<Result<Outcome>>>;

    /// Removes some expired keys, at most [`limits::PURGE_ROWS`](crate::limits::PURGE_ROWS).
    fn purge(&mut self) -> Result<Purged>;

    /// Gives the job another key. Reads go on meanwhile. [`Error::WriterFailed`] says that nothing more can be written.
    fn rekey(&mut self, _rekey: &Rekey) -> Result<()> {
        Err(Error::argument("key", "is for jobs that are files"))
    }

    /// Uses a quiet moment.
    fn rest(&mut self) -> Result<()> {
        Ok(())
    }

    /// Ends, after the reads have.
    fn close(self: Box<Self>) -> Result<()>;
}

/// The reading half of a backend. Arguments are within their limits, and the caller's own writes are applied. Calls
/// block for a bounded time; those named `now` do not, and give `None` if they would have to.
pub(crate) trait Reads: Send + Sync {
    fn get(&self, category: &str, key: &Key) -> Result<Option<Vec<u8>>>;

    /// `None` for a payload over [`limits::INLINE_PAYLOAD_BYTES`](crate::limits::INLINE_PAYLOAD_BYTES), too.
    fn get_now(&self, category: &str, key: &Key) -> Result<Option<Option<Vec<u8>>>>;

    fn exists(&self, category: &str, key: &Key) -> Result<bool>;

    fn exists_now(&self, category: &str, key: &Key) -> Result<Option<bool>>;

    fn get_many(&self, category: &str, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>>;

    fn count(&self, category: &str, range: &KeyRange) -> Result<u64>;

    fn scan(&self, category: &str, scan: &Scan) -> Result<Page<Row, Key>>;

    fn categories(&self, after: Option<&str>, limit: usize) -> Result<Page<String, String>>;

    /// Writes a copy to a new file: a job file, whatever the backend is.
    fn backup_to(&self, path: &Path) -> Result<()>;

    fn sizes(&self) -> Result<Sizes>;

    /// One page of all rows behind `after`, by category and key.
    fn rows(&self, after: Option<&Place>, limit: usize) -> Result<Page<StoredRow, Place>>;

    /// How many rows there are in all.
    fn count_all(&self) -> Result<u64>;

    /// Only files are looked into in this way and the next.
    fn space(&self) -> Result<Space> {
        Err(Error::not_a_file())
    }

    /// What is wrong with what is kept; nothing if it is sound.
    fn check(&self) -> Result<Vec<String>> {
        Err(Error::not_a_file())
    }

    /// Connections that are open for reads.
    fn connections(&self) -> usize;

    /// From now on, all that is committed is told to the watches.
    fn observe(&self) -> Result<()> {
        Ok(())
    }

    /// Refuses further reads, and waits for those that run.
    fn close(&self) -> Result<()>;
}
