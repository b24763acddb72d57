//! The thread on which the lifecycle functions of one module instance run.

use crate::limits;
use crate::registry::Job;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// A thread of a module's own: what does not return there harms nobody else.
pub(crate) struct Worker {
    jobs: SyncSender<Job>,
    /// Others hold senders, too: the thread cannot wait for them to go.
    ended: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

/// The function has not returned in time. Its thread is given up.
#[derive(Debug)]
pub(crate) struct Hung;

impl Worker {
    pub(crate) fn start(name: &str) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(limits::OWN_THREAD_JOBS);
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let run = move || {
            for job in queue {
                job();
                if end.load(Ordering::Acquire) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { jobs, ended, thread })
    }

    /// Where further work for the thread goes.
    pub(crate) fn jobs(&self) -> SyncSender<Job> {
        self.jobs.clone()
    }

    /// Runs `job` on the thread and waits for it, at most `deadline`.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        deadline: Duration,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Hung> {
        let (answer, result) = sync_channel(1);
        let job = Box::new(move || {
            // Nobody may be waiting any more.
            answer.send(job()).ok();
        });
        match self.jobs.try_send(job) {
            Ok(()) => result.recv_timeout(deadline).map_err(|_| Hung),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Hung),
        }
    }

    /// Ends the thread, which has nothing left to do, and waits until it is gone.
    pub(crate) fn join(self) {
        self.ended.store(true, Ordering::Release);
        // With a full queue there are jobs enough to wake it.
        self.jobs.try_send(Box::new(|| ())).ok();
        drop(self.jobs);
        // A panic of the thread has been reported by the panic hook.
        self.thread.join().ok();
    }
}
