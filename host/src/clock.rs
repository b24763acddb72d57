//! The host's monotonic clock, as modules see it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the clock started; never 0, which stands for no deadline.
pub(crate) fn now_ns() -> u64 {
    to_ns(Instant::now())
}

/// The moment on the host's clock.
pub(crate) fn to_ns(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*START).as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The moment as an `Instant`; the far future where it cannot be told.
pub(crate) fn from_ns(ns: u64) -> Instant {
    START
        .checked_add(Duration::from_nanos(ns))
        .unwrap_or_else(|| Instant::now() + Duration::from_secs(1 << 30))
}
