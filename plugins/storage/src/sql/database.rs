//! Databases: one file each, with its writer thread and its read connections.

use std::mem;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use storage_api::{Executed, Migrated, Migration, SqlError};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::guarded::Guarded;
use super::run::{Statement, Take};
use super::stop::{Cancel, Stop};
use super::transaction::{self, Turn};
use super::{Result, error, file, migrations};
use crate::blocking::block_until;
use crate::directory::{Kept, locked};
use crate::error::ErrorContext;
use crate::limits;
use crate::options::Options;
use crate::reader::Readers;
use crate::rekey::{self, Rekey};
use crate::root::RootLock;
use crate::schema;
use crate::writer_thread::WriterThread;

/// Something for the writer to do.
pub(crate) type Order = Box<dyn FnOnce(&mut Writer) + Send>;

/// What the writer, the readers and the handles of a database have in common.
pub(crate) struct Shared {
    pub(crate) context: ErrorContext,
    options: Options,
    /// Where orders go; `None` once the database closes.
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    readers: Readers<Guarded>,
    /// Whose transaction is open.
    pub(crate) turn: Mutex<Turn>,
    pub(crate) closing: Arc<AtomicBool>,
}

/// The only connection that writes.
pub(crate) struct Writer {
    pub(crate) connection: Guarded,
    pub(crate) shared: Arc<Shared>,
    /// The directory stays ours as long as the file may be open.
    _root: Arc<RootLock>,
}

impl Writer {
    /// Works until the database closes and all orders are done; then moves the log into the file and closes it.
    fn run(mut self, mut orders: mpsc::Receiver<Order>) -> crate::Result<()> {
        let mut dirty = false;
        loop {
            let order = match dirty {
                true => block_until(Instant::now() + limits::IDLE_CHECKPOINT, orders.recv()),
                false => Some(orders.blocking_recv()),
            };
            match order {
                Some(Some(order)) => {
                    order(&mut self);
                    dirty = true;
                }
                Some(None) => break,
                None => {
                    if let Err(error) = self.checkpoint("PASSIVE") {
                        tracing::warn!(database = self.shared.context.job, %error, "the log could not be moved into the file");
                    }
                    dirty = false;
                }
            }
        }
        let readers = self.shared.readers.close(limits::CLOSE_READERS_TIMEOUT);
        let checkpoint = self.checkpoint("TRUNCATE");
        let context = &self.shared.context;
        let closed = self.connection.close().map_err(|failed| context.wrap(failed));
        // Streams of rows may outlive the database; its key must not.
        context.key.set(None);
        readers.and(checkpoint).and(closed)
    }

    /// Gives the file another key.
    fn rekey(&mut self, rekey: &Rekey) -> crate::Result<()> {
        let shared = Arc::clone(&self.shared);
        let rekeyed = rekey::run(self, &shared.readers, rekey);
        if rekeyed == Err(crate::Error::WriterFailed) {
            // There is nothing left to write to.
            locked(&shared.orders).take();
        }
        rekeyed
    }

    fn checkpoint(&self, mode: &str) -> crate::Result<()> {
        let context = &self.shared.context;
        let moved = self
            .connection
            .ours(|connection| Ok(schema::checkpoint(connection, mode, context)));
        moved.map_err(|failed| context.wrap(failed))?
    }

    /// Runs a statement where the writer is: in a transaction that is open.
    pub(crate) fn execute(&self, statement: Statement, stop: &Arc<Stop>) -> Result<Executed> {
        let ran = self
            .connection
            .run(stop, |connection| statement.execute(connection));
        ran.unwrap_or_else(|failed| Err(error::of_file(failed, &self.shared.context)))
    }

    /// The same, and hands over what it finds.
    pub(crate) fn query(&self, statement: Statement, stop: &Arc<Stop>, take: impl Take) -> Result<()> {
        let ran = self
            .connection
            .run(stop, |connection| statement.query(connection, take));
        ran.unwrap_or_else(|failed| Err(error::of_file(failed, &self.shared.context)))
    }
}

impl rekey::Reopens for Writer {
    fn close_file(&mut self) -> crate::Result<()> {
        let wrap = |failed| self.shared.context.wrap(failed);
        self.checkpoint("TRUNCATE")?;
        let nothing = Connection::open_in_memory()
            .and_then(Guarded::new)
            .map_err(wrap)?;
        mem::replace(&mut self.connection, nothing).close().map_err(wrap)
    }

    fn open_file(&mut self) -> crate::Result<()> {
        let shared = &self.shared;
        self.connection = file::open_writer(
            shared.readers.path(),
            &shared.context,
            shared.options.secure_delete,
        )?;
        Ok(())
    }
}

/// An open database. Clones are the same.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) shared: Arc<Shared>,
    writer: Arc<WriterThread>,
    /// As many as there may be read connections: who has one need not wait for a connection.
    pub(crate) seats: Arc<Semaphore>,
}

