//! The reading half of a session.

use std::path::Path;
use std::time::Instant;

use crate::backend::Reads;
use crate::batch;
use crate::blocking::block_until;
use crate::error::{Error, Result, check_size};
use crate::key::{Key, KeyRange};
use crate::limits;
use crate::query::{self, Page, Row, Scan};
use crate::session::Session;
use crate::watch::Watch;

impl Session {
    /// The backend, once it has all earlier writes of the session.
    pub(crate) fn reads(&self) -> Result<&dyn Reads> {
        let waited = self.shared.options.call_timeout;
        if !self.is_caught_up() {
            block_until(Instant::now() + waited, self.caught_up()).ok_or(Error::Timeout {
                what: "earlier writes",
                waited,
            })?;
        }
        Ok(&*self.shared.reads)
    }

    /// The payload of a key; `None` when it is absent.
    ///
    /// # Errors
    /// A limit, a timeout, or a failure of the database.
    pub fn get(&self, category: &str, key: impl Into<Key>) -> Result<Option<Vec<u8>>> {
        let key = key.into();
        batch::check_place(category, &key)?;
        self.reads()?.get(category, &key)
    }

    /// As [`Session::get`], without waiting and without a large copy. `None` when that is not possible: earlier
    /// writes of the session are not applied yet, no read connection is idle, or the payload is larger than
    /// [`limits::INLINE_PAYLOAD_BYTES`].
    ///
    /// # Errors
    /// A limit, or a failure of the database.
    pub fn get_now(&self, category: &str, key: &Key) -> Result<Option<Option<Vec<u8>>>> {
        batch::check_place(category, key)?;
        if !self.is_caught_up() {
            return Ok(None);
        }
        self.shared.reads.get_now(category, key)
    }

    /// As [`Session::exists`], without waiting; `None` as for [`Session::get_now`].
    ///
    /// # Errors
    /// As [`Session::get_now`].
    pub fn exists_now(&self, category: &str, key: &Key) -> Result<Option<bool>> {
        batch::check_place(category, key)?;
        if !self.is_caught_up() {
            return Ok(None);
        }
        self.shared.reads.exists_now(category, key)
    }

    /// The payloads of several keys at one moment, in their order.
    ///
    /// # Errors
    /// As [`Session::get`]; [`Error::TooLarge`] over [`limits::MAX_GET_MANY`] keys or
    /// [`limits::MAX_GET_MANY_BYTES`].
    pub fn get_many(&self, category: &str, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        batch::check_category(category)?;
        check_size("keys", keys.len(), limits::MAX_GET_MANY)?;
        keys.iter().try_for_each(batch::check_key)?;
        self.reads()?.get_many(category, keys)
    }

    /// Whether a key is there.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub fn exists(&self, category: &str, key: impl Into<Key>) -> Result<bool> {
        let key = key.into();
        batch::check_place(category, &key)?;
        self.reads()?.exists(category, &key)
    }

    /// The number of keys in a range.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub fn count(&self, category: &str, range: &KeyRange) -> Result<u64> {
        batch::check_range(category, range)?;
        self.reads()?.count(category, range)
    }

    /// One page of a range, in key order, as it is at one moment.
    ///
    /// # Errors
    /// As [`Session::get`]; [`Error::InvalidArgument`] or [`Error::TooLarge`] for a wrong `limit`.
    pub fn scan(&self, category: &str, scan: &Scan) -> Result<Page<Row, Key>> {
        scan.check(category)?;
        self.reads()?.scan(category, scan)
    }

    /// One page of the categories that hold at least one key, in byte order, behind `after`.
    ///
    /// # Errors
    /// As [`Session::scan`].
    pub fn list_categories(&self, after: Option<&str>, limit: usize) -> Result<Page<String, String>> {
        query::check_page(limit)?;
        after.map_or(Ok(()), batch::check_category)?;
        self.reads()?.categories(after, limit)
    }

    /// Watches a range: every write to it that is committed from now on, whosever it is. At most
    /// [`limits::MAX_WATCHES`] for each job.
    ///
    /// # Errors
    /// A limit; [`Error::Closed`].
    pub fn watch(&self, category: &str, range: KeyRange) -> Result<Watch> {
        batch::check_range(category, &range)?;
        let watch = self.shared.observers.watches.add(category, range)?;
        self.shared.reads.observe()?;
        Ok(watch)
    }

    /// Writes a copy of the job, as it is at one moment, to a new file at `path`: a job file like any other,
    /// compacted. Writers are not held up; the log grows meanwhile. Blocks as long as the copy takes.
    ///
    /// # Errors
    /// As [`Session::get`]; [`Error::InvalidArgument`] when `path` exists or is not UTF-8.
    pub fn backup_to(&self, path: &Path) -> Result<()> {
        self.reads()?.backup_to(path)
    }
}
