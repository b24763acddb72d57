//! The writer of a job: one thread with the only connection that writes.
//!
//! It takes what is queued, applies it in one transaction with a savepoint for each batch, commits, and only then
//! answers. When the transaction as a whole fails, each batch is tried again alone, so that one caller's failure
//! does not become another's.

use std::cell::Cell;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::batch::Op;
use crate::clock;
use crate::error::{Error, Result};
use crate::job::{ENDED, Shared};
use crate::limits;
use crate::query;
use crate::queue::{Item, Taken};
use crate::receipt::Outcome;
use crate::root::RootLock;
use crate::schema;

pub(crate) struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
    /// Whether a commit of this connection now waits for the disk.
    full_sync: bool,
    /// Whether commits lie in the log that no one waited for the disk to take. A log found at opening is such.
    unsynced: bool,
    /// The moment at which the first key expires, or an earlier one; `i64::MAX` if none does.
    next_expiry: Cell<i64>,
    /// When expired keys may be removed again.
    next_purge: Instant,
    /// The directory stays ours as long as the file may be open.
    _root: Arc<RootLock>,
}

/// Releases everyone who waits for the writer, however it ends.
struct Release(Arc<Shared>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.queue.close();
        while let Taken::Group(lost) = self.0.queue.take_group(None) {
            drop(lost);
        }
        self.0.applied.send_replace(ENDED);
        self.0.watches.end();
    }
}

impl Writer {
    pub(crate) fn new(connection: Connection, shared: Arc<Shared>, root: Arc<RootLock>) -> Self {
        Writer {
            connection,
            shared,
            full_sync: false,
            unsynced: true,
            // Not known yet.
            next_expiry: Cell::new(0),
            next_purge: Instant::now(),
            _root: root,
        }
    }

    /// Works until the queue is closed and empty; then moves the log into the file and closes it.
    pub(crate) fn run(mut self) -> Result<()> {
        let _release = Release(Arc::clone(&self.shared));
        let mut dirty = false;
        loop {
            let patience = dirty.then_some(limits::IDLE_CHECKPOINT);
            let patience = patience.into_iter().chain(self.purge_in()).min();
            match self.shared.queue.take_group(patience) {
                Taken::Group(items) => {
                    self.commit_group(items);
                    dirty = true;
                    self.purge_if_due();
                }
                Taken::Idle if self.purge_if_due() => dirty = true,
                Taken::Idle => {
                    if let Err(error) = self.checkpoint("PASSIVE") {
                        tracing::warn!(job = self.shared.id, %error, "the log could not be moved into the file");
                    }
                    dirty = false;
                }
                Taken::Closed => break,
            }
        }
        self.finish()
    }

    fn finish(self) -> Result<()> {
        let readers = self.shared.readers.close(limits::CLOSE_READERS_TIMEOUT);
        let checkpoint = self.checkpoint("TRUNCATE");
        let context = self.shared.context.clone();
        let closed = self.connection.close().map_err(|(_, error)| context.wrap(error));
        readers.and(checkpoint).and(closed)
    }

