//! What a module asks of the host as a whole, wherever it runs.

use super::Caller;
use crate::limits;
use crate::permissions::AuditKind;
use backplane_plugin_api::{CONTROL_VERSION, ControlTable, Reply, Slice, status};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the audit log calls it when a module wants the host to stop.
const STOP: &str = "stop the host";

/// What a context pointer of a host table points to.
pub(crate) trait Control {
    /// The module wants the host to stop.
    fn request_stop(&self, code: i32, reason: &str) -> Result<Reply, Reply>;

    /// The next module that served this one and is gone for good.
    fn dependency_lost(&self) -> Result<Reply, Reply>;
}

/// The table for modules whose context pointer points to a `C`.
pub(crate) const fn control_table<C: Control>() -> ControlTable {
    ControlTable {
        size: size_of::<ControlTable>() as u32,
        version: CONTROL_VERSION,
        request_stop: Some(request_stop::<C>),
        dependency_lost: Some(dependency_lost::<C>),
    }
}

/// What modules call.
pub(super) static CONTROL_TABLE: ControlTable = control_table::<Caller>();

impl Control for Caller {
    fn request_stop(&self, code: i32, reason: &str) -> Result<Reply, Reply> {
        self.check_running()?;
        let (core, name) = (&self.core, &*self.slot.name);
        if !core.module(name).is_some_and(|module| module.may_stop_host) {
            let rule = "the bundle does not allow it";
            core.audit.note(AuditKind::Refusal, name, STOP, rule);
            let message =
                format!("{name} may not {STOP}: {rule}; [modules.{name}] needs may-stop-host = true");
            return Err(Reply::error(status::DENIED, message));
        }
        core.audit.note(AuditKind::Use, name, STOP, "");
        let reason: String = reason.chars().take(limits::STOP_REASON).collect();
        core.request_stop(format!("{name} asks for it: {reason}"), code);
        Ok(Reply::EMPTY)
    }

    fn dependency_lost(&self) -> Result<Reply, Reply> {
        self.check_running()?;
        Ok(self.losses.next(&self.core.calls, self.asker))
    }
}

/// Runs `work` and writes its answer, its refusal, or that it panicked, into `reply`.
///
/// # Safety
/// `host` must point to a `C` that lives, `reply` to an initialised reply.
unsafe fn answer<C: Control>(
    host: *const c_void,
    reply: *mut Reply,
    work: impl FnOnce(&C) -> Result<Reply, Reply>,
) -> i32 {
    // SAFETY: the caller vouches for it.
    let owner = unsafe { &*host.cast::<C>() };
    let answer = catch_unwind(AssertUnwindSafe(|| work(owner)))
        .unwrap_or_else(|_| Err(Reply::error(status::INTERNAL, "the host panicked")))
        .unwrap_or_else(|refusal| refusal);
    let code = answer.status;
    // SAFETY: the caller vouches for it.
    unsafe { *reply = answer };
    code
}

unsafe extern "C" fn request_stop<C: Control>(
    host: *const c_void,
    code: i32,
    reason: Slice,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes a slice that is valid for the call.
    let reason = String::from_utf8_lossy(unsafe { reason.as_bytes() });
    // SAFETY: the module passes its own context, and a reply that it initialised.
    unsafe { answer::<C>(host, reply, |owner| owner.request_stop(code, &reason)) }
}

unsafe extern "C" fn dependency_lost<C: Control>(host: *const c_void, reply: *mut Reply) -> i32 {
    // SAFETY: as in `request_stop`.
    unsafe { answer::<C>(host, reply, C::dependency_lost) }
}
