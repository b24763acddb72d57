//! Sessions: what one caller does with a job, in order; here the writing half.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use compact_str::CompactString;
use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::blocking::block_until;
use crate::error::{Error, Result};
use crate::failures::Failures;
use crate::job::Shared;
use crate::key::{Key, KeyRange};
use crate::queue::{Item, Place, WhenFull};
use crate::receipt::{Ack, Receipt};

/// Where a write came from.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    last_write: AtomicU64,
    pub(crate) failures: Mutex<Failures>,
}

impl Origin {
    pub(crate) fn wrote(&self, sequence: u64) {
        self.last_write.store(sequence, Ordering::Release);
    }
}

/// One caller's view of a job.
///
/// The writes of a session are applied in the order in which they were made, and its reads see all its earlier
/// writes: a read waits until these are applied, and otherwise answers on the calling thread. Writes of other
/// sessions are seen once they are applied. Clones are the same session.
///
/// All methods may be called from any thread. Those that are not `async` may block up to the store's call
/// timeout and end with [`Error::Timeout`]; after [`Store::close_job`](crate::Store::close_job) all end with
/// [`Error::Closed`]. The futures need no runtime.
#[derive(Clone)]
pub struct Session {
    pub(crate) shared: Arc<Shared>,
    origin: Arc<Origin>,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Session {
            shared,
            origin: Arc::default(),
        }
    }

    fn prepare(&self, batch: Batch, ack: Ack) -> Result<(Item, impl FnOnce(u64) -> Receipt)> {
        let (ops, bytes) = batch.into_ops()?;
        let (reply, answer) = (ack != Ack::Queued).then(oneshot::channel).unzip();
        let durable = ack == Ack::Durable;
        let origin = Arc::clone(&self.origin);
        let item = Item {
            sequence: 0,
            ops,
            bytes,
            durable,
            origin,
            reply,
        };
        let timeout = self.shared.options.call_timeout;
        let receipt = move |sequence| match answer {
            Some(answer) => Receipt::pending(sequence, answer, timeout),
            None => Receipt::queued(sequence, timeout),
        };
        Ok((item, receipt))
    }

    /// Submits a batch, waiting on this thread for room in the queue.
    ///
    /// # Errors
    /// A limit that the batch breaks; [`Error::Timeout`] when no room appeared, [`Error::Busy`] when too many
    /// wait already, [`Error::Closed`]. The batch was not accepted then.
    pub fn persist(&self, batch: Batch, ack: Ack) -> Result<Receipt> {
        let (item, receipt) = self.prepare(batch, ack)?;
        match self.shared.queue.submit(item, WhenFull::Wait)? {
            Place::Queued(sequence) => Ok(receipt(sequence)),
            Place::Waiting(mut waiting) => {
                let (waited, sequence) = (self.shared.options.call_timeout, waiting.sequence());
                match block_until(Instant::now() + waited, &mut waiting) {
                    Some(admitted) => admitted?,
                    None => waiting.give_up(waited)?,
                }
                Ok(receipt(sequence))
            }
        }
    }

    /// Submits a batch without waiting.
    ///
    /// # Errors
    /// As [`Session::persist`], with [`Error::WouldBlock`] when the queue is full.
    pub fn try_persist(&self, batch: Batch, ack: Ack) -> Result<Receipt> {
        let (item, receipt) = self.prepare(batch, ack)?;
        match self.shared.queue.submit(item, WhenFull::Refuse)? {
            Place::Queued(sequence) => Ok(receipt(sequence)),
            Place::Waiting(_) => Err(Error::WouldBlock),
        }
    }

    /// Submits a batch, waiting for room without blocking the thread. The place in line is taken at the first
    /// poll. Dropping the future before it is ready withdraws the batch.
    ///
    /// # Errors
    /// As [`Session::persist`], without a timeout of its own.
    pub async fn submit(&self, batch: Batch, ack: Ack) -> Result<Receipt> {
        let (item, receipt) = self.prepare(batch, ack)?;
        match self.shared.queue.submit(item, WhenFull::Wait)? {
            Place::Queued(sequence) => Ok(receipt(sequence)),
            Place::Waiting(waiting) => {
                let sequence = waiting.sequence();
                waiting.await?;
                Ok(receipt(sequence))
            }
        }
    }

    /// Resolves when all earlier writes of this session have reached `ack`, for writes of any level.
    ///
    /// # Errors
    /// [`Error::Unacknowledged`] when writes failed since the last report that nobody waited for, else as
    /// [`Receipt`].
    pub async fn settle(&self, ack: Ack) -> Result<()> {
        self.submit(Batch::new(), ack).await?.await?;
        let mut failures = self
            .origin
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let reported = failures.count();
        let report = failures.take();
        drop(failures);
        if reported > 0 {
            self.shared
                .failures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .forget(reported);
        }
        report
    }

    fn settle_blocking(&self, ack: Ack) -> Result<()> {
        let waited = self.shared.options.call_timeout;
        block_until(Instant::now() + waited, self.settle(ack)).unwrap_or(Err(Error::Timeout {
            what: "earlier writes",
            waited,
        }))
    }

    /// Blocks until all earlier writes of this session are applied.
    ///
    /// # Errors
    /// As [`Session::settle`].
    pub fn barrier(&self) -> Result<()> {
        self.settle_blocking(Ack::Applied)
    }

    /// Blocks until all earlier writes of this session are on the disk.
    ///
    /// # Errors
    /// As [`Session::settle`].
    pub fn flush(&self) -> Result<()> {
        self.settle_blocking(Ack::Durable)
    }

    /// Stores one payload and waits until it is applied.
    ///
    /// # Errors
    /// As [`Session::persist`] and [`Receipt::wait`].
    pub fn put(
        &self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<()> {
        self.persist(Batch::new().put(category, key, payload), Ack::Applied)?
            .wait()
            .map(drop)
    }

    /// Removes one key; says whether it was there.
    ///
    /// # Errors
    /// As [`Session::put`].
    pub fn delete(&self, category: impl Into<CompactString>, key: impl Into<Key>) -> Result<bool> {
        let outcome = self
            .persist(Batch::new().delete(category, key), Ack::Applied)?
            .wait()?;
        Ok(outcome.removed.is_some_and(|rows| rows > 0))
    }

    /// Removes the keys of a range; says how many there were.
    ///
    /// # Errors
    /// As [`Session::put`].
    pub fn delete_range(&self, category: impl Into<CompactString>, range: KeyRange) -> Result<u64> {
        let outcome = self
            .persist(Batch::new().delete_range(category, range), Ack::Applied)?
            .wait()?;
        Ok(outcome.removed.unwrap_or(0))
    }

    /// Stores a payload if the key is absent; says whether it was stored.
    ///
    /// # Errors
    /// As [`Session::put`].
    pub fn put_if_absent(
        &self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<bool> {
        self.compare_and_put(category, key, None, payload)
    }

    /// Stores a payload if the key holds `expected`, or with `None` is absent; says whether it was stored.
    ///
    /// # Errors
    /// As [`Session::put`].
    pub fn compare_and_put(
        &self,
        category: impl Into<CompactString>,
        key: impl Into<Key>,
        expected: Option<Vec<u8>>,
        payload: impl Into<Vec<u8>>,
    ) -> Result<bool> {
        let (category, key) = (category.into(), key.into());
        let batch = Batch::new()
            .expect(category.clone(), key.clone(), expected)
            .put(category, key, payload);
        match self.persist(batch, Ack::Applied)?.wait() {
            Ok(_) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the job was closed; all further calls end with [`Error::Closed`].
    pub fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }

    /// Whether this is the only handle of the session, nothing of it is under way, and no failure waits to be
    /// reported: then a new session would do as well.
    pub fn is_idle(&self) -> bool {
        let unreported = || {
            self.origin
                .failures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .count()
        };
        // Each write that has no outcome yet, and each clone, holds the origin too.
        Arc::strong_count(&self.origin) == 1 && unreported() == 0
    }

    /// Whether a read made now would have to wait for earlier writes of this session.
    pub fn is_caught_up(&self) -> bool {
        *self.shared.applied.borrow() >= self.origin.last_write.load(Ordering::Acquire)
    }

    /// Resolves when the writes made before are applied, or have failed, so that a read does not wait.
    pub async fn caught_up(&self) {
        let target = self.origin.last_write.load(Ordering::Acquire);
        // The sender lives as long as this session.
        let _ = self
            .shared
            .applied
            .subscribe()
            .wait_for(|applied| *applied >= target)
            .await;
    }
}
