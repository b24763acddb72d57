//! Workers that stay awake between calls that follow closely on one another.
//!
//! A thread that sleeps is woken by the operating system, which takes tens of microseconds where its core sleeps too,
//! and a call that is answered by another thread waits for two of them. So a worker looks a moment for its next
//! task before it sleeps, as long as that has lately been worth it: where it was not, it looks ever less often.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a worker looks. Longer than it takes to wake who makes the task, or two that call each other would never
/// find each other awake.
const LOOK: Duration = Duration::from_micros(60);
/// How many times, at most, a worker sleeps at once because looking was in vain. Looking takes less than a thousandth
/// of a core's time then, however often the worker is woken.
const SKIP_MAX: u32 = 1023;

thread_local! {
    /// How often this worker sleeps at once after it has looked in vain, and how often still.
    static SKIP: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// With one core, who looks keeps from work who makes the task.
static SEVERAL_CORES: LazyLock<bool> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get) > 1);

/// To be called by a worker of a runtime when it has nothing to do. Comes back when a task was given to the runtime
/// from outside, or when it is time to sleep.
pub(crate) fn before_sleep() {
    let (skip, left) = SKIP.get();
    if left > 0 || !*SEVERAL_CORES {
        return SKIP.set((skip, left.saturating_sub(1)));
    }
    let skip = if look() { 0 } else { (skip * 2 + 1).min(SKIP_MAX) };
    SKIP.set((skip, skip));
}

/// Whether there was a task in time.
fn look() -> bool {
    let Ok(runtime) = Handle::try_current() else {
        return false;
    };
    let metrics = runtime.metrics();
    let begun = Instant::now();
    while metrics.global_queue_depth() == 0 {
        if begun.elapsed() >= LOOK {
            return false;
        }
        std::hint::spin_loop();
    }
    true
}
