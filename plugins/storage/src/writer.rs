//! The writer of a job: one thread with the only connection that writes.
//!
//! It takes what is queued, applies it in one transaction with a savepoint for each batch, commits, and only then
//! answers. When the transaction as a whole fails, each batch is tried again alone, so that one caller's failure
//! does not become another's.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::Connection;

use crate::apply::{Applied, apply};
use crate::batch::Op;
use crate::clock;
use crate::error::{Error, Result};
use crate::expiry::Expiry;
use crate::job::{ENDED, Shared};
use crate::limits;
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
    expiry: Expiry,
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
            expiry: Expiry::new(),
            _root: root,
        }
    }

    /// Works until the queue is closed and empty; then moves the log into the file and closes it.
    pub(crate) fn run(mut self) -> Result<()> {
        let _release = Release(Arc::clone(&self.shared));
        let mut dirty = false;
        loop {
            let patience = dirty.then_some(limits::IDLE_CHECKPOINT);
            let patience = patience.into_iter().chain(self.expiry.due_in()).min();
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
        schema::checkpoint(&self.connection, mode, &self.shared.context)
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

    /// Removes some expired keys from the file, if it is time; true if it tried.
    fn purge_if_due(&mut self) -> bool {
        let due = self.expiry.due_in().is_some_and(|left| left.is_zero());
        if due && let Err(error) = self.purge() {
            self.expiry.failed();
            tracing::warn!(job = self.shared.id, %error, "expired keys could not be removed");
        }
        due
    }

    fn purge(&mut self) -> Result<()> {
        self.wait_for_disk(false)?;
        let purged = self
            .expiry
            .purge(&self.connection)
            .map_err(|error| self.shared.context.wrap(error))?;
        self.unsynced |= !purged.is_empty();
        let rows = purged.len() as u64;
        self.shared.counters.expired.fetch_add(rows, Relaxed);
        for (category, key) in &purged {
            self.shared.watches.expired(category, key);
        }
        Ok(())
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
        if let Op::Put { ttl: Some(ttl), .. } = op {
            self.expiry.note(clock::after(now, *ttl));
        }
        match apply(&self.connection, op, now) {
            Ok(Applied::Removed(rows)) => Ok(rows as u64),
            Ok(Applied::Refuted) => Err(Error::Conflict { op: at }),
            Err(error) => Err(Error::BatchFailed {
                op: at,
                source: Box::new(self.shared.context.wrap(error)),
            }),
        }
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
