//! What goes in and comes out of `storage.admin`.

use std::fmt;

use backplane_sdk::{Bytes, record};

/// A job and how large it is.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobInfo {
    /// Its name with its owner.
    pub job: String,
    /// Whose it is: a module, or a front end.
    pub owner: String,
    /// Whether it is open.
    pub open: bool,
    /// Size of its file, in bytes; of one that a server keeps what it takes there, where it was looked into.
    pub file_bytes: u64,
    /// Size of the log beside it, in bytes.
    pub log_bytes: u64,
    /// Bytes of the file that hold nothing; null where that was not looked for, and for one that a server keeps.
    pub free_bytes: Option<u64>,
    /// How many keys it has; null where that was not looked for.
    pub rows: Option<u64>,
    /// Why it could not be looked into; null where it could, or was not.
    pub problem: Option<String>,
}

/// The place of a row in its job.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct RowPlace {
    /// The category.
    pub category: String,
    /// The key.
    pub key: Bytes,
}

/// A row with all that is stored of it.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The category.
    pub category: String,
    /// The key.
    pub key: Bytes,
    /// The payload.
    pub payload: Bytes,
    /// When the key is gone, in milliseconds since 1970; null for one that stays.
    pub expires_ms: Option<u64>,
}

impl fmt::Debug for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowPlace({:?}, {} bytes)", self.category, self.key.len())
    }
}

impl fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            category,
            key,
            payload,
            ..
        } = self;
        write!(
            f,
            "StoredRow({category:?}, {} bytes, {} bytes)",
            key.len(),
            payload.len()
        )
    }
}

/// Some rows of a job.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPage {
    /// The rows by category and key.
    pub rows: Vec<StoredRow>,
    /// Where the next page goes on; null if there is no more.
    pub next: Option<RowPlace>,
}

/// What has become of a file that was to be made smaller.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Size of file and log before, in bytes.
    pub bytes_before: u64,
    /// Size of file and log afterwards. The file itself ends where it should a moment later, if it was being read.
    pub bytes_after: u64,
}