/// Has the one at the other end of `orders` do `work`, unless nobody waits for it any more by then.
pub(crate) async fn ask<T: Send + 'static>(
    orders: mpsc::Sender<Order>,
    stop: Arc<Stop>,
    work: impl FnOnce(&Writer, &Arc<Stop>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (reply, answer) = oneshot::channel();
    let cancel = Cancel::new(&stop);
    let order: Order = Box::new(move |writer| {
        if !reply.is_closed() {
            // Whoever has gone away meanwhile does not hear of it.
            let _ = reply.send(work(writer, &stop));
        }
    });
    orders.send(order).await.map_err(|_| SqlError::Closed)?;
    drop(orders);
    let answer = answer.await.map_err(|_| SqlError::Closed)?;
    drop(cancel);
    answer
}

impl Database {
    /// Where orders go.
    pub(crate) fn orders(&self) -> Result<mpsc::Sender<Order>> {
        locked(&self.shared.orders).clone().ok_or(SqlError::Closed)
    }

    /// Runs a statement in a transaction of its own, for at most `time` once it has begun. Dropped before its end, it
    /// is interrupted, and nothing of it is left.
    pub(crate) async fn execute(&self, statement: Statement, time: Duration) -> Result<Executed> {
        let work = move |writer: &Writer, stop: &Arc<Stop>| {
            let context = &writer.shared.context;
            writer
                .connection
                .transact(context, || writer.execute(statement, stop))
        };
        ask(self.orders()?, Stop::after(time), work).await
    }

    /// Applies the migrations that were not applied before. Dropped before its end, it stops in the middle.
    pub(crate) async fn migrate(&self, list: Vec<Migration>) -> Result<Migrated> {
        migrations::check(&list)?;
        let work = move |writer: &Writer, stop: &Arc<Stop>| {
            migrations::migrate(&writer.connection, &list, stop, &writer.shared.context)
        };
        ask(self.orders()?, Stop::after(limits::SQL_MIGRATION_TIME), work).await
    }

    /// Runs a query on this thread, on a connection that only reads; waits for one at most for `patience`.
    pub(crate) fn query(
        &self,
        statement: Statement,
        stop: &Arc<Stop>,
        patience: Duration,
        take: impl Take,
    ) -> Result<()> {
        let read =
            |connection: &Guarded| connection.run(stop, |connection| statement.query(connection, take));
        self.shared.readers.with(patience, read)?
    }

    /// When a query is to end, which may work for a row no longer than `row`.
    pub(crate) fn stop_of_query(&self, row: Duration) -> Arc<Stop> {
        Stop::of_query(limits::SQL_QUERY_TIME, row, Arc::clone(&self.shared.closing))
    }
}

impl Kept for Database {
    const OPEN: (&'static str, usize) = ("open databases", limits::MAX_OPEN_DATABASES);

    fn create(unfinished: &Path, context: &ErrorContext) -> crate::Result<()> {
        schema::create(unfinished, &file::KIND, context)
    }

    fn open(
        path: &Path,
        context: ErrorContext,
        options: &Options,
        root: Arc<RootLock>,
    ) -> crate::Result<Self> {
        let connection = file::open_writer(path, &context, options.secure_delete)?;
        let (sender, orders) = mpsc::channel(limits::SQL_QUEUE);
        let shared = Arc::new(Shared {
            options: options.clone(),
            orders: Mutex::new(Some(sender)),
            readers: Readers::new(file::open_reader, path.to_owned(), context.clone()),
            context,
            turn: Mutex::default(),
            closing: Arc::default(),
        });
        let writer = Writer {
            connection,
            shared: Arc::clone(&shared),
            _root: root,
        };
        let writer = WriterThread::spawn(move || writer.run(orders))?;
        Ok(Database {
            shared,
            writer: Arc::new(writer),
            seats: Arc::new(Semaphore::new(limits::MAX_READERS)),
        })
    }

    fn context(&self) -> &ErrorContext {
        &self.shared.context
    }

    fn rekey(&self, rekey: Rekey) -> crate::Result<()> {
        let (reply, answer) = oneshot::channel();
        let order: Order = Box::new(move |writer| {
            // Whoever has gone away meanwhile does not hear of it.
            let _ = reply.send(writer.rekey(&rekey));
        });
        let orders = self.orders().map_err(|_| crate::Error::Closed)?;
        orders.blocking_send(order).map_err(|_| crate::Error::Closed)?;
        drop(orders);
        answer.blocking_recv().unwrap_or(Err(crate::Error::Closed))
    }

    fn refuse(&self) {
        self.shared.closing.store(true, Relaxed);
        locked(&self.shared.orders).take();
        transaction::end(&self.shared);
    }

    fn close(&self) -> crate::Result<()> {
        self.refuse();
        self.writer.end(self.shared.options.close_timeout)
    }

    fn has_ended(&self) -> bool {
        self.writer.has_ended()
    }
}
