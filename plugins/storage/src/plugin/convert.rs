//! Between the contract's types and the engine's.

use std::time::Duration;

use backplane_sdk::Bytes;
use storage_api as api;
use storage_api::{Fault, KeyError, KvError};

use crate::{
    Ack, Batch, Change, CipherKey, Error, FailedWrite, Key, KeyRange, Outcome, Page, Place, Row, Scan, Stats,
    StoredRow,
};

pub(super) fn ack(ack: api::Ack) -> Ack {
    match ack {
        api::Ack::Queued => Ack::Queued,
        api::Ack::Applied => Ack::Applied,
        api::Ack::Durable => Ack::Durable,
    }
}

pub(super) fn key(bytes: Bytes) -> Key {
    Key::from(bytes)
}

pub(super) fn ttl(milliseconds: Option<u64>) -> Option<Duration> {
    milliseconds.map(Duration::from_millis)
}

pub(super) fn cipher_key(key: Option<Bytes>) -> Result<Option<CipherKey>, Error> {
    key.map(|key| CipherKey::new(key.0)).transpose()
}

pub(super) fn range(range: api::KeyRange) -> KeyRange {
    match range {
        api::KeyRange::All => KeyRange::all(),
        api::KeyRange::Prefix(prefix) => KeyRange::prefix(key(prefix)),
        api::KeyRange::Between { start, stop: None } => KeyRange::new(key(start), []),
        // An empty stop, below which there is no key, means no bound to the engine.
        api::KeyRange::Between { stop: Some(stop), .. } if stop.is_empty() => KeyRange::new([0], [0]),
        api::KeyRange::Between {
            start,
            stop: Some(stop),
        } => KeyRange::new(key(start), key(stop)),
    }
}

pub(super) fn change(change: Change) -> api::Change {
    match change {
        Change::Put { sequence, key } => api::Change::Put {
            sequence,
            key: key.into(),
        },
        Change::Deleted { sequence, key } => api::Change::Deleted {
            sequence,
            key: key.into(),
        },
        Change::RangeDeleted { sequence, range } => api::Change::RangeDeleted {
            sequence,
            range: api::KeyRange::Between {
                start: range.start.into(),
                stop: Some(Bytes::from(range.stop)).filter(|stop| !stop.is_empty()),
            },
        },
        Change::Expired { key } => api::Change::Expired { key: key.into() },
        Change::Lost { changes } => api::Change::Lost { changes },
    }
}

pub(super) fn batch(ops: Vec<api::Op>) -> Batch {
    ops.into_iter().fold(Batch::new(), |batch, op| match op {
        api::Op::Put {
            category,
            key: at,
            payload,
            ttl_ms,
        } => batch.put_for(category, key(at), payload.0, ttl(ttl_ms)),
        api::Op::Delete { category, key: at } => batch.delete(category, key(at)),
        api::Op::DeleteRange { category, range: at } => batch.delete_range(category, range(at)),
        api::Op::Expect {
            category,
            key: at,
            payload,
        } => batch.expect(category, key(at), payload.map(|payload| payload.0)),
    })
}

pub(super) fn scan(scan: api::Scan) -> Scan {
    Scan {
        range: range(scan.range),
        after: scan.after.map(key),
        limit: size(scan.limit.into()),
        reverse: scan.reverse,
        keys_only: scan.keys_only,
    }
}

pub(super) fn receipt(outcome: Outcome) -> api::Receipt {
    api::Receipt {
        sequence: outcome.sequence,
        removed: outcome.removed,
    }
}

pub(super) fn rows(page: Page<Row, Key>) -> api::RowPage {
    let row = |row: Row| api::Row {
        key: row.key.into(),
        payload: row.payload.map(Bytes),
    };
    api::RowPage {
        rows: page.rows.into_iter().map(row).collect(),
        next: page.next.map(Bytes::from),
    }
}

pub(super) fn stored(page: Page<StoredRow, Place>) -> api::StoredPage {
    let row = |row: StoredRow| api::StoredRow {
        category: row.category,
        key: row.key.into(),
        payload: Bytes(row.payload),
        expires_ms: row.expires.map(|moment| moment.max(0).unsigned_abs()),
    };
    api::StoredPage {
        rows: page.rows.into_iter().map(row).collect(),
        next: page.next.map(|(category, key)| api::RowPlace {
            category,
            key: key.into(),
        }),
    }
}

pub(super) fn categories(page: Page<String, String>) -> api::CategoryPage {
    api::CategoryPage {
        categories: page.rows,
        next: page.next,
    }
}

