//! The archive: messages of the relay in `storage.kv`, for the store protocol.
//!
//! What lies where is in [`layout`]. Messages come in through a bounded queue to one task, the [`writer`], which
//! alone changes the archive: it leaves out what is there, commits what is new in batches, and removes what
//! [`retention`] no longer wants, in bounded steps. Queries read beside it: [`find`] plans them, [`merge`] joins the
//! indexes of several topics in the order of time, and [`hashes`] looks up messages by name.

mod find;
mod hashes;
mod layout;
mod merge;
mod metrics;
mod places;
mod retention;
mod stats;
mod writer;

use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use backplane_sdk::CallError;
use storage_api::{KvClient, KvError};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::{
    MessageHash, PubsubTopic, Refusal, Status, StorePage, StoreQuery, WakuMessage,
    limits::{ARCHIVE_DRIFT, ARCHIVE_QUEUE, ARCHIVE_QUEUE_BYTES, RETENTION_SWEEP, STORE_QUERIES},
};
use layout::Figures;
use stats::Counters;
use writer::{Work, Writer};

pub use layout::Place;
pub(crate) use places::Scope;
pub use retention::{Retention, RetentionError};
pub use stats::ArchiveStats;

/// The job of `storage.kv` that an archive is, unless configured otherwise.
pub const ARCHIVE_JOB: &str = "archive";

/// How an archive is kept.
#[derive(Debug, Clone)]
pub struct ArchiveConfig {
    /// The job of `storage.kv`. Nobody else may write to it.
    pub job: String,
    /// What is removed, and when.
    pub retention: Retention,
    /// Pause between two looks for what is to be removed.
    pub sweep: Duration,
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self {
            job: ARCHIVE_JOB.to_owned(),
            retention: Retention::default(),
            sweep: RETENTION_SWEEP,
        }
    }
}

/// An archive. Clones are handles of the same one; its task ends with the last of them, or with
/// [`close`](Self::close).
#[derive(Clone)]
pub struct Archive {
    job: Job,
    work: mpsc::Sender<Work>,
    queries: Arc<Semaphore>,
    shared: Arc<Shared>,
}

/// What handles and writer both use.
#[derive(Default)]
struct Shared {
    counters: Counters,
    queued_bytes: AtomicUsize,
}

/// The job, and who leads to it.
#[derive(Clone)]
struct Job {
    kv: KvClient,
    name: String,
}

/// A message on its way into the archive.
struct Entry {
    hash: MessageHash,
    pubsub_topic: PubsubTopic,
    message: Arc<WakuMessage>,
}

