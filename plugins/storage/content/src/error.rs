//! Why something failed.

use std::io;
use std::path::PathBuf;

use crate::cid::{Cid, NotACid};
use crate::manifest::ManifestError;
use crate::merkle::BadShape;

/// The outcome of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. Unless a variant says otherwise, it had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Another store, in this process or another, owns the directory.
    #[error("{} is in use by another instance", root.display())]
    AlreadyOpen {
        /// The directory.
        root: PathBuf,
    },
    /// An argument breaks a rule.
    #[error("{field}: {reason}")]
    InvalidArgument {
        /// The argument.
        field: &'static str,
        /// The rule that it breaks.
        reason: String,
    },
    /// The owner has no such file.
    #[error("there is no file {cid}")]
    NotFound {
        /// The file asked for.
        cid: Cid,
    },
    /// The owner has no such upload.
    #[error("there is no unfinished upload {upload:?}")]
    UploadNotFound {
        /// The upload asked for.
        upload: String,
    },
    /// Bytes for an upload do not begin where it stands.
    #[error("the upload stands at {expected}")]
    WrongOffset {
        /// Where it stands, in bytes.
        expected: u64,
    },
    /// The owner's quota is used up, even when all that is not pinned went.
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
        what: &'static str,
        /// How many there are.
        limit: u64,
    },
    /// A block is not what the file's identifier promises; it was dropped.
    #[error("block {block} of {tree} is damaged and was dropped")]
    Damaged {
        /// The tree over the file's blocks.
        tree: Cid,
        /// Its number, from 0.
        block: u64,
    },
    /// A block from outside is not what was asked for.
    #[error("block {block} does not belong to the tree")]
    Forged {
        /// Its number, from 0.
        block: u64,
    },
    /// Bytes are no manifest.
    #[error("the manifest {0}")]
    Manifest(#[from] ManifestError),
    /// None of the peers has the file, or none is there.
    #[error("none of {asked} peers has the file")]
    Unavailable {
        /// How many were asked.
        asked: usize,
    },
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The index belongs to another application, or to another version of this one; it was left as it is.
    #[error("the index has application id {application_id:#010x} and format {format}, which are not read")]
    ForeignFile {
        /// The application id in the file.
        application_id: i32,
        /// The format in the file.
        format: i32,
    },
    /// A call to the file system failed.
    #[error("{action}: {kind}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The kind of failure.
        kind: io::ErrorKind,
    },
    /// The index failed.
    #[error("database error {extended}: {message}")]
    Index {
        /// SQLite's extended result code.
        extended: i32,
        /// SQLite's text for it.
        message: String,
    },
    /// The network could not be set up.
    #[error("{part}: {reason}")]
    Network {
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

impl Error {
    pub(crate) fn argument(field: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::InvalidArgument { field, reason }
    }

    pub(crate) fn io(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            kind => Self::Io { action, kind },
        }
    }
}

impl From<NotACid> for Error {
    fn from(error: NotACid) -> Self {
        Self::argument("cid", error.to_string())
    }
}

impl From<BadShape> for Error {
    fn from(error: BadShape) -> Self {
        Self::Manifest(error.into())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Index {
                extended,
                message: error.to_string(),
            },
        }
    }
}
