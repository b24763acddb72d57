//! Where a module runs that is not in the host's process.
//!
//! To the host such a module is a table of functions like any other ([`proxy`]); to the module the host is ([`guest`]).
//! Between them is a [`wire`], which carries calls, events, and [`streams`]. [`process`] starts what is at its other
//! end.

mod deadline;
mod end;
mod greeting;
mod guest;
pub(crate) mod process;
mod proxy;
mod sandbox;
mod streams;
#[doc(hidden)]
pub mod wire;

pub use guest::guest_main;

use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};

/// Where what wires wait for runs; made when the first module needs it.
#[derive(Default)]
pub(crate) struct Wires(Mutex<Option<Runtime>>);

impl Wires {
    pub(crate) fn handle(&self) -> std::io::Result<Handle> {
        let mut runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if runtime.is_none() {
            let mut builder = Builder::new_multi_thread();
            let made = builder.worker_threads(1).thread_name("wires").enable_time();
            *runtime = Some(made.build()?);
        }
        let handle = runtime.as_ref().map(|it| it.handle().clone());
        handle.ok_or_else(|| std::io::Error::other("there is no runtime"))
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        let runtime = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Whoever drops a host may be async code, which must not wait.
        if let Some(runtime) = runtime.take() {
            runtime.shutdown_background();
        }
    }
}
