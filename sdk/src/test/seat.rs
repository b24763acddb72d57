//! The module's C table, from the first call to the last.

use super::lock;
use backplane_plugin_api::{ModuleHandle, ModuleTable};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
pub(super) struct Seat {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    handle: Option<ModuleHandle>,
    /// How many threads are within the module.
    inside: usize,
}

impl Seat {
    pub(super) fn fill(&self, handle: ModuleHandle) {
        lock(&self.state).handle = Some(handle);
    }

    /// Runs `work`, which calls into the module. `None` once the module has been taken away.
    pub(super) fn with<T>(&self, work: impl FnOnce(ModuleHandle, &ModuleTable) -> T) -> Option<T> {
        let handle = {
            let mut state = lock(&self.state);
            let handle = state.handle?;
            state.inside += 1;
            handle
        };
        let _leave = Leave(self);
        // SAFETY: the table is valid until `destroy`, which waits until nobody is inside.
        Some(work(handle, unsafe { &*handle.table }))
    }

    /// Whether there is a module.
    pub(super) fn filled(&self) -> bool {
        lock(&self.state).handle.is_some()
    }

    /// Leaves the module behind: it does not return, so that its memory stays in use.
    pub(super) fn abandon(&self) {
        lock(&self.state).handle = None;
    }

    /// Takes the module away and destroys it once nobody is inside. `false` when somebody still is after
    /// `patience`: then it is left behind, as its memory is in use.
    pub(super) fn clear(&self, patience: Duration) -> bool {
        let mut state = lock(&self.state);
        let Some(handle) = state.handle.take() else {
            return true;
        };
        state = self
            .left
            .wait_timeout_while(state, patience, |state| state.inside > 0)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        let free = state.inside == 0;
        drop(state);
        // SAFETY: as in `with`.
        if free && let Some(destroy) = unsafe { (*handle.table).destroy } {
            // SAFETY: the handle was taken out, so this is the only call, and nobody is inside.
            unsafe { destroy(handle.ctx) };
        }
        free
    }
}

struct Leave<'a>(&'a Seat);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).inside -= 1;
        self.0.left.notify_all();
    }
}
