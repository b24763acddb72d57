//! Writing to the file of a job: one transaction for each group, with a savepoint for each batch.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::{Connection, params};

use super::apply::{Applied, Applying};
use crate::backend::{Observers, Purged, Writes};
use crate::batch::Op;
use crate::clock;
use crate::error::{Error, ErrorContext, Result};
use crate::key::Key;
use crate::limits;
use crate::queue::Item;
use crate::reader::Readers;
use crate::receipt::Outcome;
use crate::rekey::{self, Rekey};
use crate::schema;

/// The only connection that writes to a file.
pub(super) struct File {
    connection: Connection,
    /// Those that read it; they know where it is.
    readers: Arc<Readers>,
    secure_delete: bool,
    observers: Arc<Observers>,
    /// Whether a commit of this connection now waits for the disk.
    full_sync: bool,
    /// Whether commits lie in the log that no one waited for the disk to take. A log found at opening is such.
    unsynced: bool,
}

impl File {
    pub(super) fn new(
        connection: Connection,
        readers: Arc<Readers>,
        secure_delete: bool,
        observers: Arc<Observers>,
    ) -> Self {
        File {
            connection,
            readers,
            secure_delete,
            observers,
            full_sync: false,
            unsynced: true,
        }
    }

    fn context(&self) -> &ErrorContext {
        self.readers.context()
    }

    fn commit(&mut self, items: &[Item]) -> Result<Vec<Result<Outcome>>> {
        let durable = items.iter().any(|item| item.durable);
        let touch = durable && self.unsynced;
        if !touch && items.iter().all(|item| item.ops.is_empty()) {
            return Ok(items.iter().map(|item| Ok(outcome(item, 0))).collect());
        }
        self.wait_for_disk(durable)?;
        self.execute("BEGIN IMMEDIATE")?;
        let filled = self.fill(items, touch);
        let committed = filled.and_then(|outcomes| self.execute("COMMIT").map(|()| outcomes));
        self.unsynced = !durable || committed.is_err();
        if committed.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        let counters = &self.observers.counters;
        counters
            .transactions
            .fetch_add(u64::from(committed.is_ok()), Relaxed);
        counters
            .durable_transactions
            .fetch_add(u64::from(committed.is_ok() && durable), Relaxed);
        committed
    }

    fn fill(&self, items: &[Item], touch: bool) -> Result<Vec<Result<Outcome>>> {
        if touch {
            // A commit that changes no page does not wait for the disk, yet earlier commits have to get there:
            // writing the format number again always changes its page.
            self.connection
                .pragma_update(None, "user_version", schema::FORMAT)
                .map_err(|error| self.context().wrap(error))?;
        }
        let mut applying = Applying::new(&self.connection);
        items.iter().map(|item| self.apply(&mut applying, item)).collect()
    }

    /// Applies one batch. The outer error says that the whole transaction is gone.
    fn apply(&self, applying: &mut Applying<'_>, item: &Item) -> Result<Result<Outcome>> {
        // One statement undoes itself.
        let savepoint = item.ops.len() > 1;
        if savepoint {
            self.execute("SAVEPOINT batch")?;
        }
        let mut removed = 0;
        let failed = item
            .ops
            .iter()
            .enumerate()
            .find_map(|(at, op)| match self.apply_op(applying, at, op) {
                Ok(rows) => {
                    removed += rows;
                    None
                }
                Err(error) => Some(error),
            });
        if let Some(error) = &failed
            && self.connection.is_autocommit()
        {
            return Err(error.clone());
        }
        if savepoint {
            if failed.is_some() {
                self.execute("ROLLBACK TO batch")?;
            }
            self.execute("RELEASE batch")?;
        }
        Ok(failed.map_or(Ok(outcome(item, removed)), Err))
    }

    /// Applies one operation; gives the number of rows that it removed.
    fn apply_op(&self, applying: &mut Applying<'_>, at: usize, op: &Op) -> Result<u64> {
        match applying.op(op) {
            Ok(Applied::Removed(rows)) => Ok(rows as u64),
            Ok(Applied::Refuted) => Err(Error::Conflict { op: at }),
            Err(error) => Err(Error::BatchFailed {
                op: at,
                source: Box::new(self.context().wrap(error)),
            }),
        }
    }

    fn wait_for_disk(&mut self, full: bool) -> Result<()> {
        if self.full_sync != full {
            let level = if full { "full" } else { "normal" };
            self.connection
                .pragma_update(None, "synchronous", level)
                .map_err(|error| self.context().wrap(error))?;
            self.full_sync = full;
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| self.context().wrap(error))
    }
}

impl Writes for File {
    fn transact(&mut self, items: &[Item]) -> Result<Vec<Result<Outcome>>> {
        let outcomes = self.commit(items)?;
        for (item, _) in items.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()) {
            self.observers.watches.committed(item.sequence, &item.ops);
        }
        Ok(outcomes)
    }

    fn purge(&mut self) -> Result<Purged> {
        self.wait_for_disk(false)?;
        let readers = Arc::clone(&self.readers);
        let wrap = |error| readers.context().wrap(error);
        let purged = purge(&self.connection).map_err(wrap)?;
        self.unsynced |= !purged.is_empty();
        for (category, key) in &purged {
            self.observers.watches.expired(category, key);
        }
        Ok(Purged {
            keys: purged.len(),
            next: next(&self.connection).map_err(wrap)?,
        })
    }

    /// Moves the log into the file, and gives the memory of the page cache back.
    fn rest(&mut self) -> Result<()> {
        schema::checkpoint(&self.connection, "PASSIVE", self.context())?;
        self.connection
            .execute_batch("PRAGMA shrink_memory")
            .map_err(|error| self.context().wrap(error))
    }

    fn rekey(&mut self, rekey: &Rekey) -> Result<()> {
        rekey::run(self, &Arc::clone(&self.readers), rekey)
    }

    fn close(self: Box<Self>) -> Result<()> {
        let checkpoint = schema::checkpoint(&self.connection, "TRUNCATE", self.context());
        let context = self.readers.context();
        let closed = self.connection.close().map_err(|(_, error)| context.wrap(error));
        // Sessions may outlive the job; its key must not.
        context.key.set(None);
        checkpoint.and(closed)
    }
}

impl rekey::Reopens for File {
    fn close_file(&mut self) -> Result<()> {
        schema::checkpoint(&self.connection, "TRUNCATE", self.context())?;
        let nothing = Connection::open_in_memory();
        let nothing = nothing.map_err(|error| self.context().wrap(error))?;
        let closed = mem::replace(&mut self.connection, nothing).close();
        closed.map_err(|(_, error)| self.context().wrap(error))
    }

    fn open_file(&mut self) -> Result<()> {
        self.connection = schema::open_writer(self.readers.path(), self.context(), self.secure_delete)?;
        (self.full_sync, self.unsynced) = (false, true);
        Ok(())
    }
}

fn outcome(item: &Item, removed: u64) -> Outcome {
    Outcome {
        sequence: item.sequence,
        removed: Some(removed),
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
