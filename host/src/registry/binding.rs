//! What a caller has resolved: an interface in a slot, once, and across the generations of the slot.

use crate::registry::{Generation, Slot};
use semver::VersionReq;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An interface that a caller has bound.
pub(crate) struct Binding {
    pub(crate) slot: Arc<Slot>,
    pub(crate) interface: String,
    pub(crate) version: VersionReq,
    /// The generation that was asked last, and the number of the interface in it.
    cached: AtomicU64,
}

impl Binding {
    pub(crate) fn new(slot: Arc<Slot>, interface: String, version: VersionReq) -> Self {
        Self {
            slot,
            interface,
            version,
            cached: AtomicU64::new(0),
        }
    }

    /// The number of the interface in `generation`, if it still has a version that fits.
    pub(crate) fn interface_in(&self, generation: &Generation) -> Option<u32> {
        let cached = self.cached.load(Ordering::Relaxed);
        if (cached >> 32) as u32 == generation.number {
            return Some(cached as u32);
        }
        let index = generation.interface(&self.interface, &self.version)?;
        self.cached.store(
            u64::from(generation.number) << 32 | u64::from(index),
            Ordering::Relaxed,
        );
        Some(index)
    }
}
