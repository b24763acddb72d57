//! How fast lines may follow each other.

use crate::limits::PACE;
use tokio::time::{Instant, sleep_until};

/// Lets a few lines pass at once, and then one at a time.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When all that has passed would have, one after another.
    even: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { even: Instant::now() }
    }

    /// Waits until a line may pass. Cancel safe.
    pub(crate) async fn wait(&self) {
        let (burst, gap) = PACE;
        if let Some(due) = self.even.checked_sub(gap * (burst - 1)) {
            sleep_until(due).await;
        }
    }

    /// A line has passed.
    pub(crate) fn passed(&mut self) {
        self.even = self.even.max(Instant::now()) + PACE.1;
    }
}
