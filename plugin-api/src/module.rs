//! What a module answers to.

use crate::{Call, Reply, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The functions of a module instance. Filled by the plugin; valid until [`ModuleTable::destroy`] returns.
///
/// The lifecycle functions `start`, `export_state`, `import_state` and `stop` run on one thread that the host
/// keeps for the module, one at a time, and may block up to the deadline that the host sets; they never
/// answer [`PENDING`](crate::status::PENDING). Events of one subscription arrive one at a time, the next after the last is
/// answered. Calls arrive on any thread, at the same time.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct ModuleTable {
    /// The size of this table in bytes as the plugin knows it; later levels append.
    pub size: u32,
    /// The ABI level that the plugin was built for.
    pub abi: u32,
    /// Makes the module ready to answer. May call other modules. Answers `OK` or an error message.
    pub start: Option<unsafe extern "C" fn(module: *mut c_void, reply: *mut Reply) -> i32>,
    /// Answers a method call or takes an event, at once or after [`HostTable::defer`](crate::HostTable::defer).
    /// What it does at once must not wait: it runs on the caller's thread.
    pub call: Option<unsafe extern "C" fn(module: *mut c_void, call: *const Call, reply: *mut Reply) -> i32>,
    /// Nobody waits for the deferred call `ticket` any more. A request, not a command: the call is still
    /// completed, with `CANCELLED` or with whatever came of it. May be null.
    pub cancel: Option<unsafe extern "C" fn(module: *mut c_void, ticket: u64)>,
    /// Writes the state for a successor into the reply's payload. No call or event is under way. May be null.
    pub export_state: Option<unsafe extern "C" fn(module: *mut c_void, reply: *mut Reply) -> i32>,
    /// Takes over the state of a predecessor, whose schema version is `schema`. Runs after `start` and before
    /// the first call or event. May be null.
    pub import_state: Option<
        unsafe extern "C" fn(module: *mut c_void, schema: u32, state: Slice, reply: *mut Reply) -> i32,
    >,
    /// Ends all work within `deadline_ms` milliseconds. After it returned, the module calls the host no more.
    pub stop: Option<unsafe extern "C" fn(module: *mut c_void, deadline_ms: u32, reply: *mut Reply) -> i32>,
    /// Frees the instance. Called once, last, never while another function runs.
    pub destroy: Option<unsafe extern "C" fn(module: *mut c_void)>,
    /// A further table of this module by interface id and descriptor hash (32 bytes), or null. May be null.
    pub query_interface:
        Option<unsafe extern "C" fn(module: *mut c_void, interface: Slice, hash: *const u8) -> *const c_void>,
}
