//! Writing to the table of a job: one serializable transaction for each group.
//!
//! A transaction that meets one of another node is tried again, at last alone, with the table locked. One whose connection
//! was lost is tried again, too, unless its commit was under way; then the server is asked what became of it. So what is
//! told as failed was not applied, and what is applied was applied once.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::connection::{Answer, Connection, Parameters};
use super::failure::{Failure, Try, retried};
use super::notice::{self, Write};
use super::plan::Applying;
use super::{Table, statements, table};
use crate::backend::{Observers, Purged, Writes};
use crate::blocking::block_until;
use crate::clock;
use crate::error::{Error, Result};
use crate::limits;
use crate::queue::Item;
use crate::receipt::Outcome;

/// The writing half of a job.
pub(super) struct Writer {
    table: Arc<Table>,
    quota: Option<u64>,
    observers: Arc<Observers>,
    /// Whether there may be commits that no one waited for the disk to take.
    unsynced: bool,
}

/// A transaction of which only the commit is left.
struct Committing {
    number: String,
    outcomes: Vec<Result<Outcome>>,
}

/// How a group is applied.
#[derive(Debug, Clone, Copy)]
struct Manner {
    durable: bool,
    /// The commit has to wait for the disk even if nothing is written.
    touch: bool,
    exact: bool,
}

impl Writer {
    pub(super) fn open(table: Arc<Table>, quota: Option<u64>, observers: Arc<Observers>) -> Result<Writer> {
        if quota.is_some() {
            // Nodes without a quota do not count. No write may be under way while this one does.
            let name = table.name();
            let (lock, sql) = (
                format!("LOCK TABLE {name} IN SHARE MODE"),
                statements::count_bytes(&name),
            );
            let count = async |connection: &Connection| {
                let begin = format!("BEGIN ISOLATION LEVEL READ COMMITTED; {lock}");
                connection.execute_all(&begin).await?;
                connection.query_one(&sql, &[&table.number]).await?;
                connection.execute_all("COMMIT").await
            };
            table
                .server
                .try_for(limits::SERVER_WORK_TIME, &table.job, count)?;
        }
        Ok(Writer {
            table,
            quota,
            observers,
            unsynced: true,
        })
    }

    fn commit(&self, items: &[Item], manner: Manner) -> Result<Vec<Result<Outcome>>> {
        let deadline = Instant::now() + limits::SERVER_WORK_TIME;
        retried(deadline, |this| self.try_commit(items, manner, this, deadline))
    }

    fn try_commit(
        &self,
        items: &[Item],
        manner: Manner,
        this: Try,
        deadline: Instant,
    ) -> Result<Vec<Result<Outcome>>, Failure> {
        let server = &self.table.server;
        let lease = server.lease(&server.writers, deadline)?;
        let mut committing = None;
        let ran = block_until(deadline, self.run(&lease, items, manner, this, &mut committing));
        match (ran, committing) {
            (Some(Ok(())), Some(Committing { outcomes, .. })) => Ok(outcomes),
            (Some(Err(Failure::Lost(_))) | None, Some(Committing { number, outcomes })) => {
                lease.discard();
                match self.was_committed(&number)? {
                    true => Ok(outcomes),
                    false => Err(Failure::silent()),
                }
            }
            (Some(Err(failure @ (Failure::Final(_) | Failure::Contended(_)))), _) => {
                let undone = block_until(deadline, lease.execute_all("ROLLBACK"));
                if !matches!(undone, Some(Ok(()))) {
                    lease.discard();
                }
                Err(failure)
            }
            (ran, None) => {
                lease.discard();
                Err(ran.and_then(Result::err).unwrap_or_else(Failure::silent))
            }
        }
    }

