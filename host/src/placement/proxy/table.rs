//! The functions that the host calls a module at the other end of a wire with.

use super::Proxy;
use crate::limits;
use backplane_plugin_api::{ABI_LEVEL, Call, ModuleHandle, ModuleTable, Reply, Slice, status};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

static TABLE: ModuleTable = ModuleTable {
    size: size_of::<ModuleTable>() as u32,
    abi: ABI_LEVEL,
    start: Some(start),
    call: Some(call),
    cancel: Some(cancel),
    export_state: Some(export_state),
    import_state: Some(import_state),
    stop: Some(stop),
    destroy: Some(destroy),
    query_interface: None,
};

/// The proxy as an instance, which owns it until `destroy`.
pub(super) fn handle(proxy: Arc<Proxy>) -> ModuleHandle {
    ModuleHandle {
        ctx: Arc::into_raw(proxy).cast_mut().cast(),
        table: &raw const TABLE,
    }
}

/// Runs `work` with the proxy and writes its answer, or that it panicked, into `reply`.
///
/// # Safety
/// `module` must come from [`handle`] and not be destroyed, `reply` be an initialised reply.
unsafe fn answer(module: *mut c_void, reply: *mut Reply, work: impl FnOnce(&Arc<Proxy>) -> Reply) -> i32 {
    // SAFETY: the caller vouches for it; the count that the instance owns is left to it.
    let proxy = unsafe {
        Arc::increment_strong_count(module.cast::<Proxy>());
        Arc::from_raw(module.cast::<Proxy>())
    };
    let answer = catch_unwind(AssertUnwindSafe(|| work(&proxy)))
        .unwrap_or_else(|_| Reply::error(status::INTERNAL, "the host panicked"));
    let code = answer.status;
    // SAFETY: the caller vouches for it.
    unsafe { *reply = answer };
    code
}

unsafe extern "C" fn start(module: *mut c_void, reply: *mut Reply) -> i32 {
    // SAFETY: the host passes the instance and a reply that it initialised.
    unsafe { answer(module, reply, |proxy| proxy.start_module()) }
}

unsafe extern "C" fn call(module: *mut c_void, call: *const Call, reply: *mut Reply) -> i32 {
    // SAFETY: as in `start`; the call is valid until this returns, and is handed over on this thread.
    unsafe { answer(module, reply, |proxy| proxy.enter(&*call)) }
}

unsafe extern "C" fn cancel(module: *mut c_void, ticket: u64) {
    let mut reply = Reply::EMPTY;
    // SAFETY: as in `start`.
    unsafe {
        answer(module, &raw mut reply, |proxy| {
            proxy.cancel(ticket);
            Reply::EMPTY
        });
    }
}

unsafe extern "C" fn export_state(module: *mut c_void, reply: *mut Reply) -> i32 {
    // SAFETY: as in `start`.
    unsafe { answer(module, reply, |proxy| proxy.export_state()) }
}

unsafe extern "C" fn import_state(module: *mut c_void, schema: u32, state: Slice, reply: *mut Reply) -> i32 {
    // SAFETY: as in `start`; the state is valid for the call.
    unsafe {
        answer(module, reply, |proxy| {
            proxy.import_state(schema, state.as_bytes())
        })
    }
}

unsafe extern "C" fn stop(module: *mut c_void, deadline_ms: u32, reply: *mut Reply) -> i32 {
    // SAFETY: as in `start`.
    unsafe { answer(module, reply, |proxy| proxy.stop(deadline_ms)) }
}

unsafe extern "C" fn destroy(module: *mut c_void) {
    // SAFETY: the host calls this once, last; so the count that the instance owns is taken back.
    let proxy = unsafe { Arc::from_raw(module.cast::<Proxy>()) };
    let leave = || proxy.leave(limits::PROCESS_END);
    drop(catch_unwind(AssertUnwindSafe(leave)));
}
