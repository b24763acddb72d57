//! Reading the file of a job.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::{query, upkeep};
use crate::backend::{Reads, Sizes};
use crate::error::{Error, Result};
use crate::key::{Key, KeyRange};
use crate::limits;
use crate::query::{Page, Row, Scan};
use crate::reader::Readers;
use crate::root::with_suffix;
use crate::schema;
use crate::upkeep::{Place, Space, StoredRow};

/// The connections that read a file.
pub(super) struct Files {
    readers: Arc<Readers>,
    /// Longest wait for a connection.
    timeout: Duration,
}

impl Files {
    pub(super) fn new(readers: Arc<Readers>, timeout: Duration) -> Self {
        Files { readers, timeout }
    }

    fn read<R>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<R>) -> Result<R> {
        self.readers.with(self.timeout, read)
    }
}

impl Reads for Files {
    fn get(&self, category: &str, key: &Key) -> Result<Option<Vec<u8>>> {
        self.read(|connection| query::get(connection, category, key))
    }

    fn get_now(&self, category: &str, key: &Key) -> Result<Option<Option<Vec<u8>>>> {
        let limit = limits::INLINE_PAYLOAD_BYTES;
        let read = |connection: &Connection| query::get_up_to(connection, category, key, limit);
        let found = self.readers.with_idle(read).transpose()?;
        Ok(match found {
            Some(Some(payload)) => payload.map(Some),
            Some(None) => Some(None),
            None => None,
        })
    }

    fn exists(&self, category: &str, key: &Key) -> Result<bool> {
        self.read(|connection| query::exists(connection, category, key))
    }

    fn exists_now(&self, category: &str, key: &Key) -> Result<Option<bool>> {
        let read = |connection: &Connection| query::exists(connection, category, key);
        self.readers.with_idle(read).transpose()
    }

    fn get_many(&self, category: &str, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.read(|connection| query::get_many(connection, category, keys))?
            .map_err(Error::answer_too_large)
    }

    fn count(&self, category: &str, range: &KeyRange) -> Result<u64> {
        self.read(|connection| query::count(connection, category, range))
    }

    fn scan(&self, category: &str, scan: &Scan) -> Result<Page<Row, Key>> {
        self.read(|connection| query::scan(connection, category, scan))
    }

    fn categories(&self, after: Option<&str>, limit: usize) -> Result<Page<String, String>> {
        self.read(|connection| query::categories(connection, after, limit))
    }

    fn backup_to(&self, path: &Path) -> Result<()> {
        self.read(|connection| Ok(schema::write_copy(connection, path, self.readers.context())))?
    }

    fn sizes(&self) -> Result<Sizes> {
        let free = self.read(|connection| {
            let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
            Ok(free.unsigned_abs() * schema::page_size(connection)?.unsigned_abs())
        })?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Sizes {
            file: size(self.readers.path()),
            log: size(&with_suffix(self.readers.path(), "-wal")),
            free: Some(free),
        })
    }

    fn rows(&self, after: Option<&Place>, limit: usize) -> Result<Page<StoredRow, Place>> {
        self.read(|connection| upkeep::rows(connection, after, limit))
    }

    fn count_all(&self) -> Result<u64> {
        self.read(upkeep::count)
    }

    fn space(&self) -> Result<Space> {
        self.read(upkeep::space)
    }

    fn check(&self) -> Result<Vec<String>> {
        self.read(upkeep::check)
    }

    fn connections(&self) -> usize {
        self.readers.open()
    }

    fn close(&self) -> Result<()> {
        self.readers.close(limits::CLOSE_READERS_TIMEOUT)
    }
}
