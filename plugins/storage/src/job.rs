//! Jobs: each with its queue, its writer and its counters, on the backend that keeps its rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::watch;

use crate::backend::{Observers, Opened, Reads};
use crate::directory::Kept;
use crate::error::{Error, ErrorContext, Result};
use crate::failures::Failures;
use crate::limits;
use crate::options::{FailedWrite, Options};
use crate::queue::{Capacity, Item, Queue};
use crate::receipt::Outcome;
use crate::rekey::Rekey;
use crate::root::{self, RootLock};
use crate::schema;
use crate::session::Session;
use crate::sqlite;
use crate::writer::Writer;
use crate::writer_thread::WriterThread;

/// The last applied sequence number once the writer has ended.
pub(crate) const ENDED: u64 = u64::MAX;

/// What the writer, the sessions and the handles of a job have in common.
pub(crate) struct Shared {
    pub(crate) id: String,
    context: ErrorContext,
    pub(crate) options: Options,
    pub(crate) queue: Arc<Queue>,
    /// The last write whose outcome is known.
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) reads: Box<dyn Reads>,
    /// Failures that no barrier has reported.
    pub(crate) failures: Mutex<Failures>,
    pub(crate) observers: Arc<Observers>,
}

impl Shared {
    /// Hands an outcome to whoever waits for it, and to the failure log when nobody does.
    pub(crate) fn settle(&self, item: Item, outcome: Result<Outcome>) {
        self.observers.counters.batches.fetch_add(1, Relaxed);
        let unheard = match item.reply {
            Some(reply) => reply.send(outcome.clone()).is_err(),
            None => true,
        };
        let Err(error) = outcome else { return };
        self.observers.counters.failed.fetch_add(1, Relaxed);
        let cause = if let Error::BatchFailed { source, .. } = &error {
            source
        } else {
            &error
        };
        self.observers
            .counters
            .locked
            .fetch_add(u64::from(*cause == Error::Locked), Relaxed);
        if !unheard {
            return;
        }
        item.origin
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(&error);
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(&error);
        tracing::warn!(job = self.id, sequence = item.sequence, %error, "an accepted write failed");
        if let Some(hook) = &self.options.on_failed_write {
            let failed = FailedWrite {
                job: self.id.clone(),
                sequence: item.sequence,
                error,
            };
            // A hook that panics must not take the writer with it; the panic was printed already.
            let _ = catch_unwind(AssertUnwindSafe(|| hook(&failed)));
        }
    }
}

/// Figures of one job, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Size of the database file, in bytes.
    pub file_bytes: u64,
    /// Size of its log, in bytes.
    pub log_bytes: u64,
    /// Bytes of the file that hold nothing.
    pub free_bytes: u64,
    /// Batches in the queue.
    pub queued_batches: usize,
    /// Bytes in the queue.
    pub queued_bytes: usize,
    /// Callers that wait for room in the queue.
    pub waiting_callers: usize,
    /// Sequence number of the last write whose outcome is known.
    pub applied_sequence: u64,
    /// Batches handled since the job was opened, barriers included.
    pub batches: u64,
    /// Batches that failed, conflicts included.
    pub failed_batches: u64,
    /// Batches that failed because another process held a lock; anything but 0 is a fault.
    pub locked_batches: u64,
    /// Transactions committed.
    pub transactions: u64,
    /// Transactions that waited for the disk.
    pub durable_transactions: u64,
    /// Open read connections.
    pub readers: usize,
    /// Expired keys that were removed from the file.
    pub expired_rows: u64,
    /// Size in bytes over which the file does not grow.
    pub quota: Option<u64>,
}

/// An open job. Clones are the same job.
#[derive(Clone)]
pub struct Job {
    pub(crate) shared: Arc<Shared>,
    writer: Arc<WriterThread>,
}

impl Job {
    /// The job's id.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// A new session, for one caller.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.shared))
    }

    /// Figures of the job. Cheap at any size.
    ///
    /// # Errors
    /// [`Error::Closed`], or a failure of the database.
    pub fn stats(&self) -> Result<Stats> {
        let shared = &*self.shared;
        let sizes = shared.reads.sizes()?;
        let depth = shared.queue.depth();
        let counters = &shared.observers.counters;
        Ok(Stats {
            file_bytes: sizes.file,
            log_bytes: sizes.log,
            free_bytes: sizes.free.unwrap_or(0),
            queued_batches: depth.batches,
            queued_bytes: depth.bytes,
            waiting_callers: depth.waiting,
            applied_sequence: *shared.applied.borrow(),
            batches: counters.batches.load(Relaxed),
            failed_batches: counters.failed.load(Relaxed),
            locked_batches: counters.locked.load(Relaxed),
            transactions: counters.transactions.load(Relaxed),
            durable_transactions: counters.durable_transactions.load(Relaxed),
            readers: shared.reads.connections(),
            expired_rows: counters.expired.load(Relaxed),
            quota: shared.options.quota_of(&shared.id),
        })
    }
}

impl Kept for Job {
    const OPEN: (&'static str, usize) = ("open jobs", limits::MAX_OPEN_JOBS);

    fn create(unfinished: &Path, context: &ErrorContext) -> Result<()> {
        schema::create(unfinished, &schema::KV, context)
    }

    fn open(path: &Path, context: ErrorContext, options: &Options, root: Arc<RootLock>) -> Result<Job> {
        let observers = Arc::<Observers>::default();
        let Opened { writes, reads } = match options.servers.get(&context.job) {
            Some(_) if context.key.get().is_some() => {
                return Err(Error::argument("key", "is for jobs that are files"));
            }
            Some(server) => server.open(&context.job, options, Arc::clone(&observers))?,
            None => sqlite::open(path, &context, options, Arc::clone(&observers))?,
        };
        let capacity = Capacity {
            batches: options.queue_batches,
            bytes: options.queue_bytes,
        };
        let shared = Arc::new(Shared {
            id: context.job.clone(),
            context,
            options: options.clone(),
            queue: Arc::new(Queue::new(capacity)),
            applied: watch::Sender::new(0),
            reads,
            failures: Mutex::default(),
            observers,
        });
        let writer = Writer::new(writes, Arc::clone(&shared), root);
        let writer = WriterThread::spawn(move || writer.run())?;
        Ok(Job {
            shared,
            writer: Arc::new(writer),
        })
    }

    fn context(&self) -> &ErrorContext {
        &self.shared.context
    }

    fn rekey(&self, rekey: Rekey) -> Result<()> {
        let (reply, answer) = mpsc::sync_channel(1);
        let order = move |writer: &mut Writer| {
            // Whoever has gone away meanwhile does not hear of it.
            let _ = reply.send(writer.rekey(&rekey));
        };
        self.shared.queue.order(Box::new(order))?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }

    fn is_file(options: &Options, id: &str) -> bool {
        !options.servers.contains_key(id)
    }

    fn exists(options: &Options, id: &str, path: &Path) -> Result<bool> {
        match options.servers.get(id) {
            Some(server) => server.has(id),
            None => Ok(path.exists()),
        }
    }

    fn remove(options: &Options, id: &str, path: &Path) -> Result<bool> {
        match options.servers.get(id) {
            Some(server) => server.remove(id),
            None => root::remove_database(path),
        }
    }

    fn refuse(&self) {
        self.shared.queue.close();
    }

    fn close(&self) -> Result<()> {
        self.refuse();
        let ended = self.writer.end(self.shared.options.close_timeout);
        if !self.has_ended() {
            return ended;
        }
        let unreported = self
            .shared
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        ended.and(unreported)
    }

    fn has_ended(&self) -> bool {
        self.writer.has_ended()
    }
}