    fn checkpoint(&self, mode: &str) -> Result<()> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let busy: i64 = self
            .connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(|error| self.shared.context.wrap(error))?;
        if busy != 0 && mode != "PASSIVE" {
            Err(Error::Locked)
        } else {
            Ok(())
        }
    }

    fn commit_group(&mut self, items: Vec<Item>) {
        let outcomes = match self.transact(&items) {
            Ok(outcomes) => outcomes,
            Err(error) if items.len() == 1 => vec![Err(error)],
            Err(_) => items.iter().map(|item| self.transact_alone(item)).collect(),
        };
        if let Some(last) = items.last() {
            self.shared.applied.send_replace(last.sequence);
        }
        for (item, outcome) in items.into_iter().zip(outcomes) {
            if outcome.is_ok() {
                self.shared.watches.committed(item.sequence, &item.ops);
            }
            self.shared.settle(item, outcome);
        }
    }

    fn transact_alone(&mut self, item: &Item) -> Result<Outcome> {
        self.transact(slice::from_ref(item))?
            .pop()
            .unwrap_or(Err(Error::WriterFailed))
    }

    /// Applies `items` in one transaction: the outcome of each, or an error when nothing at all was applied.
    fn transact(&mut self, items: &[Item]) -> Result<Vec<Result<Outcome>>> {
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
        let counters = &self.shared.counters;
        counters
            .transactions
            .fetch_add(u64::from(committed.is_ok()), Relaxed);
        counters
            .durable_transactions
            .fetch_add(u64::from(committed.is_ok() && durable), Relaxed);
        committed
    }

    /// How long until expired keys are to be removed; `None` when none expires.
    fn purge_in(&self) -> Option<Duration> {
        let next = self.next_expiry.get();
        let expires = (next < i64::MAX).then(|| clock::until(clock::now(), next))?;
        Some(expires.max(self.next_purge.saturating_duration_since(Instant::now())))
    }

    /// Removes some expired keys from the file, if it is time; true if it tried. Readers do not see them in any case.
    fn purge_if_due(&mut self) -> bool {
        if self.purge_in().is_none_or(|left| !left.is_zero()) {
            return false;
        }
        let pause = match self.purge() {
            Ok(limits::PURGE_ROWS) => Duration::ZERO,
            Ok(_) => limits::PURGE_PAUSE,
            Err(error) => {
                tracing::warn!(job = self.shared.id, %error, "expired keys could not be removed");
                limits::PURGE_RETRY
            }
        };
        self.next_purge = Instant::now() + pause;
        true
    }

    fn purge(&mut self) -> Result<usize> {
        self.wait_for_disk(false)?;
        let wrap = |error| self.shared.context.wrap(error);
        let purged = query::purge(&self.connection).map_err(wrap)?;
        for (category, key) in &purged {
            self.shared.watches.expired(category, key);
        }
        let rows = purged.len();
        let next = query::next_expiry(&self.connection).map_err(wrap)?;
        self.next_expiry.set(next.unwrap_or(i64::MAX));
        self.unsynced |= rows > 0;
        self.shared.counters.expired.fetch_add(rows as u64, Relaxed);
        Ok(rows)
    }

    fn fill(&self, items: &[Item], touch: bool) -> Result<Vec<Result<Outcome>>> {
        if touch {
            // A commit that changes no page does not wait for the disk, yet earlier commits have to get there:
            // writing the format number again always changes its page.
            self.connection
                .pragma_update(None, "user_version", schema::FORMAT)
                .map_err(|error| self.shared.context.wrap(error))?;
        }
        let now = clock::now();
        items.iter().map(|item| self.apply(item, now)).collect()
    }

    /// Applies one batch. The outer error says that the whole transaction is gone.
    fn apply(&self, item: &Item, now: i64) -> Result<Result<Outcome>> {
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
            .find_map(|(at, op)| match self.apply_op(at, op, now) {
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
    fn apply_op(&self, at: usize, op: &Op, now: i64) -> Result<u64> {
        let done = match op {
            Op::Put {
                category,
                key,
                payload,
                ttl,
            } => {
                let expires = ttl.map(|ttl| clock::after(now, ttl));
                let first = self.next_expiry.get();
                self.next_expiry
                    .set(expires.map_or(first, |expires| first.min(expires)));
                self.connection
                    .prepare_cached(
                        "INSERT INTO kv (category, key, payload, expires) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (category, key)
                         DO UPDATE SET payload = excluded.payload, expires = excluded.expires",
                    )
                    .and_then(|mut put| {
                        put.execute(params![category.as_bytes(), key.as_bytes(), payload, expires])
                    })
                    .map(|_| 0)
            }
            Op::Delete { category, key } => self
                .connection
                .prepare_cached(
                    "DELETE FROM kv WHERE category = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)",
                )
                .and_then(|mut delete| delete.execute(params![category.as_bytes(), key.as_bytes(), now])),
            Op::DeleteRange { category, range } => {
                let (start, stop) = (range.start.as_bytes(), range.stop.as_bytes());
                let upper = if stop.is_empty() {
                    "?3 IS NOT NULL"
                } else {
                    "key < ?3"
                };
                let sql = format!(
                    "DELETE FROM kv WHERE category = ?1 AND key >= ?2 AND {upper}
                     AND (expires IS NULL OR expires > ?4)"
                );
                self.connection
                    .prepare_cached(&sql)
                    .and_then(|mut delete| delete.execute(params![category.as_bytes(), start, stop, now]))
            }
            Op::Expect {
                category,
                key,
                payload,
            } => match query::holds(&self.connection, category, key, payload.as_deref(), now) {
                Ok(false) => return Err(Error::Conflict { op: at }),
                Ok(true) => Ok(0),
                Err(error) => Err(error),
            },
        };
        let failed = |error| Error::BatchFailed {
            op: at,
            source: Box::new(self.shared.context.wrap(error)),
        };
        done.map(|rows| rows as u64).map_err(failed)
    }

    fn wait_for_disk(&mut self, full: bool) -> Result<()> {
        if self.full_sync != full {
            let level = if full { "full" } else { "normal" };
            self.connection
                .pragma_update(None, "synchronous", level)
                .map_err(|error| self.shared.context.wrap(error))?;
            self.full_sync = full;
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| self.shared.context.wrap(error))
    }
}

fn outcome(item: &Item, removed: u64) -> Outcome {
    Outcome {
        sequence: item.sequence,
        removed: Some(removed),
    }
}
