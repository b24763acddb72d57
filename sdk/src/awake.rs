//! Threads that stay awake between things to do that follow closely on one another.
//!
//! A thread that sleeps is woken by the operating system, which takes tens of microseconds where its core sleeps too,
//! and a call that is answered by another thread waits for two of them. So a thread looks a moment for what comes next
//! before it sleeps, as long as that has lately been worth it: where it was not, it looks ever less often.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a thread looks. Longer than it takes to wake who makes what it looks for, or two that serve each other would
/// never find each other awake.
const LOOK: Duration = Duration::from_micros(60);
/// How many times, at most, a thread sleeps at once because looking was in vain. Looking takes less than a thousandth
/// of a core's time then, however often the thread is woken.
const SKIP_MAX: u32 = 1023;

/// How many threads look now.
static LOOKING: AtomicUsize = AtomicUsize::new(0);
/// How many may, so that there is a core left for who makes what they look for.
static LOOKING_MAX: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get) - 1);

/// What a thread knows of how worthwhile it is to look before it sleeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// How often it sleeps at once after it has looked in vain.
    skip: u32,
    /// How often still.
    left: u32,
}

/// Counts one that looks, until it is dropped.
struct Looking;

impl Looking {
    fn begin() -> Option<Self> {
        let room = LOOKING.fetch_add(1, Ordering::Relaxed) < *LOOKING_MAX;
        let looking = Self;
        room.then_some(looking)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        LOOKING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Look {
    /// Nothing is known yet.
    pub const fn new() -> Self {
        Self { skip: 0, left: 0 }
    }

    /// Looks until `ready`, for 60 µs at most, or not at all where that was lately in vain, or where as many threads look
    /// as there are cores but one. Whether it is ready; if not, the thread should sleep as if it had not looked.
    pub fn until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        let Some(_looking) = Looking::begin() else {
            return false;
        };
        let begun = Instant::now();
        while !ready() {
            if begun.elapsed() >= LOOK {
                self.skip = (self.skip * 2 + 1).min(SKIP_MAX);
                self.left = self.skip;
                return false;
            }
            std::hint::spin_loop();
        }
        self.skip = 0;
        true
    }
}

thread_local! {
    static OWN: Cell<Look> = const { Cell::new(Look::new()) };
}

/// [`Look::until`] of what the present thread knows.
pub fn look_until(ready: impl FnMut() -> bool) -> bool {
    // Kept apart meanwhile: `ready` may look, too.
    let mut look = OWN.get();
    let found = look.until(ready);
    OWN.set(look);
    found
}

/// A thread that is blocked until another has done something, from the making of this to its end.
///
/// Where more are blocked than there are cores for, those that look would keep from work who does it.
#[derive(Debug)]
pub struct Blocked(());

/// How many there are.
static BLOCKED: AtomicUsize = AtomicUsize::new(0);

impl Blocked {
    /// The present thread is blocked from now on.
    pub fn begin() -> Self {
        BLOCKED.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// As [`look_until`], unless too many are blocked.
    pub fn look_until(&self, ready: impl FnMut() -> bool) -> bool {
        BLOCKED.load(Ordering::Relaxed) <= *LOOKING_MAX && look_until(ready)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        BLOCKED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// For a worker of a runtime that has nothing to do: looks for a task that is given to the runtime from outside.
pub(crate) fn before_sleep() {
    if let Ok(runtime) = Handle::try_current() {
        let metrics = runtime.metrics();
        look_until(|| metrics.global_queue_depth() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_in_vain_is_tried_ever_less_often_and_success_makes_good_for_it() {
        // Other tests of this program may look meanwhile; so what counts is how often it has looked.
        let mut look = Look::new();
        let looked = |look: &mut Look| {
            let mut times = 0;
            look.until(|| {
                times += 1;
                false
            });
            times > 0
        };
        let tries = (0..4096).filter(|_| looked(&mut look)).count();
        assert!(tries <= 14, "{tries}");
        look.left = 0;
        while !look.until(|| true) {}
        assert_eq!((look.skip, look.left), (0, 0));
    }
}
