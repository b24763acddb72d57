//! What goes in and comes out.

use backplane_sdk::{Bytes, record};

use crate::Fault;

/// How far a write has come when it is answered.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ack {
    /// It is in the queue. It is applied before the job closes; a crash of the process may lose it. A failure is
    /// told by the event `failed`, and by the caller's next `barrier` or `flush`.
    Queued,
    /// It is committed. It survives the end of the process, and every later read sees it.
    Applied,
    /// It is on the disk. It survives a loss of power.
    Durable,
}

/// One operation of a batch. Empty categories, keys and payloads are legal.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub enum Op {
    /// Stores a payload, in place of what is there.
    Put {
        /// The category; at most 4096 bytes of UTF-8.
        category: String,
        /// The key; at most 128 KiB.
        key: Bytes,
        /// The payload; at most 64 MiB.
        payload: Bytes,
        /// Milliseconds after which the key is gone, 1 to 3153600000000; it stays when left out. Counted from when
        /// the operation is applied, by the clock of the system.
        ttl_ms: Option<u64>,
    },
    /// Removes a key; one that is not there is no error.
    Delete {
        /// The category.
        category: String,
        /// The key.
        key: Bytes,
    },
    /// Removes every key of a range.
    DeleteRange {
        /// The category.
        category: String,
        /// The range.
        range: KeyRange,
    },
    /// Demands that a key holds a payload at this point of the batch, or is absent. If not, nothing of the batch is
    /// applied, and the call fails with the fault `conflict`.
    Expect {
        /// The category.
        category: String,
        /// The key.
        key: Bytes,
        /// The payload; null demands that the key is absent.
        payload: Option<Bytes>,
    },
}

/// Keys of a category.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub enum KeyRange {
    /// Every key.
    All,
    /// This key and all its extensions.
    Prefix(Bytes),
    /// From one key up to another. It is empty unless `start` is below `stop`.
    Between {
        /// The first key.
        start: Bytes,
        /// The first key that is left out; null for no upper bound.
        stop: Option<Bytes>,
    },
}

/// What became of a batch.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Place of the write in its job: a later write has a higher number. Counted from 1 since the job was opened.
    pub sequence: u64,
    /// How many keys the deletions of the batch removed; null if the batch is only queued.
    pub removed: Option<u64>,
}

/// Which rows to read, and how many at once.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct Scan {
    /// The keys of interest.
    pub range: KeyRange,
    /// Rows of one page, 1 to 10000. A page also ends at 8 MiB.
    #[default(1000)]
    pub limit: u32,
    /// From the last key to the first.
    #[default(false)]
    pub reverse: bool,
    /// Leaves the payloads out.
    #[default(false)]
    pub keys_only: bool,
    /// Goes on behind this key: the `next` of the page before.
    pub after: Option<Bytes>,
}

/// One row.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Bytes,
    /// The payload; null if only keys were asked for.
    pub payload: Option<Bytes>,
}

/// Some rows of a category.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPage {
    /// The rows in the order asked for.
    pub rows: Vec<Row>,
    /// Where the next page goes on; null if there is no more.
    pub next: Option<Bytes>,
}

/// Some categories of a job.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryPage {
    /// The categories in byte order.
    pub categories: Vec<String>,
    /// Where the next page goes on; null if there is no more.
    pub next: Option<String>,
}

/// Figures of a job. Counts are since it was opened.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobStats {
    /// Size of the database file, in bytes.
    pub file_bytes: u64,
    /// Size of its log, in bytes.
    pub log_bytes: u64,
    /// Bytes of the file that hold nothing.
    pub free_bytes: u64,
    /// Batches in the queue.
    pub queued_batches: u64,
    /// Bytes in the queue.
    pub queued_bytes: u64,
    /// Callers that wait for room in the queue.
    pub waiting_callers: u64,
    /// Number of the last write whose outcome is known.
    pub applied_sequence: u64,
    /// Batches handled, barriers included.
    pub batches: u64,
    /// Batches that failed, conflicts included.
    pub failed_batches: u64,
    /// Batches that failed because another process held a lock; anything but 0 is a fault.
    pub locked_batches: u64,
    /// Transactions committed.
    pub transactions: u64,
    /// Transactions that waited for the disk.
    pub durable_transactions: u64,
    /// Open read connections.
    pub readers: u64,
    /// Expired keys that were removed from the file.
    #[default(0)]
    pub expired_rows: u64,
    /// Size in bytes over which the file does not grow; null without a limit.
    pub quota: Option<u64>,
}

