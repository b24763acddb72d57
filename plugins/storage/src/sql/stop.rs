//! When a statement is to be interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use storage_api::SqlError;

/// When a statement is to be interrupted: at its deadline, or as soon as nobody wants it any more.
pub(crate) struct Stop {
    deadline: Instant,
    cancelled: AtomicBool,
    closing: Option<Arc<AtomicBool>>,
}

impl Stop {
    pub(crate) fn at(deadline: Instant) -> Arc<Self> {
        Arc::new(Stop {
            deadline,
            cancelled: AtomicBool::new(false),
            closing: None,
        })
    }

    pub(crate) fn after(time: Duration) -> Arc<Self> {
        Self::at(Instant::now() + time)
    }

    /// Also as soon as `closing` is set.
    pub(crate) fn after_or(time: Duration, closing: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Stop {
            deadline: Instant::now() + time,
            cancelled: AtomicBool::new(false),
            closing: Some(closing),
        })
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Why the statement is to be interrupted now.
    pub(crate) fn reason(&self) -> Option<SqlError> {
        if self.cancelled.load(Relaxed) {
            Some(SqlError::Cancelled)
        } else if self.closing.as_ref().is_some_and(|closing| closing.load(Relaxed)) {
            Some(SqlError::Closed)
        } else {
            (Instant::now() >= self.deadline).then_some(SqlError::Deadline)
        }
    }
}

/// Interrupts a statement when it is dropped: it lies in the future of a call.
pub(crate) struct Cancel(Option<Arc<Stop>>);

impl Cancel {
    pub(crate) fn new(stop: &Arc<Stop>) -> Self {
        Cancel(Some(Arc::clone(stop)))
    }

    /// Lets the statement go on without the call.
    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.cancel();
        }
    }
}