/// Why an archive does not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The query makes no sense.
    #[error("INVALID_QUERY: {0}")]
    Query(&'static str),
    /// There is no message of the cursor's hash.
    #[error("DRIVER_ERROR: cursor not found")]
    Cursor,
    /// The store failed.
    #[error("DRIVER_ERROR: {0}")]
    Store(#[from] CallError<KvError>),
    /// What is stored is not what an archive writes.
    #[error("DRIVER_ERROR: a stored {0} cannot be read")]
    Damaged(&'static str),
    /// The archive was closed.
    #[error("DRIVER_ERROR: the archive is closed")]
    Closed,
}

impl From<ArchiveError> for Refusal {
    /// As deployed nodes put it.
    fn from(error: ArchiveError) -> Self {
        Self::new(Status::BAD_RESPONSE, format!("archive error: {error}"))
    }
}

impl Archive {
    /// Opens an archive, and makes it if it is new. Its task runs on the tokio runtime that calls.
    ///
    /// # Errors
    /// [`ArchiveError::Store`], [`ArchiveError::Damaged`].
    pub async fn open(kv: KvClient, config: ArchiveConfig) -> Result<Self, ArchiveError> {
        let job = Job { kv, name: config.job };
        let figures = job.figures().await?;
        let (work, inbox) = mpsc::channel(ARCHIVE_QUEUE);
        let shared = Arc::new(Shared::default());
        shared.counters.messages.set(figures.messages);
        let writer = Writer::new(job.clone(), shared.clone(), config.retention, figures);
        tokio::spawn(writer.run(inbox, config.sweep));
        Ok(Self {
            job,
            work,
            queries: Arc::new(Semaphore::new(STORE_QUERIES)),
            shared,
        })
    }

    /// Queues a message that came in just now, if it is to be kept: it is not ephemeral and its timestamp differs
    /// from the present by 20 s at most. Never waits; what the queue has no room for is left out and counted.
    pub fn offer(&self, hash: MessageHash, pubsub_topic: PubsubTopic, message: &Arc<WakuMessage>) {
        let counters = &self.shared.counters;
        if !is_timely(message, now_nanos()) {
            return counters.refused.add(1);
        }
        let entry = Entry {
            hash,
            pubsub_topic,
            message: message.clone(),
        };
        let size = entry.size();
        let queued = self.shared.queued_bytes.fetch_add(size, Relaxed);
        if queued + size > ARCHIVE_QUEUE_BYTES || self.work.try_send(Work::Keep(entry)).is_err() {
            self.shared.queued_bytes.fetch_sub(size, Relaxed);
            counters.missed.add(1);
        }
    }

    /// Keeps messages of another archive, whatever their age, and returns once they are committed. Ephemeral ones are
    /// left out. Says how many are new.
    ///
    /// # Errors
    /// [`ArchiveError::Store`], [`ArchiveError::Closed`].
    pub async fn take_in(&self, messages: Vec<(PubsubTopic, WakuMessage)>) -> Result<u64, ArchiveError> {
        let kept = messages.into_iter().filter(|(_, message)| !message.ephemeral);
        let entries = kept.map(|(pubsub_topic, message)| Entry {
            hash: message.hash(&pubsub_topic.to_string()),
            pubsub_topic,
            message: Arc::new(message),
        });
        let entries = entries.collect();
        self.ask(|reply| Work::TakeIn(entries, reply)).await?
    }

    /// One page of what a query asks for. It sees everything that was committed before the call.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub async fn query(&self, query: &StoreQuery) -> Result<StorePage, ArchiveError> {
        let _turn = self.queries.acquire().await.map_err(|_| ArchiveError::Closed)?;
        let counters = &self.shared.counters;
        counters.queries.add(1);
        let since = Instant::now();
        let page = find::page(&self.job, query).await;
        counters.query_times.took(since.elapsed());
        page
    }

    /// Where the messages of a scope are, from one time on and before another, without any order. Of more than `most`
    /// the newest, and from which time on these are all that there are.
    pub(crate) async fn places(
        &self,
        scope: &Scope,
        time: Range<i64>,
        most: usize,
    ) -> Result<(Vec<Place>, i64), ArchiveError> {
        let _turn = self.queries.acquire().await.map_err(|_| ArchiveError::Closed)?;
        places::read(&self.job, scope, time, most).await
    }

    /// When the node of this archive was last known to be online, in nanoseconds since 1970; `None` if never.
    ///
    /// # Errors
    /// [`ArchiveError::Store`], [`ArchiveError::Damaged`].
    pub async fn last_online(&self) -> Result<Option<i64>, ArchiveError> {
        self.job.online().await
    }

    /// Notes that the node was online until then.
    ///
    /// # Errors
    /// [`ArchiveError::Store`].
    pub async fn mark_online(&self, until: i64) -> Result<(), ArchiveError> {
        self.job.mark_online(until).await
    }

    /// What it has counted.
    pub fn stats(&self) -> ArchiveStats {
        self.shared.counters.snapshot()
    }

    /// Commits what was queued before, and ends the archive's task. Queries go on.
    pub async fn close(&self) {
        // The task answers, or has ended already.
        let _closed = self.ask(Work::Close).await;
    }

    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Result<T, ArchiveError> {
        let (reply, answer) = oneshot::channel();
        let closed = |_| ArchiveError::Closed;
        self.work
            .send(work(reply))
            .await
            .map_err(|_| ArchiveError::Closed)?;
        answer.await.map_err(closed)
    }
}

impl Entry {
    /// About the bytes that it takes.
    fn size(&self) -> usize {
        let message = &self.message;
        size_of::<Self>() + message.payload.len() + message.content_topic.len() + message.proof.len()
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("job", &self.job.name)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Whether deployed nodes would archive a message that comes in now.
fn is_timely(message: &WakuMessage, now: i64) -> bool {
    let drift = u64::try_from(ARCHIVE_DRIFT.as_nanos()).unwrap_or(u64::MAX);
    !message.ephemeral && now.abs_diff(message.timestamp) <= drift
}

/// Nanoseconds since 1970; a clock before it gives 1.
pub(crate) fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_ephemeral_and_of_the_present_is_kept() {
        let message = |timestamp, ephemeral| WakuMessage {
            timestamp,
            ephemeral,
            ..WakuMessage::default()
        };
        let (now, drift) = (1_700_000_000_000_000_000, 20_000_000_000);
        for timestamp in [now - drift, now, now + drift] {
            assert!(is_timely(&message(timestamp, false), now));
            assert!(!is_timely(&message(timestamp, true), now));
        }
        for timestamp in [now - drift - 1, now + drift + 1, 0, i64::MIN, i64::MAX] {
            assert!(!is_timely(&message(timestamp, false), now));
        }
    }
}
