//! Whom a binding leads to.

use backplane_descriptor::fixed::InterfaceTy;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(super) struct Target {
    pub(super) kind: Kind,
    /// The number and the name of who calls.
    pub(super) caller: (u16, Arc<str>),
}

pub(super) enum Kind {
    /// An interface of the module, by its number in the manifest.
    Method(u32, &'static InterfaceTy),
    /// A subscription of the module, by its number in the manifest.
    Event { subscription: u32, sent: AtomicU64 },
    /// A fake, by its number.
    Fake(usize, &'static InterfaceTy),
}

/// The deadline of an event's handler, in milliseconds.
const HANDLER_DEADLINE_MS: u32 = 30_000;

impl Target {
    /// How long a caller waits who says nothing, in milliseconds.
    pub(super) fn deadline_ms(&self, method: u32) -> u32 {
        match &self.kind {
            Kind::Method(_, interface) | Kind::Fake(_, interface) => interface
                .methods
                .get(method as usize)
                .map_or(HANDLER_DEADLINE_MS, |it| it.deadline_ms),
            Kind::Event { .. } => HANDLER_DEADLINE_MS,
        }
    }
}