    /// Does all of a transaction; `committing` is there from the moment at which only the commit is left.
    async fn run(
        &self,
        connection: &Connection,
        items: &[Item],
        manner: Manner,
        this: Try,
        committing: &mut Option<Committing>,
    ) -> Result<(), Failure> {
        let (table, job) = (self.table.name(), self.table.job.as_str());
        let fail = |failed| Failure::of(&failed, job);
        let begin = begin(manner.durable, this.alone.then_some(&table));
        connection.execute_all(&begin).await.map_err(fail)?;
        let mut applying = Applying::new(connection, (&table, job), manner.exact, self.quota.is_some());
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            outcomes.push(applying.item(item).await?);
        }
        applying.flush().await?;
        self.weigh(connection, applying.grown).await?;
        let texts = self.texts(items, &outcomes);
        self.table.notify(connection, &texts).await.map_err(fail)?;
        if manner.touch {
            connection.query_one(statements::TOUCH, &[]).await.map_err(fail)?;
        }
        let number = connection
            .query_one(statements::NUMBER, &[])
            .await
            .map_err(fail)?;
        *committing = Some(Committing {
            number: number.get(0),
            outcomes,
        });
        connection.execute_all("COMMIT").await.map_err(fail)
    }

    /// Refuses to grow over the quota.
    async fn weigh(&self, connection: &Connection, grown: i64) -> Result<(), Failure> {
        let Some(limit) = self.quota.filter(|_| grown != 0) else {
            return Ok(());
        };
        let parameters: Parameters<'_> = &[&grown, &self.table.number];
        let added = connection.query_one(statements::ADD_BYTES, parameters).await;
        let bytes: i64 = added
            .map_err(|failed| Failure::of(&failed, &self.table.job))?
            .get(0);
        match grown > 0 && bytes.unsigned_abs() > limit {
            true => Err(Failure::Final(Error::QuotaExceeded { limit })),
            false => Ok(()),
        }
    }

    fn texts(&self, items: &[Item], outcomes: &[Result<Outcome>]) -> Vec<String> {
        let applied = items.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_ok());
        let texts = applied.flat_map(|(item, _)| {
            let write = Write {
                writer: self.table.writer,
                sequence: item.sequence,
            };
            let texts = move |(at, op)| write.text(at, op);
            item.ops.iter().enumerate().filter_map(texts)
        });
        texts.collect()
    }

    /// What has become of a transaction whose commit was under way when the connection was lost.
    fn was_committed(&self, number: &str) -> Result<bool> {
        let server = &self.table.server;
        let deadline = Instant::now() + limits::SERVER_WORK_TIME;
        let status =
            async |connection: &Connection| connection.query_one(statements::STATUS, &[&number]).await;
        let found = retried(deadline, |_| {
            let row = server.with(&server.writers, &self.table.job, deadline, status)?;
            match row.get::<_, Option<&str>>(0) {
                Some("committed") => Ok(true),
                Some("aborted") => Ok(false),
                Some(_) => Err(Failure::Contended(Error::OutcomeUnknown)),
                None => Err(Failure::Final(Error::OutcomeUnknown)),
            }
        });
        found.map_err(|_| Error::OutcomeUnknown)
    }
}

fn begin(durable: bool, alone: Option<&String>) -> String {
    let level = if durable { "on" } else { "off" };
    // Before the first query, so that it sees all that was committed before the table was locked.
    let lock = alone.map_or_else(String::new, |table| {
        format!("; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    });
    format!("BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = {level}{lock}")
}

impl Table {
    async fn notify(&self, connection: &Connection, texts: &[String]) -> Answer<()> {
        if texts.is_empty() {
            return Ok(());
        }
        let channel = table::channel(self.number);
        connection
            .query(statements::NOTIFY, &[&channel, &texts])
            .await
            .map(drop)
    }
}

impl Writes for Writer {
    fn transact(&mut self, items: &[Item]) -> Result<Vec<Result<Outcome>>> {
        let durable = items.iter().any(|item| item.durable);
        let touch = durable && self.unsynced;
        if !touch && items.iter().all(|item| item.ops.is_empty()) {
            let nothing = |item: &Item| Outcome {
                sequence: item.sequence,
                removed: Some(0),
            };
            return Ok(items.iter().map(nothing).map(Ok).collect());
        }
        let manner = |exact| Manner {
            durable,
            touch,
            exact,
        };
        let committed = match self.commit(items, manner(false)) {
            // To say which operation it was.
            Err(Error::Backend { .. } | Error::DiskFull) if items.len() == 1 => {
                self.commit(items, manner(true))
            }
            other => other,
        };
        self.unsynced = !durable || committed.is_err();
        let counters = &self.observers.counters;
        let done = u64::from(committed.is_ok());
        counters.transactions.fetch_add(done, Relaxed);
        counters
            .durable_transactions
            .fetch_add(done * u64::from(durable), Relaxed);
        committed
    }

    fn purge(&mut self) -> Result<Purged> {
        let name = self.table.name();
        let (purge, next) = (statements::purge(&name), statements::next(&name));
        let most = i64::try_from(limits::PURGE_ROWS).unwrap_or(i64::MAX);
        let work = async |connection: &Connection| {
            let begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off";
            connection.execute_all(begin).await?;
            let gone = connection.query(&purge, &[&most]).await?;
            let keys = gone.iter().filter_map(|row| self.table.pair(row).ok());
            let texts: Vec<_> = keys
                .map(|(category, key)| notice::expired(&category, &key))
                .collect();
            self.table.notify(connection, &texts).await?;
            let bytes: i64 = gone.iter().map(|row| row.get::<_, i64>(2)).sum();
            if self.quota.is_some() && bytes > 0 {
                let parameters: Parameters<'_> = &[&-bytes, &self.table.number];
                connection.query(statements::ADD_BYTES, parameters).await?;
            }
            let left: Option<i64> = connection.query_one(&next, &[]).await?.get(0);
            connection.execute_all("COMMIT").await?;
            Ok((gone.len(), left))
        };
        let (keys, left) = self
            .table
            .server
            .try_for(limits::SERVER_WORK_TIME, &self.table.job, work)?;
        self.unsynced |= keys > 0;
        // Another node may be gone whose keys expire.
        let most = clock::after(0, limits::PURGE_RETRY);
        let next = Some(clock::now().saturating_add(left.unwrap_or(most).min(most)));
        Ok(Purged { keys, next })
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
