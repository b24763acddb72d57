//! When a statement is to be interrupted.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use storage_api::SqlError;

use crate::directory::locked;

/// When a statement is to be interrupted: at its deadline, or as soon as nobody wants it any more.
pub(crate) struct Stop {
    deadline: Instant,
    cancelled: AtomicBool,
    query: Option<Query>,
}

/// What ends a query besides, which may go on long after its call was answered.
struct Query {
    /// Set when the database closes.
    closing: Arc<AtomicBool>,
    /// How long it may work for one row, and since when it does.
    row: Duration,
    since: Mutex<Instant>,
}

impl Stop {
    pub(crate) fn at(deadline: Instant) -> Arc<Self> {
        Arc::new(Stop {
            deadline,
            cancelled: AtomicBool::new(false),
            query: None,
        })
    }

    pub(crate) fn after(time: Duration) -> Arc<Self> {
        Self::at(Instant::now() + time)
    }

    /// For a query that may take `time`, but no more than `row` for each of its rows, and ends when `closing` is set.
    pub(crate) fn of_query(time: Duration, row: Duration, closing: Arc<AtomicBool>) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Stop {
            deadline: now + time,
            cancelled: AtomicBool::new(false),
            query: Some(Query {
                closing,
                row,
                since: Mutex::new(now),
            }),
        })
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// A row was found: the next one has its own time.
    pub(crate) fn row(&self) {
        if let Some(query) = &self.query {
            *locked(&query.since) = Instant::now();
        }
    }

    /// Why the statement is to be interrupted now.
    pub(crate) fn reason(&self) -> Option<SqlError> {
        if self.cancelled.load(Relaxed) {
            return Some(SqlError::Cancelled);
        }
        let now = Instant::now();
        let mut late = now >= self.deadline;
        if let Some(query) = &self.query {
            if query.closing.load(Relaxed) {
                return Some(SqlError::Closed);
            }
            late |= now.saturating_duration_since(*locked(&query.since)) >= query.row;
        }
        late.then_some(SqlError::Deadline)
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
