//! Transactions that a caller has open: the writer takes the orders of that caller alone until the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use storage_api::{Executed, SqlError};
use tokio::sync::{mpsc, oneshot};

use super::Result;
use super::database::{Database, Order, Shared, Writer, ask};
use super::error::argument;
use super::run::{Held, Statement};
use super::stop::Stop;
use crate::blocking::block_until;
use crate::directory::locked;
use crate::limits;

/// Whose transaction is open.
#[derive(Default)]
pub(crate) enum Turn {
    #[default]
    Nobody,
    Open(Open),
    /// This was the last one, and it met its deadline.
    Expired(u64),
}

/// The transaction that is open.
#[derive(Clone)]
pub(crate) struct Open {
    id: u64,
    owner: String,
    deadline: Instant,
    /// Where its orders go. When no such end is left, the transaction is rolled back.
    orders: mpsc::Sender<Order>,
}

/// Numbers for transactions: different as long as the process runs, in all databases.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Rolls an open transaction back as soon as what it does now is done.
pub(crate) fn end(shared: &Shared) {
    *locked(&shared.turn) = Turn::Nobody;
}

impl Database {
    /// Begins a transaction of `owner`, which is over after `time`. Waits for its turn.
    pub(crate) async fn begin(&self, owner: String, time: Duration) -> Result<u64> {
        if time.is_zero() || time > limits::SQL_TRANSACTION_TIME {
            let most = limits::SQL_TRANSACTION_TIME.as_millis();
            return Err(argument("timeout_ms", format!("must be 1 to {most}")));
        }
        let (reply, begun) = oneshot::channel();
        let order: Order = Box::new(move |writer| serve(writer, owner, time, reply));
        let orders = self.orders()?;
        orders.send(order).await.map_err(|_| SqlError::Closed)?;
        drop(orders);
        begun.await.map_err(|_| SqlError::Closed)?
    }

    /// Runs a statement in the transaction. Dropped before its end, it is interrupted; if it wrote, SQLite ends the
    /// transaction with it.
    pub(crate) async fn execute_in(&self, id: u64, owner: &str, statement: Statement) -> Result<Executed> {
        self.ask_in(id, owner, |writer, stop| writer.execute(statement, stop))
            .await
    }

    /// The same for all that a query finds.
    pub(crate) async fn query_in(&self, id: u64, owner: &str, statement: Statement) -> Result<Held> {
        let work = |writer: &Writer, stop: &Arc<Stop>| {
            let mut held = Held::default();
            writer.query(statement, stop, |found| held.take(found))?;
            Ok(held)
        };
        self.ask_in(id, owner, work).await
    }

    /// Ends the transaction: all of it is done.
    pub(crate) async fn commit(&self, id: u64, owner: &str) -> Result<()> {
        self.end_with(id, owner, "COMMIT").await
    }

    /// Ends the transaction: nothing of it is done. One that is over is no error.
    pub(crate) async fn rollback(&self, id: u64, owner: &str) -> Result<()> {
        match self.end_with(id, owner, "ROLLBACK").await {
            Err(SqlError::NoTransaction { .. } | SqlError::Deadline) => Ok(()),
            other => other,
        }
    }

    async fn end_with(&self, id: u64, owner: &str, sql: &'static str) -> Result<()> {
        let work = move |writer: &Writer, _: &Arc<Stop>| {
            let context = &writer.shared.context;
            writer.connection.execute(sql, context)?;
            end(&writer.shared);
            Ok(())
        };
        self.ask_in(id, owner, work).await
    }

    async fn ask_in<T: Send + 'static>(
        &self,
        id: u64,
        owner: &str,
        work: impl FnOnce(&Writer, &Arc<Stop>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let open = self.open_one(id, owner)?;
        let stop = Stop::at(open.deadline);
        match ask(open.orders, stop, work).await {
            // The writer has turned to others: the transaction ended before this came to its turn.
            Err(SqlError::Closed) => Err(self.gone(id)),
            other => other,
        }
    }

    /// The transaction `id`, if it is open and `owner`'s.
    pub(crate) fn open_one(&self, id: u64, owner: &str) -> Result<Open> {
        match &*locked(&self.shared.turn) {
            Turn::Open(open) if open.id == id && open.owner == owner => return Ok(open.clone()),
            _ => {}
        }
        Err(self.gone(id))
    }

    fn gone(&self, id: u64) -> SqlError {
        let expired = matches!(&*locked(&self.shared.turn), Turn::Expired(last) if *last == id);
        let reason = match expired {
            true => "it met its deadline and was rolled back",
            false => "it is over, or another's",
        };
        SqlError::NoTransaction {
            transaction: id,
            reason: reason.to_owned(),
        }
    }
}

/// Serves one transaction to its end.
fn serve(writer: &mut Writer, owner: String, time: Duration, reply: oneshot::Sender<Result<u64>>) {
    if reply.is_closed() {
        return;
    }
    let shared = &Arc::clone(&writer.shared);
    if let Err(refused) = writer.connection.execute("BEGIN IMMEDIATE", &shared.context) {
        // Whoever has gone away meanwhile does not hear of it.
        let _ = reply.send(Err(refused));
        return;
    }
    let id = LAST.fetch_add(1, Relaxed) + 1;
    let deadline = Instant::now() + time;
    let (orders, inbox) = mpsc::channel(1);
    let open = Open {
        id,
        owner,
        deadline,
        orders,
    };
    *locked(&shared.turn) = Turn::Open(open);
    if shared.closing.load(Relaxed) {
        end(shared);
    }
    let answered = reply.send(Ok(id)).is_ok();
    let expired = answered && work(writer, inbox, deadline);
    if writer.connection.in_transaction()
        && let Err(error) = writer.connection.execute("ROLLBACK", &shared.context)
    {
        tracing::error!(database = shared.context.job, %error, "a transaction could not be rolled back");
    }
    let mut turn = locked(&shared.turn);
    // One that was committed in time has ended before.
    let expired = expired && matches!(*turn, Turn::Open(_));
    *turn = if expired { Turn::Expired(id) } else { Turn::Nobody };
}

/// Takes the orders of the transaction until it is over; whether that was because of its deadline.
fn work(writer: &mut Writer, mut inbox: mpsc::Receiver<Order>, deadline: Instant) -> bool {
    while writer.connection.in_transaction() {
        match block_until(deadline, inbox.recv()) {
            Some(Some(order)) => order(writer),
            Some(None) => return false,
            None => return true,
        }
    }
    Instant::now() >= deadline
}
