//! The thread of a writer, and waiting for its end.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::blocking::block_until;
use crate::error::{Error, Result};
use crate::limits;

/// The thread of the one connection that writes to a file.
pub(crate) struct WriterThread {
    /// `None` once it was joined.
    handle: Mutex<Option<JoinHandle<Result<()>>>>,
    /// Its other half goes with the thread.
    ended: watch::Receiver<()>,
}

impl WriterThread {
    pub(crate) fn spawn(run: impl FnOnce() -> Result<()> + Send + 'static) -> Result<Self> {
        let (running, ended) = watch::channel(());
        let handle = thread::Builder::new()
            .name("storage-writer".into())
            .stack_size(limits::WRITER_STACK_BYTES)
            .spawn(move || {
                let _running = running;
                run()
            })
            .map_err(Error::io("start the writer of a job"))?;
        Ok(WriterThread {
            handle: Mutex::new(Some(handle)),
            ended,
        })
    }

    /// Waits for the end of the thread, which must have been told of it; gives what it ended with, once. After a
    /// timeout a further call waits again.
    pub(crate) fn end(&self, waited: Duration) -> Result<()> {
        let mut place = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(handle) = place.take() else { return Ok(()) };
        let mut ended = self.ended.clone();
        let ending = async { while ended.changed().await.is_ok() {} };
        if block_until(Instant::now() + waited, ending).is_none() {
            *place = Some(handle);
            return Err(Error::Timeout {
                what: "the writer to end",
                waited,
            });
        }
        handle.join().unwrap_or(Err(Error::WriterFailed))
    }

    /// Whether nothing of the thread is left.
    pub(crate) fn has_ended(&self) -> bool {
        self.handle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }
}
