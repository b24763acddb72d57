//! Which call the current thread works for.
//!
//! The shim sets it around every piece of a module's code, so that calls to other modules pass on deadline,
//! trace and chain without the author's help. A task that a module spawns by itself starts anew.

use backplane_plugin_api::CallContext;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    static CURRENT: Cell<CallContext> = const { Cell::new(CallContext::ROOT) };
}

/// The context of the call that this thread works for, or [`CallContext::ROOT`].
pub fn context() -> CallContext {
    CURRENT.get()
}

/// Who made the call that this thread works for: a number that stays the same for a module or front end as
/// long as the host runs. `None` outside of calls.
pub fn caller() -> Option<u16> {
    CURRENT.get().chain().last().copied()
}

/// Runs `work` for the call of `context`.
pub(crate) fn enter<T>(context: CallContext, work: impl FnOnce() -> T) -> T {
    /// Also comes back when `work` panics.
    struct Restore(CallContext);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(context));
    work()
}

/// A future that works for the call of `context`, on whichever thread it is polled.
pub(crate) struct InContext<T> {
    pub(crate) context: CallContext,
    pub(crate) future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Future for InContext<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        enter(self.context, || self.future.as_mut().poll(cx))
    }
}
