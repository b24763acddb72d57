//! Time as the vault sees it, so that tests can move it.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// Two clocks. Both are asked, because the monotonic one may stand still while a machine sleeps
/// and the other one may be set back.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Time since some fixed moment; never runs backwards.
    fn monotonic(&self) -> Duration;
    /// The time of day, UTC.
    fn wall(&self) -> SystemTime;
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self {
            monotonic: clock.monotonic(),
            wall: clock.wall(),
        }
    }

    /// The longer of the two times that passed since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
    }
}
