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
    static CUT_OFF: Cell<bool> = const { Cell::new(false) };
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
pub(crate) struct InContext<T: 'static> {
    pub(crate) context: CallContext,
    pub(crate) future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T: 'static> Future for InContext<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        enter(self.context, || self.future.as_mut().poll(cx))
    }
}

/// Whether this thread drops a future that did not come to its end: what it would have done is not done.
pub(crate) fn cut_off() -> bool {
    CUT_OFF.get()
}

impl<T: 'static> Drop for InContext<T> {
    fn drop(&mut self) {
        /// Also comes back when dropping panics.
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                CUT_OFF.set(self.0);
            }
        }
        let _restore = Restore(CUT_OFF.replace(true));
        // One that has ended holds nothing any more.
        self.future = Box::pin(std::future::pending());
    }
}
