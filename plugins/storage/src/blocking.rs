//! Waiting on the calling thread for a future, with a deadline.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use backplane_sdk::awake::Blocked;
use tokio::task::unconstrained;

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Release);
        self.thread.unpark();
    }
}

/// Runs `future` on this thread until it is ready or `deadline` has passed.
pub(crate) fn block_until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    let blocked = Blocked::begin();
    let mut context = Context::from_waker(&waker);
    // On a thread of a runtime, the budget of a task might be used up: then tokio's futures would never be ready here.
    let mut future = pin!(unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = deadline
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())?;
        if !blocked.look_until(|| unpark.woken.swap(false, Acquire)) {
            thread::park_timeout(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::task::consume_budget;

    use super::*;

    #[tokio::test]
    async fn a_task_without_budget_still_gets_what_is_there() {
        poll_fn(|context| {
            while pin!(consume_budget()).poll(context).is_ready() {}
            let (sender, receiver) = oneshot::channel();
            sender.send(7).unwrap();
            let deadline = Instant::now() + Duration::from_secs(5);
            assert_eq!(block_until(deadline, receiver), Some(Ok(7)));
            Poll::Ready(())
        })
        .await;
    }
}
