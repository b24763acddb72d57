//! The clock by which keys expire.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, as the system says it is. Expiry times outlive the process, so no other clock will do.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    milliseconds(since)
}

/// The moment at which what is stored at `now` for `ttl` is gone.
pub(crate) fn after(now: i64, ttl: Duration) -> i64 {
    now.saturating_add(milliseconds(ttl))
}

/// How long it is from `now` to `moment`; nothing if that is past.
pub(crate) fn until(now: i64, moment: i64) -> Duration {
    Duration::from_millis(moment.saturating_sub(now).max(0).unsigned_abs())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
