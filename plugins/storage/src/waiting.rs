//! Waiting for room in the queue of a writer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::queue::Queue;

/// A caller's place in the second line; resolves when its item is in the queue. Dropping it before withdraws
/// the item.
pub(crate) struct Waiting {
    queue: Arc<Queue>,
    sequence: u64,
    signal: oneshot::Receiver<()>,
    over: bool,
}

impl Waiting {
    pub(crate) fn new(queue: &Arc<Queue>, sequence: u64, signal: oneshot::Receiver<()>) -> Self {
        Waiting {
            queue: Arc::clone(queue),
            sequence,
            signal,
            over: false,
        }
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Leaves the line. `Ok` when the item was admitted after all, [`Error::Timeout`] after `waited` when not.
    pub(crate) fn give_up(mut self, waited: Duration) -> Result<()> {
        self.over = true;
        if self.queue.withdraw(self.sequence) {
            return Err(Error::Timeout {
                what: "room in the queue",
                waited,
            });
        }
        self.signal.try_recv().map_err(|_| Error::Closed)
    }
}

impl Future for Waiting {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.signal).poll(context);
        self.over = answer.is_ready();
        answer.map(|admitted| admitted.map_err(|_| Error::Closed))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.over {
            self.queue.withdraw(self.sequence);
        }
    }
}
