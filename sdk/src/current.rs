//! Which call the current thread works for.
//!
//! The shim sets it around every piece of a module's code, so that calls to other modules pass on deadline,
//! trace and chain without the author's help. A task that a module spawns by itself starts anew.

use backplane_plugin_api::CallContext;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

#[derive(Clone, Copy)]
struct Current {
    context: CallContext,
    /// Valid while the thread is inside of the [`enter`] that put it here.
    caller: Option<*const str>,
}

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current { context: CallContext::ROOT, caller: None }) };
    static CUT_OFF: Cell<bool> = const { Cell::new(false) };
}

/// The context of the call that this thread works for, or [`CallContext::ROOT`].
pub fn context() -> CallContext {
    CURRENT.get().context
}

/// Who made the call that this thread works for: a number that stays the same for a module or front end as
/// long as the host runs. `None` outside of calls.
pub fn caller() -> Option<u16> {
    context().chain().last().copied()
}

/// The name of the module or front end that made the call that this thread works for: what the bundle calls it, and
/// the same after a restart of the host. `None` outside of calls.
pub fn caller_name() -> Option<String> {
    with_caller_name(|name| name.map(str::to_owned))
}

/// The same, lent to `work` in place of a copy.
pub fn with_caller_name<T>(work: impl FnOnce(Option<&str>) -> T) -> T {
    // SAFETY: `enter` borrows the name for as long as it stands in `CURRENT`, and is not left within `work`.
    work(CURRENT.get().caller.map(|caller| unsafe { &*caller }))
}

/// Runs `work` for the call of `context`, which `caller` made.
pub(crate) fn enter<T>(context: CallContext, caller: Option<&str>, work: impl FnOnce() -> T) -> T {
    /// Also comes back when `work` panics.
    struct Restore(Current);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let current = Current {
        context,
        caller: caller.map(std::ptr::from_ref),
    };
    let _restore = Restore(CURRENT.replace(current));
    work()
}

/// A future that works for the call of `context`, which `caller` made, on whichever thread it is polled.
pub(crate) struct InContext<T: 'static> {
    pub(crate) context: CallContext,
    /// `None` for work that is no call's.
    pub(crate) caller: Option<Arc<str>>,
    pub(crate) future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T: 'static> Future for InContext<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let it = &mut *self;
        enter(it.context, it.caller.as_deref(), || it.future.as_mut().poll(cx))
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
