//! Where the engine takes its time from.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time: Unix, in nanoseconds.
pub type Clock = Box<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Box::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}
