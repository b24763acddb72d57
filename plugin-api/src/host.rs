//! What the host offers to a module.

use crate::{Args, Call, CallContext, Reply, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The levels of a [`LogRecord`].
pub mod level {
    /// Something failed.
    pub const ERROR: u32 = 1;
    /// Something is suspicious.
    pub const WARN: u32 = 2;
    /// Something happened that an operator wants to know.
    pub const INFO: u32 = 3;
    /// For developers.
    pub const DEBUG: u32 = 4;
    /// For developers, very much of it.
    pub const TRACE: u32 = 5;
}

/// One line for the host's log.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct LogRecord {
    /// One of [`level`].
    pub level: u32,
    /// Where it comes from, for example a module path, in UTF-8.
    pub target: Slice,
    /// What happened, in UTF-8.
    pub message: Slice,
    /// Further fields as one JSON object, or empty.
    pub fields: Slice,
    /// Which call it belongs to.
    pub context: CallContext,
}

/// Called once when a pending call has its answer. `reply` is the receiver's to take: it moves the contents
/// out or frees them. Any thread; may run before [`HostTable::when_done`] returns; must not block.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct DoneFn(pub unsafe extern "C" fn(user: *mut c_void, reply: *mut Reply));

/// The host as one module instance sees it.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct Host {
    /// The functions.
    pub table: *const HostTable,
    /// The first argument of each of them. It carries the identity of the module: never lend it.
    pub ctx: *const c_void,
}

// SAFETY: table and context may be used from any thread (rule of the ABI).
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// The functions of the host. The table is valid as long as the host; the context until
/// [`ModuleTable::destroy`](crate::ModuleTable::destroy) returns, and longer where it was retained.
///
/// All of them may be called from any thread at any time between `create` and the return of `stop`; calls
/// to other modules are allowed from `start` on. Afterwards they refuse with `STOPPING`.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct HostTable {
    /// The size of this table in bytes as the host knows it; later levels append.
    pub size: u32,
    /// The ABI level of the host.
    pub abi: u32,
    /// Takes a line for the log. Never blocks; lines beyond the rate limit are counted and dropped.
    pub log: Option<unsafe extern "C" fn(host: *const c_void, record: *const LogRecord)>,
    /// The most verbose level that anybody reads now.
    pub log_level: Option<unsafe extern "C" fn(host: *const c_void) -> u32>,
    /// Nanoseconds on the host's monotonic clock.
    pub now: Option<unsafe extern "C" fn(host: *const c_void) -> u64>,
    /// Binds an interface that the manifest requires. On `OK` `binding` is valid for the life of the module,
    /// across swaps of the provider. Errors: `DENIED`, `NOT_FOUND`, `VERSION`, with a message.
    pub resolve: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            interface: Slice,
            requirement: Slice,
            binding: *mut u64,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Calls a method of a bound interface. Answers at once or with `PENDING` and a ticket, which the caller
    /// must hand to `when_done` or `cancel`. `context` is that of the call being served, or null.
    pub call: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            binding: u64,
            method: u32,
            context: *const CallContext,
            args: *const Args,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Asks to be told when the pending call `ticket` has its answer. Once for each ticket.
    pub when_done:
        Option<unsafe extern "C" fn(host: *const c_void, ticket: u64, user: *mut c_void, done: DoneFn)>,
    /// Gives up waiting for `ticket`. If `when_done` was called, `done` still comes, at once, with
    /// `CANCELLED`; else the ticket is gone.
    pub cancel: Option<unsafe extern "C" fn(host: *const c_void, ticket: u64)>,
    /// Announces, from within [`ModuleTable::call`](crate::ModuleTable::call), that `call` will be answered
    /// later. The function then returns `PENDING`. The ticket may be completed before it has returned.
    pub defer: Option<unsafe extern "C" fn(host: *const c_void, call: *const Call) -> u64>,
    /// Answers a deferred call; takes what is in `reply`. A second answer, or one for a call that is over, is
    /// freed and counted.
    pub complete: Option<unsafe extern "C" fn(host: *const c_void, ticket: u64, reply: *mut Reply)>,
    /// Publishes an event: `interface` counts the manifest's `provides`, `event` the interface's events.
    /// `PENDING` means that a subscriber whose policy is `block` has no room: wait for the ticket.
    pub emit: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            interface: u32,
            event: u32,
            context: *const CallContext,
            args: *const Args,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Keeps the context valid after `destroy`, until as many calls of `release`: for a thread that may outlive
    /// the instance. All that it then gets are refusals.
    pub retain: Option<unsafe extern "C" fn(host: *const c_void)>,
    /// Ends one `retain`.
    pub release: Option<unsafe extern "C" fn(host: *const c_void)>,
    /// A further table of the host by name and version, or null.
    pub query_service:
        Option<unsafe extern "C" fn(host: *const c_void, name: Slice, version: u32) -> *const c_void>,
}
