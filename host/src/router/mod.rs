//! The way of a call: caller → binding → slot → module, and back.
//!
//! A call that is answered at once costs the router nothing but counters: its bookkeeping lives on the stack
//! in a [`Pass`]. Only when the module defers the call, or the slot is paused, does it become a [`pending`]
//! call with a ticket.
//!
//! [`pending`]: pending::Calls

mod args;
mod caller;
mod control;
mod deadlines;
pub(crate) mod door;
mod losses;
mod own_thread;
mod pass;
pub(crate) mod pending;
mod queued;
mod served;
mod streams;
mod table;

pub(crate) use args::{args_bytes, copy_args};
pub(crate) use caller::{Asker, Caller, UnmappedLater};
pub(crate) use control::{Control, control_table};
pub(crate) use losses::Losses;
pub(crate) use pass::{defer, deliver, route};
pub(crate) use queued::{QueuedCall, run_queued};
pub(crate) use streams::streams;
pub(crate) use table::HOST_TABLE;
