//! Work that may block, on a bounded number of the runtime's threads.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task;

use crate::error::{Error, Result};

/// A number of threads. Work that finds them busy waits its turn, first come, first served.
pub(crate) struct Threads(Arc<Semaphore>);

impl Threads {
    pub(crate) fn new(count: usize) -> Self {
        Threads(Arc::new(Semaphore::new(count)))
    }

    /// Runs `work` on a thread that may block. A caller that goes away before it begins withdraws it; work that
    /// has begun goes on to its end, and keeps its thread until then.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let permit = permit.map_err(|_| Error::Closed)?;
        let running = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match running.await {
            Ok(result) => result,
            Err(failed) => match failed.try_into_panic() {
                // The caller's shim reports it like any other panic.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Closed),
            },
        }
    }
}
