//! When expired keys are removed. No call finds them in any case.

use std::time::{Duration, Instant};

use crate::backend::Purged;
use crate::clock;
use crate::limits;

/// The moments that the writer of a job has to know.
pub(crate) struct Expiry {
    /// When the first key expires, or earlier; `i64::MAX` if none does.
    next: i64,
    /// Keys are not removed before.
    pause: Instant,
}

impl Expiry {
    /// Nothing is known yet of the keys.
    pub(crate) fn new() -> Self {
        Expiry {
            next: 0,
            pause: Instant::now(),
        }
    }

    /// A key will expire at `moment`.
    pub(crate) fn note(&mut self, moment: i64) {
        self.next = self.next.min(moment);
    }

    /// How long until keys are to be removed; `None` when no key expires.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        let expires = (self.next < i64::MAX).then(|| clock::until(clock::now(), self.next))?;
        Some(expires.max(self.pause.saturating_duration_since(Instant::now())))
    }

    /// Keys were removed.
    pub(crate) fn purged(&mut self, purged: &Purged) {
        self.next = purged.next.unwrap_or(i64::MAX);
        self.pause = match purged.keys {
            limits::PURGE_ROWS => Instant::now(),
            _ => Instant::now() + limits::PURGE_PAUSE,
        };
    }

    /// Removing keys has failed; it is tried again after [`limits::PURGE_RETRY`].
    pub(crate) fn failed(&mut self) {
        self.pause = Instant::now() + limits::PURGE_RETRY;
    }
}
