//! Deadlines across a wire: what travels is the time that is left, because the two sides have clocks of their own.

use crate::clock;
use backplane_plugin_api::CallContext;

/// The context as it travels.
pub(super) fn to_wire(context: CallContext) -> CallContext {
    let deadline_ns = match context.deadline_ns {
        0 => 0,
        at => at.saturating_sub(clock::now_ns()).max(1),
    };
    CallContext {
        deadline_ns,
        ..context
    }
}

/// The context on the clock of this side.
pub(super) fn from_wire(context: CallContext) -> CallContext {
    let deadline_ns = match context.deadline_ns {
        0 => 0,
        left => clock::now_ns().saturating_add(left),
    };
    CallContext {
        deadline_ns,
        ..context
    }
}
