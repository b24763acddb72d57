//! The errors of the engine.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::cipher::KeySlot;
use crate::limits;

/// The outcome of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. No variant holds a key or a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The job or the store was closed; the call had no effect.
    #[error("the job is closed")]
    Closed,
    /// A bounded wait ended. A write that waited for room in the queue was not accepted; a write whose receipt
    /// was waited for is still under way, and its outcome is unknown to the caller.
    #[error("waited {waited:?} for {what}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        waited: Duration,
    },
    /// An argument breaks a rule.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: &'static str,
        /// The rule that it breaks.
        reason: String,
    },
    /// An argument or an answer is larger than its limit.
    #[error("{field} has {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large, with its unit.
        field: &'static str,
        /// Its size; for an answer that was cut off, the size reached.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The job belongs to another, and the caller has no access to it.
    #[error("belongs to {owner:?}; {caller:?} has no access to it")]
    NoAccess {
        /// Whose it is.
        owner: String,
        /// Who asked.
        caller: String,
    },
    /// No job of that id is open or, for a removal, on disk.
    #[error("there is no job {job:?}")]
    JobNotFound {
        /// The id asked for.
        job: String,
    },
    /// Another store, in this process or another, owns the directory.
    #[error("{} is in use by another instance", root.display())]
    AlreadyOpen {
        /// The directory.
        root: PathBuf,
    },
    /// The queue is full and the caller did not want to wait; the write was not accepted.
    #[error("the queue is full")]
    WouldBlock,
    /// A bounded resource is used up; trying later may help. The call had no effect.
    #[error("{what} are used up (limit {limit})")]
    Busy {
        /// The resource.
        what: &'static str,
        /// How many there are.
        limit: usize,
    },
    /// Another process holds a lock on the database file, although this store owns the directory. Nothing of
    /// the batch was applied.
    #[error("the database file is locked by another process")]
    Locked,
    /// An expectation of a batch did not hold; nothing of the batch was applied.
    #[error("the value expected by operation {op} is not the one stored")]
    Conflict {
        /// Index of the operation in its batch.
        op: usize,
    },
    /// The job's file would grow over its quota; nothing of the batch was applied.
    #[error("the job would grow over its quota of {limit} bytes")]
    QuotaExceeded {
        /// The quota in bytes.
        limit: u64,
    },
    /// The disk is full; nothing of the batch was applied.
    #[error("the disk is full")]
    DiskFull,
    /// The file is damaged.
    #[error("the file of job {job:?} is damaged")]
    Corrupt {
        /// The job.
        job: String,
    },
    /// The file is not a database at all.
    #[error("the file of job {job:?} is not a database")]
    NotADatabase {
        /// The job.
        job: String,
    },
    /// The file is a database of another application; it was left as it is.
    #[error("the file of job {job:?} belongs to another application (id {application_id:#010x})")]
    ForeignFile {
        /// The job.
        job: String,
        /// The application id in the file.
        application_id: i32,
    },
    /// The file has a format that this version does not read; it was left as it is.
    #[error("the file of job {job:?} has format {found}, this version reads format {supported}")]
    IncompatibleVersion {
        /// The job.
        job: String,
        /// The format of the file.
        found: i32,
        /// The format that is read.
        supported: i32,
    },
    /// The server that keeps the job cannot be reached, or does not take calls. A write with this outcome was not
    /// applied.
    #[error("the server of the job is unavailable: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The connection to the server was lost while a write was being committed, and the server could not be asked in
    /// time what became of it: whether it was applied is unknown.
    #[error("the connection was lost during a commit; whether it was done is unknown")]
    OutcomeUnknown,
    /// A call to the file system failed.
    #[error("{action}: {kind}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The kind of failure.
        kind: io::ErrorKind,
    },
    /// The database library failed in a way that has no variant of its own.
    #[error("database error {code} ({extended}): {message}")]
    Backend {
        /// SQLite's primary result code.
        code: i32,
        /// SQLite's extended result code.
        extended: i32,
        /// SQLite's text for it.
        message: String,
    },
    /// The file is encrypted under another key, or damaged; it was left as it is.
    #[error("the key of job {job:?} is another one, or its file is damaged")]
    WrongKey {
        /// The job.
        job: String,
    },
    /// The file is encrypted, and there is no key.
    #[error("the file of job {job:?} is encrypted; open it with its key")]
    KeyRequired {
        /// The job.
        job: String,
    },
    /// There is a key, and the file is not encrypted.
    #[error("the file of job {job:?} is not encrypted")]
    NotEncrypted {
        /// The job.
        job: String,
    },
    /// There is a key, and this build has no encryption.
    #[error("this build has no encryption; build `storage-plugin` with its feature `sqlcipher`")]
    NoEncryption,
    /// An operation of a batch failed; nothing of the batch was applied.
    #[error("operation {op} failed: {source}")]
    BatchFailed {
        /// Index of the operation in its batch.
        op: usize,
        /// Why it failed.
        source: Box<Error>,
    },
    /// Writes failed after they had been accepted and nobody waited for their outcome.
    #[error("{count} accepted writes failed, the first because: {first}")]
    Unacknowledged {
        /// How many since the last report.
        count: u64,
        /// The first failure.
        first: Box<Error>,
    },
    /// The writer of the job ended without an answer. Whether the write was applied is unknown.
    #[error("the writer of the job has failed")]
    WriterFailed,
}

