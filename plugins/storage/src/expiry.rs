//! When expired keys leave the file. No call finds them in any case.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::clock;
use crate::key::Key;
use crate::limits;

/// The moments that the writer of a job has to know.
pub(crate) struct Expiry {
    /// When the first key expires, or earlier; `i64::MAX` if none does.
    next: Cell<i64>,
    /// Rows are not removed before.
    pause: Instant,
}

impl Expiry {
    /// Nothing is known yet of the keys.
    pub(crate) fn new() -> Self {
        Expiry {
            next: Cell::new(0),
            pause: Instant::now(),
        }
    }

    /// A key will expire at `moment`.
    pub(crate) fn note(&self, moment: i64) {
        self.next.set(self.next.get().min(moment));
    }

    /// How long until rows are to be removed; `None` when no key expires.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        let next = self.next.get();
        let expires = (next < i64::MAX).then(|| clock::until(clock::now(), next))?;
        Some(expires.max(self.pause.saturating_duration_since(Instant::now())))
    }

    /// Removes the rows of at most [`limits::PURGE_ROWS`] expired keys; gives category and key of each.
    pub(crate) fn purge(&mut self, connection: &Connection) -> rusqlite::Result<Vec<(String, Key)>> {
        let purged = purge(connection)?;
        let next = next(connection)?;
        self.next.set(next.unwrap_or(i64::MAX));
        self.pause = match purged.len() {
            limits::PURGE_ROWS => Instant::now(),
            _ => Instant::now() + limits::PURGE_PAUSE,
        };
        Ok(purged)
    }

    /// Removing rows has failed; it is tried again after [`limits::PURGE_RETRY`].
    pub(crate) fn failed(&mut self) {
        self.pause = Instant::now() + limits::PURGE_RETRY;
    }
}

fn purge(connection: &Connection) -> rusqlite::Result<Vec<(String, Key)>> {
    let sql = "DELETE FROM kv WHERE id IN (SELECT id FROM kv WHERE expires <= ?1 LIMIT ?2)
               RETURNING category, key";
    let most = i64::try_from(limits::PURGE_ROWS).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let purged = statement.query_map(params![clock::now(), most], |row| {
        let category = String::from_utf8_lossy(row.get_ref(0)?.as_blob()?).into_owned();
        Ok((category, Key::from(row.get_ref(1)?.as_blob()?)))
    })?;
    purged.collect()
}

fn next(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT min(expires) FROM kv WHERE expires IS NOT NULL")?
        .query_row([], |row| row.get(0))
}
