//! Failures of writes that were accepted and whose outcome nobody waited for.

use crate::error::{Error, Result};

/// Failures of writes that nobody waited for.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u64,
    first: Option<Error>,
}

impl Failures {
    pub(crate) fn record(&mut self, error: &Error) {
        self.count += 1;
        self.first.get_or_insert_with(|| error.clone());
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Takes `count` failures off that were reported elsewhere.
    pub(crate) fn forget(&mut self, count: u64) {
        self.count = self.count.saturating_sub(count);
        if self.count == 0 {
            self.first = None;
        }
    }

    /// Reports the failures once.
    pub(crate) fn take(&mut self) -> Result<()> {
        match std::mem::take(self) {
            Failures {
                count,
                first: Some(first),
            } => Err(Error::Unacknowledged {
                count,
                first: Box::new(first),
            }),
            _ => Ok(()),
        }
    }
}
