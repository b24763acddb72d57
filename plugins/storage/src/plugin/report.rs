//! Failed writes on their way from the writer threads, which must not wait, to the event `failed`.

use std::sync::{Arc, Mutex, PoisonError};

use backplane_sdk::CallError;
use storage_api::FailedWrite;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::convert;
use crate::{FailedWriteHook, limits};

/// Publishes failed writes, one after another. At most [`limits::FAILED_EVENTS`] wait; what finds no room is in the
/// log, and is reported by the caller's next barrier like all others.
pub(crate) struct Reporter(Mutex<Option<(Sender<FailedWrite>, JoinHandle<()>)>>);

impl Reporter {
    /// Starts on the current runtime; the hook hands failed writes over.
    pub(crate) fn start<F, P>(publish: P) -> (Self, FailedWriteHook)
    where
        P: Fn(FailedWrite) -> F + Send + 'static,
        F: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let (sender, receiver) = channel(limits::FAILED_EVENTS);
        // The store keeps the hook; the reporter decides when there is no more.
        let hand_over = sender.downgrade();
        let hook: FailedWriteHook = Arc::new(move |failed| {
            let sent = hand_over
                .upgrade()
                .is_some_and(|sender| sender.try_send(convert::failed_write(failed)).is_ok());
            if !sent {
                tracing::warn!(
                    job = failed.job,
                    sequence = failed.sequence,
                    "no room for the event of a failed write"
                );
            }
        });
        let task = tokio::spawn(run(receiver, publish));
        (Reporter(Mutex::new(Some((sender, task)))), hook)
    }

    /// Returns when all that was handed over is published.
    pub(crate) async fn end(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, task)) = running {
            drop(sender);
            if let Err(failed) = task.await {
                tracing::error!(error = %failed, "failed writes were not all published");
            }
        }
    }
}

async fn run<F, P>(mut writes: Receiver<FailedWrite>, publish: P)
where
    P: Fn(FailedWrite) -> F,
    F: Future<Output = Result<(), CallError>>,
{
    while let Some(write) = writes.recv().await {
        if let Err(error) = publish(write).await {
            tracing::warn!(%error, "a failed write was not published to all");
        }
    }
}