pub(super) fn stats(stats: Stats) -> api::JobStats {
    api::JobStats {
        file_bytes: stats.file_bytes,
        log_bytes: stats.log_bytes,
        free_bytes: stats.free_bytes,
        queued_batches: wide(stats.queued_batches),
        queued_bytes: wide(stats.queued_bytes),
        waiting_callers: wide(stats.waiting_callers),
        applied_sequence: stats.applied_sequence,
        batches: stats.batches,
        failed_batches: stats.failed_batches,
        locked_batches: stats.locked_batches,
        transactions: stats.transactions,
        durable_transactions: stats.durable_transactions,
        readers: wide(stats.readers),
        expired_rows: stats.expired_rows,
        quota: stats.quota,
    }
}

pub(super) fn failed_write(failed: &FailedWrite) -> api::FailedWrite {
    let (op, fault) = op_and_fault(failed.error.clone());
    api::FailedWrite {
        job: failed.job.clone(),
        sequence: failed.sequence,
        op,
        fault,
    }
}

impl From<Error> for KvError {
    fn from(error: Error) -> Self {
        match error {
            Error::Closed => KvError::Closed,
            Error::Timeout { what, waited } => KvError::Timeout {
                what: what.to_owned(),
                waited_ms: milliseconds(waited),
            },
            Error::InvalidArgument { field, reason } => KvError::InvalidArgument {
                field: field.to_owned(),
                reason,
            },
            Error::NoAccess { .. } => KvError::InvalidArgument {
                field: "job".to_owned(),
                reason: error.to_string(),
            },
            Error::TooLarge { field, size, limit } => KvError::TooLarge {
                field: field.to_owned(),
                size: wide(size),
                limit: wide(limit),
            },
            Error::JobNotFound { job } => KvError::JobNotFound { job },
            Error::AlreadyOpen { root } => KvError::AlreadyOpen {
                directory: root.display().to_string(),
            },
            Error::WrongKey { job } | Error::KeyRequired { job } => KvError::WrongKey { job },
            Error::WouldBlock => KvError::WouldBlock,
            Error::Busy { what, limit } => KvError::Busy {
                what: what.to_owned(),
                limit: wide(limit),
            },
            Error::ForeignFile { job, application_id } => KvError::ForeignFile { job, application_id },
            Error::IncompatibleVersion {
                job,
                found,
                supported,
            } => KvError::IncompatibleVersion {
                job,
                found,
                supported,
            },
            Error::Unacknowledged { count, first } => KvError::Unacknowledged {
                count,
                first: op_and_fault(*first).1,
            },
            other => {
                let (op, fault) = op_and_fault(other);
                KvError::Failed { op, fault }
            }
        }
    }
}

impl From<Error> for KeyError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEncryption => KeyError::NoEncryption,
            Error::KeyRequired { job } => KeyError::KeyRequired { name: job },
            Error::WrongKey { job } => KeyError::WrongKey { name: job },
            Error::NotEncrypted { job } => KeyError::NotEncrypted { name: job },
            other => KeyError::Store { error: other.into() },
        }
    }
}

/// What happened to an accepted write or to a read.
pub(crate) fn fault(error: Error) -> Fault {
    op_and_fault(error).1
}

/// The same, and which operation of a batch it was.
fn op_and_fault(error: Error) -> (Option<u32>, Fault) {
    let fault = match error {
        Error::Conflict { op } => return (index(op), Fault::Conflict),
        Error::BatchFailed { op, source } => return (index(op), op_and_fault(*source).1),
        Error::QuotaExceeded { limit } => Fault::QuotaExceeded { limit },
        Error::DiskFull => Fault::DiskFull,
        Error::Locked => Fault::Locked,
        Error::Corrupt { job } => Fault::Corrupt { job },
        Error::NotADatabase { job } => Fault::NotADatabase { job },
        Error::Io { action, kind } => Fault::Io {
            action: action.to_owned(),
            reason: kind.to_string(),
        },
        Error::Backend {
            code,
            extended,
            message,
        } => Fault::Backend {
            code,
            extended,
            message,
        },
        // The set of faults is closed as long as the interface is at 1.
        Error::WriterFailed | Error::OutcomeUnknown => Fault::WriterFailed,
        Error::Unavailable { reason } => Fault::Io {
            action: "reach the server of the job".to_owned(),
            reason,
        },
        // The writer gives none of the rest; 1 is SQLite's code for an error without one.
        other => Fault::Backend {
            code: 1,
            extended: 1,
            message: other.to_string(),
        },
    };
    (None, fault)
}

fn index(op: usize) -> Option<u32> {
    u32::try_from(op).ok()
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

pub(super) fn size(wide: u64) -> usize {
    usize::try_from(wide).unwrap_or(usize::MAX)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
