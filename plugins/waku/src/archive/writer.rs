//! The one task that changes an archive.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use backplane_sdk::Bytes;
use storage_api::{Ack, KeyRange, Op, Row, Scan};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    ArchiveError, Entry, Figures, Job, Retention, Shared,
    layout::{self, HASHES, MESSAGES, Place},
    now_nanos,
};
use crate::limits::{ARCHIVE_ATTEMPTS, ARCHIVE_BATCH, ARCHIVE_BATCH_BYTES, ARCHIVE_PAUSE, RETENTION_STEP};

/// What the handles ask of the task.
pub(super) enum Work {
    Keep(Entry),
    TakeIn(Vec<Entry>, oneshot::Sender<Result<u64, ArchiveError>>),
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    job: Job,
    shared: Arc<Shared>,
    retention: Retention,
    figures: Figures,
}

impl Writer {
    pub(super) fn new(job: Job, shared: Arc<Shared>, retention: Retention, figures: Figures) -> Self {
        Self {
            job,
            shared,
            retention,
            figures,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Work>, sweep: Duration) {
        let mut ticks = interval(sweep);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sweeping = false;
        loop {
            tokio::select! {
                work = inbox.recv() => {
                    let Some(work) = work else { return };
                    if self.work(work, &mut inbox).await.is_break() {
                        return;
                    }
                }
                _ = ticks.tick(), if !sweeping => sweeping = true,
                () = std::future::ready(()), if sweeping => sweeping = self.sweep().await,
            }
        }
    }

    /// Does the work, along with what waits behind it.
    async fn work(&mut self, first: Work, inbox: &mut mpsc::Receiver<Work>) -> ControlFlow<()> {
        let mut next = Some(first);
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(work) = next.take() {
            match work {
                Work::Keep(entry) => {
                    bytes += entry.size();
                    batch.push(entry);
                    if batch.len() < ARCHIVE_BATCH && bytes < ARCHIVE_BATCH_BYTES {
                        next = inbox.try_recv().ok();
                    }
                }
                Work::TakeIn(entries, reply) => {
                    self.keep(std::mem::take(&mut batch), bytes).await;
                    // Whoever asked may have gone away.
                    let _gone = reply.send(self.take_in(entries).await);
                    return ControlFlow::Continue(());
                }
                Work::Close(reply) => {
                    self.keep(batch, bytes).await;
                    let _gone = reply.send(());
                    return ControlFlow::Break(());
                }
            }
        }
        self.keep(batch, bytes).await;
        ControlFlow::Continue(())
    }

    /// Commits messages that nobody waits for.
    async fn keep(&mut self, batch: Vec<Entry>, bytes: usize) {
        let count = batch.len() as u64;
        if let Err(error) = self.commit(batch).await {
            self.shared.counters.failed.add(count);
            tracing::error!(%error, count, "messages did not get into the archive");
        }
        self.shared.queued_bytes.fetch_sub(bytes, Relaxed);
    }

    async fn take_in(&mut self, entries: Vec<Entry>) -> Result<u64, ArchiveError> {
        let mut fresh = 0;
        let mut batch = Vec::new();
        let mut bytes = 0;
        for entry in entries {
            bytes += entry.size();
            batch.push(entry);
            if batch.len() == ARCHIVE_BATCH || bytes >= ARCHIVE_BATCH_BYTES {
                fresh += self.commit(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        Ok(fresh + self.commit(batch).await?)
    }

    /// Commits those that are not there yet, and says how many they were. Tries again if the store fails.
    async fn commit(&mut self, batch: Vec<Entry>) -> Result<u64, ArchiveError> {
        if batch.is_empty() {
            return Ok(0);
        }
        let mut pause = ARCHIVE_PAUSE;
        for _ in 1..ARCHIVE_ATTEMPTS {
            match self.try_commit(&batch).await {
                Err(ArchiveError::Store(error)) => {
                    tracing::warn!(%error, "the store did not take messages, trying again");
                    sleep(pause).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
        self.try_commit(&batch).await
    }

    async fn try_commit(&mut self, batch: &[Entry]) -> Result<u64, ArchiveError> {
        let since = Instant::now();
        let hashes: Vec<Bytes> = batch
            .iter()
            .map(|it| Bytes(it.hash.as_bytes().to_vec()))
            .collect();
        let job = &self.job;
        let there = job.kv.get_many(&job.name, &HASHES.to_owned(), &hashes).await?;
        let mut first = HashSet::new();
        let fresh: Vec<_> = batch
            .iter()
            .zip(there)
            .filter(|(entry, there)| there.is_none() && first.insert(entry.hash))
            .flat_map(|(entry, _)| layout::put(entry))
            .collect();
        let count = first.len() as u64;
        if count > 0 {
            let messages = self.figures.messages + count;
            self.change(fresh, messages).await?;
        }
        let counters = &self.shared.counters;
        counters.commit_times.took(since.elapsed());
        for entry in batch.iter().filter(|entry| first.remove(&entry.hash)) {
            let shard = [entry.pubsub_topic.shard().to_string().into()];
            counters
                .stored_by_shard
                .change(shard, || 0, |stored| *stored += 1);
        }
        counters.stored.add(count);
        counters.duplicates.add(batch.len() as u64 - count);
        Ok(count)
    }

    /// Does the operations and notes how many messages there are then. After a failure nobody knows whether it was
    /// done: the number is read anew.
    async fn change(&mut self, mut ops: Vec<Op>, messages: u64) -> Result<(), ArchiveError> {
        let figures = Figures { messages };
        ops.push(figures.put());
        let job = &self.job;
        let done = job.kv.persist(&job.name, &ops, &Ack::Applied, &true).await;
        self.figures = match done {
            Ok(_) => figures,
            Err(_) => job.figures().await.unwrap_or(self.figures),
        };
        self.shared.counters.messages.set(self.figures.messages);
        Ok(done.map(drop)?)
    }

    /// Removes some of what retention no longer wants; whether there may be more.
    async fn sweep(&mut self) -> bool {
        match self.sweep_once().await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "old messages were not removed");
                false
            }
        }
    }

    async fn sweep_once(&mut self) -> Result<bool, ArchiveError> {
        let excess = match self.retention.capacity {
            Some(capacity) => self.figures.messages.saturating_sub(capacity),
            None => 0,
        };
        let heavy = match self.retention.size {
            Some(size) => self.job.used_bytes().await? > size,
            None => false,
        };
        let expired = self.retention.oldest(now_nanos());
        if excess == 0 && !heavy && !self.is_expired(expired).await? {
            return Ok(false);
        }
        let rows = self.job.oldest(RETENTION_STEP, true).await?;
        let goes =
            |(index, row): &(usize, &Row)| heavy || (*index as u64) < excess || is_before(row, expired);
        let gone: Vec<_> = rows.iter().enumerate().take_while(goes).collect();
        if gone.is_empty() {
            return Ok(false);
        }
        let ops = gone.iter().flat_map(|(_, row)| layout::remove(row)).collect();
        let count = gone.len() as u64;
        self.change(ops, self.figures.messages.saturating_sub(count))
            .await?;
        self.shared.counters.removed.add(count);
        Ok(gone.len() == rows.len())
    }

    async fn is_expired(&self, limit: Option<i64>) -> Result<bool, ArchiveError> {
        if limit.is_none() {
            return Ok(false);
        }
        let rows = self.job.oldest(1, false).await?;
        Ok(rows.first().is_some_and(|row| is_before(row, limit)))
    }
}

/// Whether a message is older than the limit. A key that is none of ours counts as old.
fn is_before(row: &Row, limit: Option<i64>) -> bool {
    limit.is_some_and(|limit| Place::at_end_of(&row.key).is_none_or(|place| place.timestamp < limit))
}

impl Job {
    /// The oldest messages.
    async fn oldest(&self, limit: u32, with_payloads: bool) -> Result<Vec<Row>, ArchiveError> {
        let scan = Scan {
            limit,
            keys_only: !with_payloads,
            ..Scan::new(KeyRange::All)
        };
        let page = self.kv.scan(&self.name, &MESSAGES.to_owned(), &scan).await?;
        Ok(page.rows)
    }

    /// Bytes of the file that hold something.
    async fn used_bytes(&self) -> Result<u64, ArchiveError> {
        let stats = self.kv.stats(&self.name).await?;
        Ok(stats.file_bytes.saturating_sub(stats.free_bytes))
    }
}
