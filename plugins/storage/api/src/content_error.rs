//! Why a call of `storage.content` failed.

use backplane_sdk::record;

/// Why a call failed. Where nothing else is said, it had no effect.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The module is stopping.
    #[error("the store is closed")]
    Closed,
    /// Another program owns the directory of the files.
    #[error("{directory} is in use by another instance")]
    AlreadyOpen {
        /// The directory.
        directory: String,
    },
    /// An argument breaks a rule.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// The caller may not do this, or the file belongs to another.
    #[error("denied: {reason}")]
    Denied {
        /// What, and why.
        reason: String,
    },
    /// The owner has no such file.
    #[error("there is no file {cid}")]
    NotFound {
        /// The file asked for.
        cid: String,
    },
    /// The caller has no such upload, or it is finished.
    #[error("there is no unfinished upload {upload:?}")]
    UploadNotFound {
        /// The upload asked for.
        upload: String,
    },
    /// The bytes do not begin where the upload stands.
    #[error("the upload stands at {expected}")]
    WrongOffset {
        /// Where it stands.
        expected: u64,
    },
    /// The stream of chunks broke off; what came before is kept.
    #[error("the chunks broke off at {offset}: {reason}")]
    Interrupted {
        /// Where the upload stands.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// The caller's quota is used up, even if all that is not pinned went.
    #[error("{needed} bytes are needed, and {available} of the quota of {limit} are free or can be freed")]
    QuotaExceeded {
        /// How many bytes more are needed.
        needed: u64,
        /// How many can be had.
        available: u64,
        /// The quota.
        limit: u64,
    },
    /// A bounded resource is used up; trying later may help.
    #[error("{what} are used up (limit {limit})")]
    Busy {
        /// The resource.
        what: String,
        /// How many there are.
        limit: u64,
    },
    /// A bounded wait ended.
    #[error("waited {waited_ms} ms for {what}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long, in milliseconds.
        waited_ms: u64,
    },
    /// Blocks of the file are missing, and nobody is getting them.
    #[error("{here} of {blocks} blocks of the file are here")]
    Incomplete {
        /// How many blocks are here.
        here: u64,
        /// How many there are.
        blocks: u64,
    },
    /// A block was damaged; it is dropped.
    #[error("block {block} of {tree} is damaged and was dropped")]
    Damaged {
        /// The tree over the file's blocks.
        tree: String,
        /// Its number, from 0.
        block: u64,
    },
    /// The manifest of the file, or one that was to be made, is not one of a plain file.
    #[error("the manifest {reason}")]
    Manifest {
        /// What is wrong.
        reason: String,
    },
    /// No node that is connected has the file.
    #[error("none of {asked} nodes has the file")]
    Unavailable {
        /// How many were asked.
        asked: u64,
    },
    /// The provider exchanges nothing with other nodes.
    #[error("the exchange with other nodes is not configured")]
    NoExchange,
    /// The disk is full. Of bytes that were appended some may be kept.
    #[error("the disk is full")]
    DiskFull,
    /// The index in the directory belongs to another application or version; it was left as it is.
    #[error("the index has application id {application_id:#010x} and format {format}, which are not read")]
    ForeignFile {
        /// The application id in the file.
        application_id: i32,
        /// The format in the file.
        format: i32,
    },
    /// The store could not do it, for a reason that has no case of its own.
    #[error("{reason}")]
    Failed {
        /// Why.
        reason: String,
    },
}
