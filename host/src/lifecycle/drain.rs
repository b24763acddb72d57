//! Getting everybody out of a slot.

use crate::host::Core;
use crate::limits;
use crate::registry::{Generation, Phase, Slot};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What draining came to.
pub(crate) struct Drained {
    /// The calls that were cancelled and did not end even then.
    pub(crate) abandoned: usize,
}

/// Pauses the slot and waits until no call is under way in `generation`: first for as long as `patience`,
/// then the calls are cancelled, then they are given up. Afterwards the slot is closed.
///
/// # Errors
/// A thread is still inside the module: then nothing can be exchanged. The slot is left draining.
pub(crate) fn drain(
    core: &Core,
    slot: &Slot,
    generation: &Arc<Generation>,
    patience: Duration,
) -> Result<Drained, String> {
    slot.pause(Phase::Draining);
    let quiet = || slot.is_quiet() && generation.deferred.load(Ordering::Acquire) == 0;
    let mut abandoned = 0;
    if !slot.close_when(Instant::now() + patience, quiet) {
        core.calls.cancel_all(
            generation,
            &format!("{} is being exchanged, and the call took too long", slot.name),
        );
        if !slot.close_when(Instant::now() + limits::CANCEL_GRACE, quiet) {
            abandoned = core.calls.abandon(generation);
            if !slot.close_when(Instant::now() + limits::CANCEL_GRACE, quiet) {
                return Err(format!("a call into {} has not returned", slot.name));
            }
        }
    }
    Ok(Drained { abandoned })
}
