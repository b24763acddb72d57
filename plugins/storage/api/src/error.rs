//! Why a call failed.

use backplane_sdk::record;

/// Why a call failed. No case holds a key or a payload.
///
/// All but `timeout`, `failed` and `unacknowledged` mean that the call had no effect.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// The job was closed while the call was under way.
    #[error("the job is closed")]
    Closed,
    /// A bounded wait ended. A write that waited for room in the queue was not accepted; of one that was accepted
    /// the outcome is unknown.
    #[error("waited {waited_ms} ms for {what}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long, in milliseconds.
        waited_ms: u64,
    },
    /// An argument breaks a rule.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// An argument or an answer is larger than its limit.
    #[error("{field} has {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large, with its unit, for example `payload bytes`.
        field: String,
        /// Its size; of an answer that was cut off, the size reached.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// There is no such job.
    #[error("there is no job {job:?}")]
    JobNotFound {
        /// The job asked for.
        job: String,
    },
    /// Another program owns the directory of the store.
    #[error("{directory} is in use by another instance")]
    AlreadyOpen {
        /// The directory.
        directory: String,
    },
    /// The queue is full, and the caller did not want to wait.
    #[error("the queue is full")]
    WouldBlock,
    /// A bounded resource is used up; trying later may help.
    #[error("{what} are used up (limit {limit})")]
    Busy {
        /// The resource.
        what: String,
        /// How many there are.
        limit: u64,
    },
    /// The file of the job is a database of another application; it was left as it is.
    #[error("the file of job {job:?} belongs to another application (id {application_id:#010x})")]
    ForeignFile {
        /// The job.
        job: String,
        /// The application id in the file.
        application_id: i32,
    },
    /// The file of the job has a format that the provider does not read; it was left as it is.
    #[error("the file of job {job:?} has format {found}, the store reads format {supported}")]
    IncompatibleVersion {
        /// The job.
        job: String,
        /// The format of the file.
        found: i32,
        /// The format that is read.
        supported: i32,
    },
    /// The file of the job is encrypted, and it is not open under its key: see `open_job`.
    #[error("the file of job {job:?} is encrypted; open it with its key")]
    WrongKey {
        /// The job.
        job: String,
    },
    /// The store could not do it. Of a batch, nothing was applied.
    #[error("{}{fault}", place(*.op))]
    Failed {
        /// The operation of the batch that failed, counted from 0; null where it was no single one.
        op: Option<u32>,
        /// Why.
        fault: Fault,
    },
    /// Writes failed after they had been accepted, and nobody waited for their outcome.
    #[error("{count} accepted writes failed, the first because: {first}")]
    Unacknowledged {
        /// How many since the last report.
        count: u64,
        /// Why the first of them failed.
        first: Fault,
    },
}

/// What can happen to a read, or to a write that was accepted.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An `expect` of the batch did not hold.
    #[error("the stored value is not the one expected")]
    Conflict,
    /// The job's file would grow over its quota.
    #[error("the job would grow over its quota of {limit} bytes")]
    QuotaExceeded {
        /// The quota in bytes.
        limit: u64,
    },
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Another process holds a lock on the job's file.
    #[error("the database file is locked by another process")]
    Locked,
    /// The job's file is damaged.
    #[error("the file of job {job:?} is damaged")]
    Corrupt {
        /// The job.
        job: String,
    },
    /// The job's file is no database at all.
    #[error("the file of job {job:?} is not a database")]
    NotADatabase {
        /// The job.
        job: String,
    },
    /// A call to the file system failed.
    #[error("{action}: {reason}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system says.
        reason: String,
    },
    /// The database failed in a way that has no case of its own.
    #[error("database error {code} ({extended}): {message}")]
    Backend {
        /// The database's primary result code.
        code: i32,
        /// Its extended result code.
        extended: i32,
        /// Its text for it.
        message: String,
    },
    /// The job's writer ended without an answer: whether the write was applied is unknown.
    #[error("the writer of the job has failed")]
    WriterFailed,
}

fn place(op: Option<u32>) -> String {
    op.map_or_else(String::new, |op| format!("operation {op}: "))
}

impl From<Fault> for KvError {
    fn from(fault: Fault) -> Self {
        Self::Failed { op: None, fault }
    }
}
