//! Who is there: slots, the generations in them, and what callers have bound.

mod binding;
mod generation;
mod slot;
mod waiting;

pub(crate) use binding::{Binding, Place};
pub(crate) use generation::{Generation, Job};
pub(crate) use slot::{Decision, Entry, Inside, Slot};
pub(crate) use waiting::Phase;
