//! The writer of a job: a thread that takes what is queued, has the backend apply it in one transaction, and only then
//! answers.
//!
//! When the transaction as a whole fails, each batch is tried again alone, so that one caller's failure does not become
//! another's.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::backend::Writes;
use crate::batch::Op;
use crate::clock;
use crate::error::{Error, Result};
use crate::expiry::Expiry;
use crate::job::{ENDED, Shared};
use crate::limits;
use crate::queue::{Item, Taken};
use crate::receipt::Outcome;
use crate::rekey::Rekey;
use crate::root::RootLock;

pub(crate) struct Writer {
    writes: Box<dyn Writes>,
    shared: Arc<Shared>,
    expiry: Expiry,
    /// The directory stays ours as long as the job may be open.
    _root: Arc<RootLock>,
}

/// Releases everyone who waits for the writer, however it ends.
struct Release(Arc<Shared>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.queue.close();
        while !matches!(self.0.queue.take_group(None), Taken::Closed) {}
        self.0.applied.send_replace(ENDED);
        self.0.observers.watches.end();
    }
}

impl Writer {
    pub(crate) fn new(writes: Box<dyn Writes>, shared: Arc<Shared>, root: Arc<RootLock>) -> Self {
        Writer {
            writes,
            shared,
            expiry: Expiry::new(),
            _root: root,
        }
    }

    /// Works until the queue is closed and empty; then closes the backend.
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
                Taken::Order(order) => {
                    order(&mut self);
                    dirty = true;
                }
                Taken::Idle if self.purge_if_due() => dirty = true,
                Taken::Idle => {
                    if let Err(error) = self.writes.rest() {
                        tracing::warn!(job = self.shared.id, %error, "the log could not be moved into the file");
                    }
                    dirty = false;
                }
                Taken::Closed => break,
            }
        }
        let reads = self.shared.reads.close();
        reads.and(self.writes.close())
    }

    /// Gives the job another key.
    pub(crate) fn rekey(&mut self, rekey: &Rekey) -> Result<()> {
        let rekeyed = self.writes.rekey(rekey);
        if rekeyed == Err(Error::WriterFailed) {
            // There is nothing left to write to.
            self.shared.queue.close();
        }
        rekeyed
    }

    fn commit_group(&mut self, items: Vec<Item>) {
        self.note_expiry(&items);
        let outcomes = match self.writes.transact(&items) {
            Ok(outcomes) => outcomes,
            Err(error) if items.len() == 1 || error.concerns_group() => vec![Err(error); items.len()],
            Err(_) => items.iter().map(|item| self.transact_alone(item)).collect(),
        };
        if let Some(last) = items.last() {
            self.shared.applied.send_replace(last.sequence);
        }
        for (item, outcome) in items.into_iter().zip(outcomes) {
            self.shared.settle(item, outcome);
        }
    }

    fn transact_alone(&mut self, item: &Item) -> Result<Outcome> {
        self.writes
            .transact(slice::from_ref(item))?
            .pop()
            .unwrap_or(Err(Error::WriterFailed))
    }

    fn note_expiry(&mut self, items: &[Item]) {
        let now = clock::now();
        for op in items.iter().flat_map(|item| &item.ops) {
            if let Op::Put { ttl: Some(ttl), .. } = op {
                self.expiry.note(clock::after(now, *ttl));
            }
        }
    }

    /// Removes some expired keys, if it is time; true if it tried.
    fn purge_if_due(&mut self) -> bool {
        if self.expiry.due_in().is_none_or(|left| !left.is_zero()) {
            return false;
        }
        match self.writes.purge() {
            Ok(purged) => {
                let expired = &self.shared.observers.counters.expired;
                expired.fetch_add(purged.keys as u64, Relaxed);
                self.expiry.purged(&purged);
            }
            Err(error) => {
                self.expiry.failed();
                tracing::warn!(job = self.shared.id, %error, "expired keys could not be removed");
            }
        }
        true
    }
}