/// Something that happened in a range that is watched.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// A payload was stored.
    Put {
        /// The number on the write's receipt.
        sequence: u64,
        /// The key.
        key: Bytes,
    },
    /// A key was removed, if it was there.
    Deleted {
        /// The number on the write's receipt.
        sequence: u64,
        /// The key.
        key: Bytes,
    },
    /// A range was removed; parts of it may lie outside of what is watched.
    RangeDeleted {
        /// The number on the write's receipt.
        sequence: u64,
        /// The range.
        range: KeyRange,
    },
    /// The time to live of a key has ended, up to about a second before.
    Expired {
        /// The key.
        key: Bytes,
    },
    /// The reader was too slow: so many changes were left out here. What is watched can be read anew.
    Lost {
        /// How many.
        changes: u64,
    },
    /// Nothing happened for 10 s, and the watch goes on.
    Quiet,
}

/// A write that failed although it had been accepted, and whose outcome nobody waited for.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedWrite {
    /// The job, with its owner.
    pub job: String,
    /// The number on the write's receipt.
    pub sequence: u64,
    /// The operation of the batch that failed, counted from 0; null where it was no single one.
    pub op: Option<u32>,
    /// Why.
    pub fault: Fault,
}

impl Op {
    /// Stores a payload that stays.
    pub fn put(category: impl Into<String>, key: impl Into<Bytes>, payload: impl Into<Bytes>) -> Self {
        Self::Put {
            category: category.into(),
            key: key.into(),
            payload: payload.into(),
            ttl_ms: None,
        }
    }
}

impl KeyRange {
    /// This key and all its extensions.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        Self::Prefix(prefix.into())
    }

    /// The keys from `start` up to but without `stop`.
    pub fn between(start: impl Into<Bytes>, stop: impl Into<Bytes>) -> Self {
        Self::Between {
            start: start.into(),
            stop: Some(stop.into()),
        }
    }

    /// The keys from `start` on.
    pub fn from_key(start: impl Into<Bytes>) -> Self {
        Self::Between {
            start: start.into(),
            stop: None,
        }
    }
}

impl Scan {
    /// The first page of `range`: forward, with payloads, 1000 rows.
    pub const fn new(range: KeyRange) -> Self {
        Self {
            range,
            limit: 1000,
            reverse: false,
            keys_only: false,
            after: None,
        }
    }
}

/// Shows how much is stored, not what.
macro_rules! sizes_only {
    ($($ty:ident { $($pattern:pat => $text:expr),* $(,)? })*) => {
        $(impl std::fmt::Debug for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $($pattern => f.write_str($text.as_ref())),* }
            }
        })*
    };
}

sizes_only! {
    Op {
        Self::Put { category, key, payload, .. } =>
            format!("Put({category:?}, {} bytes, {} bytes)", key.len(), payload.len()),
        Self::Delete { category, key } => format!("Delete({category:?}, {} bytes)", key.len()),
        Self::DeleteRange { category, range } => format!("DeleteRange({category:?}, {range:?})"),
        Self::Expect { category, key, .. } => format!("Expect({category:?}, {} bytes)", key.len()),
    }
    Change {
        Self::Put { sequence, key } => format!("Put({sequence}, {} bytes)", key.len()),
        Self::Deleted { sequence, key } => format!("Deleted({sequence}, {} bytes)", key.len()),
        Self::RangeDeleted { sequence, range } => format!("RangeDeleted({sequence}, {range:?})"),
        Self::Expired { key } => format!("Expired({} bytes)", key.len()),
        Self::Lost { changes } => format!("Lost({changes})"),
        Self::Quiet => "Quiet",
    }
    KeyRange {
        Self::All => "All",
        Self::Prefix(key) => format!("Prefix({} bytes)", key.len()),
        Self::Between { start, stop } =>
            format!("Between({} bytes, {:?} bytes)", start.len(), stop.as_ref().map(|key| key.len())),
    }
    Scan {
        Self { range, limit, reverse, keys_only, after } => format!(
            "Scan({range:?}, limit {limit}, reverse {reverse}, keys_only {keys_only}, after {})",
            after.is_some(),
        ),
    }
    Row {
        Self { key, payload } =>
            format!("Row({} bytes, {:?} bytes)", key.len(), payload.as_ref().map(|bytes| bytes.len())),
    }
}
