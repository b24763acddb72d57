//! Upkeep: looking over a whole job, checking its file, and making it smaller.
//!
//! New files note where each page belongs (`auto_vacuum = incremental`), so that pages which hold nothing can be given
//! back in steps: each is a batch like any other, and writes have their turn in between.

use std::fs;
use std::path::Path;

use crate::batch::{self, Batch};
use crate::error::{Error, ErrorContext, Result};
use crate::job::Job;
use crate::key::Key;
use crate::limits;
use crate::query::{self, Page};
use crate::receipt::Ack;
use crate::root::with_suffix;
use crate::schema;
use crate::session::Session;

/// How much a job has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Size of the file, or of the table and its indexes on a server, in bytes.
    pub file_bytes: u64,
    /// Size of the log beside the file, in bytes.
    pub log_bytes: u64,
    /// Bytes of the file that hold nothing; `None` on a server.
    pub free_bytes: Option<u64>,
    /// How many keys there are.
    pub rows: u64,
}

/// The size of a job's file, before and after it was made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// In bytes, before.
    pub bytes_before: u64,
    /// In bytes, afterwards. The file has it once its log was moved into it, after a moment without writes.
    pub bytes_after: u64,
}

/// The room that a job takes and does not need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space {
    /// What it takes, in bytes.
    pub(crate) bytes: u64,
    /// Pages that hold nothing.
    pub(crate) free_pages: u64,
    /// Whether they can be given back in steps.
    pub(crate) in_steps: bool,
}

/// The place of a row: its category and key.
pub type Place = (String, Key);

/// A row with all that is stored of it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The category.
    pub category: String,
    /// The key.
    pub key: Key,
    /// The payload.
    pub payload: Vec<u8>,
    /// When the key is gone, in milliseconds since 1970; `None` for one that stays.
    pub expires: Option<i64>,
}

impl Job {
    /// Counts what is in the job.
    ///
    /// # Errors
    /// [`Error::Closed`], or a failure of the database.
    pub(crate) fn survey(&self) -> Result<Survey> {
        let reads = &self.shared.reads;
        let sizes = reads.sizes()?;
        Ok(Survey {
            file_bytes: sizes.file,
            log_bytes: sizes.log,
            free_bytes: sizes.free,
            rows: reads.count_all()?,
        })
    }
}

impl Session {
    /// One page of all rows of the job behind `after`, by category and key, as they are at one moment. It ends at
    /// `limit` rows, 1 to [`limits::MAX_PAGE_ROWS`], or at [`limits::MAX_ROWS_BYTES`].
    ///
    /// # Errors
    /// As [`Session::scan`].
    pub fn rows(&self, after: Option<&Place>, limit: usize) -> Result<Page<StoredRow, Place>> {
        query::check_page(limit)?;
        after.map_or(Ok(()), |(category, key)| batch::check_place(category, key))?;
        self.reads()?.rows(after, limit)
    }

    /// Reads the whole file and says what is wrong with it, at most [`limits::CHECK_PROBLEMS`] things; nothing if it is
    /// sound. Writers are not held up. Blocks as long as that takes.
    ///
    /// # Errors
    /// As [`Session::get`], but for damage, which is told.
    pub fn check(&self) -> Result<Vec<String>> {
        match self.reads()?.check() {
            Err(damage @ Error::Corrupt { .. }) => Ok(vec![damage.to_string()]),
            checked => checked,
        }
    }

    /// Gives what the file does not need back to the file system, in steps of [`limits::RELEASE_PAGES`] between which
    /// other writes have their turn. Blocks until that is done.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a file of an earlier version, which only
    /// [`Store::rewrite_job`](crate::Store::rewrite_job) can make smaller; otherwise as [`Session::put`].
    pub fn compact(&self) -> Result<Compacted> {
        let before = self.reads()?.space()?;
        if !before.in_steps {
            let reason =
                "must be true: an earlier version made the file, which cannot be made smaller in steps";
            return Err(Error::argument("rewrite", reason));
        }
        for _ in 0..before.free_pages.div_ceil(limits::RELEASE_PAGES.into()) {
            let batch = Batch::new().release(limits::RELEASE_PAGES);
            self.persist(batch, Ack::Applied)?.wait()?;
        }
        Ok(Compacted {
            bytes_before: before.bytes,
            bytes_after: self.reads()?.space()?.bytes,
        })
    }
}

/// Writes what the file of a closed job holds to a new one, without gaps and so that it can be made smaller in steps;
/// leaves the old one without a log.
pub(crate) fn copy(path: &Path, to: &Path, context: &ErrorContext, secure_delete: bool) -> Result<()> {
    let wrap = |error| context.wrap(error);
    let connection = schema::open_writer(path, context, secure_delete)?;
    connection
        .pragma_update(None, "auto_vacuum", "incremental")
        .map_err(wrap)?;
    schema::write_copy(&connection, to, context)?;
    connection.close().map_err(|(_, error)| wrap(error))?;
    // Closing the last connection removes the log; another process that reads the file keeps it, and could mistake it
    // for one of the new file.
    match with_suffix(path, "-wal").exists() {
        true => Err(Error::Locked),
        false => Ok(()),
    }
}

/// The size of a file in bytes.
pub(crate) fn size(path: &Path) -> Result<u64> {
    let found = fs::metadata(path).map_err(Error::io("look at the file of a job"))?;
    Ok(found.len())
}