impl Error {
    /// Something was asked of a job that only files can do.
    pub(crate) fn not_a_file() -> Self {
        Self::argument("job", "is kept by a server, which looks after its own files")
    }

    pub(crate) fn argument(field: &'static str, reason: impl Into<String>) -> Self {
        Error::InvalidArgument {
            field,
            reason: reason.into(),
        }
    }

    pub(crate) fn io(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull,
            kind => Error::Io { action, kind },
        }
    }

    /// An answer of `get_many` has reached `size`.
    pub(crate) fn answer_too_large(size: usize) -> Self {
        Error::TooLarge {
            field: "answer bytes",
            size,
            limit: limits::MAX_GET_MANY_BYTES,
        }
    }

    /// Whether each batch of a group would meet it again, or might be applied a second time.
    pub(crate) fn concerns_group(&self) -> bool {
        matches!(
            self,
            Error::Unavailable { .. } | Error::OutcomeUnknown | Error::JobNotFound { .. }
        )
    }

    /// Whether this is, at its root, a failure of the database and not of an argument.
    pub(crate) fn poisons_connection(&self) -> bool {
        matches!(
            self,
            Error::Backend { .. } | Error::Corrupt { .. } | Error::NotADatabase { .. }
        )
    }
}

/// Refuses `size` over `limit`.
pub(crate) fn check_size(field: &'static str, size: usize, limit: usize) -> Result<()> {
    if size > limit {
        return Err(Error::TooLarge { field, size, limit });
    }
    Ok(())
}

/// What is known of the file of one job; turns SQLite's errors into ours.
#[derive(Debug, Clone)]
pub(crate) struct ErrorContext {
    pub(crate) job: String,
    pub(crate) quota: Option<u64>,
    pub(crate) key: KeySlot,
}

impl ErrorContext {
    pub(crate) fn wrap(&self, error: rusqlite::Error) -> Error {
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Error::Backend {
                code: 1,
                extended: 1,
                message: error.to_string(),
            };
        };
        match (failure.code, self.quota) {
            (ErrorCode::DatabaseCorrupt, _) => Error::Corrupt {
                job: self.job.clone(),
            },
            // A page that does not have the code that the key gives it.
            (ErrorCode::NotADatabase, _) if self.key.is_set() => Error::Corrupt {
                job: self.job.clone(),
            },
            (ErrorCode::NotADatabase, _) => Error::NotADatabase {
                job: self.job.clone(),
            },
            (ErrorCode::DiskFull, Some(limit)) => Error::QuotaExceeded { limit },
            (ErrorCode::DiskFull, None) => Error::DiskFull,
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Error::Locked,
            _ => Error::Backend {
                code: failure.extended_code & 0xff,
                extended: failure.extended_code,
                message: message.clone().unwrap_or_else(|| failure.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(code: i32, quota: Option<u64>) -> Error {
        let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        ErrorContext {
            job: "j".into(),
            quota,
            key: KeySlot::default(),
        }
        .wrap(failure)
    }

    #[test]
    fn codes_of_the_database_become_typed_errors() {
        use rusqlite::ffi;
        assert_eq!(wrapped(ffi::SQLITE_FULL, None), Error::DiskFull);
        assert_eq!(
            wrapped(ffi::SQLITE_FULL, Some(9)),
            Error::QuotaExceeded { limit: 9 }
        );
        assert_eq!(
            wrapped(ffi::SQLITE_CORRUPT, None),
            Error::Corrupt { job: "j".into() }
        );
        assert_eq!(
            wrapped(ffi::SQLITE_NOTADB, None),
            Error::NotADatabase { job: "j".into() }
        );
        assert_eq!(wrapped(ffi::SQLITE_BUSY, None), Error::Locked);
        let write = wrapped(ffi::SQLITE_IOERR_WRITE, None);
        assert!(
            matches!(
                write,
                Error::Backend {
                    code: 10,
                    extended: 778,
                    ..
                }
            ),
            "{write:?}"
        );
    }
}
