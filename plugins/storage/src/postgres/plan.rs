//! Applying a group within a transaction, with few calls: puts that follow each other go as one statement.

use std::collections::BTreeMap;

use super::connection::{Connection, Parameters};
use super::failure::Failure;
use super::place::{self, Place};
use super::statements;
use crate::batch::Op;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::queue::Item;
use crate::receipt::Outcome;

/// A payload on its way, and how many milliseconds it is to live.
type Put<'a> = (&'a [u8], Option<i64>);

pub(super) struct Applying<'a> {
    connection: &'a Connection,
    table: &'a str,
    job: &'a str,
    /// Applies each operation by itself, so that a failure names it.
    exact: bool,
    /// Looks how many bytes come and go.
    weigh: bool,
    puts: BTreeMap<Place, Put<'a>>,
    /// By how many bytes the rows have grown.
    pub(super) grown: i64,
}

impl<'a> Applying<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        (table, job): (&'a str, &'a str),
        exact: bool,
        weigh: bool,
    ) -> Self {
        Applying {
            connection,
            table,
            job,
            exact,
            weigh,
            puts: BTreeMap::new(),
            grown: 0,
        }
    }

    /// Applies a batch, whose puts may go with those of the next one. A batch that is refuted has changed nothing.
    pub(super) async fn item(&mut self, item: &'a Item) -> Result<Result<Outcome>, Failure> {
        let before = self.grown;
        let savepoint = expects_after_a_write(&item.ops);
        if savepoint {
            self.flush().await?;
            self.execute("SAVEPOINT batch").await?;
        }
        let mut removed = 0;
        for (at, op) in item.ops.iter().enumerate() {
            match self.op(op).await.map_err(|failure| self.named(at, failure))? {
                Some(rows) => removed += rows,
                None => {
                    if savepoint {
                        self.puts.clear();
                        self.grown = before;
                        self.execute("ROLLBACK TO batch; RELEASE batch").await?;
                    }
                    return Ok(Err(Error::Conflict { op: at }));
                }
            }
        }
        if savepoint {
            self.flush().await?;
            self.execute("RELEASE batch").await?;
        }
        Ok(Ok(Outcome {
            sequence: item.sequence,
            removed: Some(removed),
        }))
    }

    fn named(&self, op: usize, failure: Failure) -> Failure {
        match failure {
            Failure::Final(error) if self.exact => Failure::Final(Error::BatchFailed {
                op,
                source: Box::new(error),
            }),
            other => other,
        }
    }

    /// How many rows it removed; `None` when it expected something else.
    async fn op(&mut self, op: &'a Op) -> Result<Option<u64>, Failure> {
        match op {
            Op::Put {
                category,
                key,
                payload,
                ttl,
            } => {
                let ttl = ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
                self.puts.insert(Place::new(category, key), (payload, ttl));
                if self.exact {
                    self.flush().await?;
                }
                Ok(Some(0))
            }
            Op::Delete { category, key } => {
                self.flush().await?;
                let (place, sql) = (Place::new(category, key), statements::delete(self.table));
                let digest = place.digest();
                self.remove(&sql, &[&place.head, &digest]).await.map(Some)
            }
            Op::DeleteRange { category, range } => {
                self.flush().await?;
                let (start, stop) = place::bounds(category, range);
                let sql = statements::delete_range(self.table);
                let parameters: Parameters<'_> = &[&start.head, &start.tail, &stop.head, &stop.tail];
                self.remove(&sql, parameters).await.map(Some)
            }
            Op::Expect {
                category,
                key,
                payload,
            } => {
                self.flush().await?;
                let held = self.holds(category, key, payload.as_deref()).await?;
                Ok(held.then_some(0))
            }
            // The server sees to its room by itself.
            Op::Release { .. } => Ok(Some(0)),
        }
    }

    async fn remove(&mut self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Failure> {
        let gone = self.connection.query_one(sql, parameters).await;
        let gone = gone.map_err(|failed| Failure::of(&failed, self.job))?;
        self.grown -= gone.get::<_, i64>(1);
        Ok(gone.get::<_, i64>(0).unsigned_abs())
    }

    async fn holds(&self, category: &str, key: &Key, expected: Option<&[u8]>) -> Result<bool, Failure> {
        let (place, sql) = (Place::new(category, key), statements::expect(self.table));
        let digest = place.digest();
        let rows = self
            .connection
            .query(&sql, &[&place.head, &digest, &expected])
            .await;
        let rows = rows.map_err(|failed| Failure::of(&failed, self.job))?;
        Ok(rows.first().map_or(expected.is_none(), |row| row.get(0)))
    }

    /// Does the puts that are still to be done.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        if self.puts.is_empty() {
            return Ok(());
        }
        let puts = std::mem::take(&mut self.puts);
        let digests: Vec<_> = puts.keys().map(Place::digest).collect();
        let heads: Vec<_> = puts.keys().map(|place| place.head.as_slice()).collect();
        let tails: Vec<_> = puts.keys().map(|place| place.tail.as_slice()).collect();
        let (payloads, ttls): (Vec<&[u8]>, Vec<Option<i64>>) = puts.values().copied().unzip();
        let fail = |failed| Failure::of(&failed, self.job);
        if self.weigh {
            let sql = statements::size(self.table);
            let there = self
                .connection
                .query_one(&sql, &[&heads, &digests])
                .await
                .map_err(fail)?;
            let sizes = heads.iter().chain(&tails).chain(&payloads).map(|part| part.len());
            self.grown += i64::try_from(sizes.sum::<usize>()).unwrap_or(i64::MAX) - there.get::<_, i64>(0);
        }
        let sql = statements::put(self.table);
        let parameters: Parameters<'_> = &[&heads, &digests, &tails, &payloads, &ttls];
        self.connection.query(&sql, parameters).await.map_err(fail)?;
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), Failure> {
        let done = self.connection.execute_all(sql).await;
        done.map_err(|failed| Failure::of(&failed, self.job))
    }
}

/// Whether a batch can be refuted when it has written something: then that has to be undone.
fn expects_after_a_write(ops: &[Op]) -> bool {
    let expects = |op: &Op| matches!(op, Op::Expect { .. });
    ops.iter().skip_while(|op| expects(op)).any(expects)
}
