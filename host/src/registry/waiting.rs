//! Calls that wait at a closed gate, and those that do not even wait.

use super::Slot;
use crate::limits;
use crate::router::QueuedCall;
use backplane_plugin_api::status;
use std::collections::VecDeque;

/// What callers meet at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody is there: calls fail at once.
    Empty,
    /// Calls go in.
    Open,
    /// Calls wait; those on behalf of a call that is inside still go in, or it could never end.
    Draining,
    /// Calls wait.
    Closed,
}

/// The calls that wait for a slot.
pub(super) struct Waiting {
    pub(super) phase: Phase,
    pub(super) calls: VecDeque<QueuedCall>,
    /// Of all their arguments.
    pub(super) bytes: usize,
    /// Why nobody is there.
    pub(super) reason: String,
}

impl Waiting {
    pub(super) const fn new(reason: String) -> Self {
        Self {
            phase: Phase::Empty,
            calls: VecDeque::new(),
            bytes: 0,
            reason,
        }
    }

    /// Whether one more call may wait, whose arguments have `bytes`.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.calls.len() < limits::QUEUED_CALLS && bytes <= limits::QUEUED_BYTES.saturating_sub(self.bytes)
    }
}

/// Why a call does not even wait.
pub(crate) enum Refusal {
    /// Nobody is there, and why.
    Gone(String),
    /// The queue is full.
    Full,
    /// The call waits for the module, and the module for the call.
    Cycle,
}

impl Refusal {
    /// The status and the message that the caller gets.
    pub(crate) fn explain(self, slot: &Slot, chain: &str) -> (i32, String) {
        let name = &slot.name;
        match self {
            Self::Gone(reason) => (status::UNAVAILABLE, format!("{name} is not running: {reason}")),
            Self::Full => {
                let (calls, bytes) = (limits::QUEUED_CALLS, limits::QUEUED_BYTES);
                let most = format!("at most {calls} calls of {bytes} bytes together");
                (
                    status::BUSY,
                    format!("{name} is being exchanged, and too much waits for it already: {most}"),
                )
            }
            Self::Cycle => (
                status::DEADLOCK,
                format!("{name} waits for a call that would wait for it: {chain}"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_the_largest_calls_wait_and_not_a_byte_more() {
        let mut waiting = Waiting::new(String::new());
        for _ in 0..2 {
            assert!(waiting.has_room(limits::PAYLOAD));
            waiting.bytes += limits::PAYLOAD;
        }
        assert!(waiting.has_room(0));
        assert!(!waiting.has_room(1));
    }
}
