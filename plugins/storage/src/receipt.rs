//! Receipts: what became of an accepted write.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::blocking::block_until;
use crate::error::{Error, Result};

/// How far a write has come when its receipt resolves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Ack {
    /// The write is in the queue. It is applied before the job closes; a crash of the process may lose it.
    Queued,
    /// The write is committed. It survives the end of the process, and any later read sees it.
    #[default]
    Applied,
    /// The write is on the disk. It survives a loss of power.
    Durable,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Place of the write in its job: later writes of a job have higher numbers. Starts at 1 with each opening.
    pub sequence: u64,
    /// Rows that the batch's deletions removed; `None` when the receipt only says that the write is queued.
    pub removed: Option<u64>,
}

/// The answer to one accepted write.
///
/// It is a future, and [`Receipt::wait`] blocks. It needs no runtime. Dropping it does not undo the write; a
/// failure is then reported by the session's next barrier and when the job closes.
#[derive(Debug)]
#[must_use = "a failure of the write is reported by its receipt"]
pub struct Receipt {
    sequence: u64,
    state: State,
    timeout: Duration,
}

#[derive(Debug)]
enum State {
    Queued,
    Pending(oneshot::Receiver<Result<Outcome>>),
}

impl Receipt {
    pub(crate) fn queued(sequence: u64, timeout: Duration) -> Self {
        Receipt {
            sequence,
            state: State::Queued,
            timeout,
        }
    }

    pub(crate) fn pending(
        sequence: u64,
        reply: oneshot::Receiver<Result<Outcome>>,
        timeout: Duration,
    ) -> Self {
        Receipt {
            sequence,
            state: State::Pending(reply),
            timeout,
        }
    }

    /// Place of the write in its job, known before the write is applied.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Blocks until the write has reached the level asked for.
    ///
    /// # Errors
    /// Why the write failed; [`Error::Timeout`] after the store's call timeout, when the outcome is unknown.
    pub fn wait(self) -> Result<Outcome> {
        let waited = self.timeout;
        block_until(Instant::now() + waited, self).unwrap_or(Err(Error::Timeout {
            what: "the outcome of a write",
            waited,
        }))
    }
}

impl Future for Receipt {
    type Output = Result<Outcome>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let sequence = self.sequence;
        match &mut self.state {
            State::Queued => Poll::Ready(Ok(Outcome {
                sequence,
                removed: None,
            })),
            State::Pending(reply) => Pin::new(reply)
                .poll(context)
                .map(|answer| answer.unwrap_or(Err(Error::WriterFailed))),
        }
    }
}
