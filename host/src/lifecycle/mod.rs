//! From a plugin to a module that answers, and back: start, stop, restart and swap.

mod dependents;
mod drain;
mod instance;
mod module;
mod state;
mod supervise;
mod swap;
mod worker;

pub(crate) use instance::{Instance, Order};
pub(crate) use module::{Module, Running};
pub(crate) use state::{History, Transition};
pub use state::{ModuleState, StateChange};
pub(crate) use supervise::{Failure, Supervisor};
pub use swap::SwapReport;
