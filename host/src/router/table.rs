//! The functions that modules call the host with.
//!
//! Each finds its [`Caller`] behind the context pointer; so a module cannot be mistaken for another one. No
//! panic leaves: what the host does here is wrapped once, in [`guard`].

use super::control::CONTROL_TABLE;
use super::pending::Done;
use super::streams::STREAM_TABLE;
use super::{Caller, pass};
use crate::clock;
use backplane_plugin_api::{
    ABI_LEVEL, Args, CONTROL_SERVICE, CONTROL_VERSION, Call, CallContext, DoneFn, HostTable, LogRecord,
    Reply, STREAM_SERVICE, STREAM_VERSION, Slice, status,
};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What every module gets.
pub(crate) static HOST_TABLE: HostTable = HostTable {
    size: size_of::<HostTable>() as u32,
    abi: ABI_LEVEL,
    log: Some(log),
    log_level: Some(log_level),
    now: Some(now),
    resolve: Some(resolve),
    call: Some(call),
    when_done: Some(when_done),
    cancel: Some(cancel),
    defer: Some(defer),
    complete: Some(complete),
    emit: Some(emit),
    retain: Some(retain),
    release: Some(release),
    query_service: Some(query_service),
};

/// The caller behind the context pointer.
///
/// # Safety
/// `host` must be a context that [`Caller::host`] gave, of a caller that still lives.
unsafe fn caller<'a>(host: *const c_void) -> &'a Caller {
    // SAFETY: the caller of this function vouches for it.
    unsafe { &*host.cast::<Caller>() }
}

/// Runs `work` and writes its refusal, or a panic of the host, into `reply`.
fn guard(reply: &mut Reply, work: impl FnOnce(&mut Reply) -> Result<i32, Reply>) -> i32 {
    match catch_unwind(AssertUnwindSafe(|| work(reply))) {
        Ok(Ok(code)) => reply.status = code,
        Ok(Err(refusal)) => *reply = refusal,
        Err(_) => *reply = Reply::error(status::INTERNAL, "the host panicked"),
    }
    reply.status
}

unsafe extern "C" fn retain(host: *const c_void) {
    // SAFETY: the module passes its own context, which `Caller::host` took from an `Arc` that still lives.
    unsafe { Arc::increment_strong_count(host.cast::<Caller>()) }
}

unsafe extern "C" fn release(host: *const c_void) {
    // SAFETY: each release answers one `retain` of the same context.
    let caller = unsafe { Arc::from_raw(host.cast::<Caller>()) };
    drop(catch_unwind(AssertUnwindSafe(|| drop(caller))));
}

unsafe extern "C" fn log(host: *const c_void, record: *const LogRecord) {
    // SAFETY: the module passes its own context, and a record that is valid for the call.
    let (caller, record) = unsafe { (caller(host), &*record) };
    // A panic while logging has nowhere to go.
    drop(catch_unwind(AssertUnwindSafe(|| {
        caller.core.log.take(&caller.slot.name, &caller.meter, record)
    })));
}

unsafe extern "C" fn log_level(host: *const c_void) -> u32 {
    // SAFETY: the module passes its own context.
    unsafe { caller(host) }.core.log.level()
}

unsafe extern "C" fn now(_: *const c_void) -> u64 {
    clock::now_ns()
}

unsafe extern "C" fn resolve(
    host: *const c_void,
    interface: Slice,
    requirement: Slice,
    binding: *mut u64,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its own context and a reply that is valid for writing.
    let (caller, reply) = unsafe { (caller(host), &mut *reply) };
    guard(reply, |_| {
        // SAFETY: the module passes slices that are valid for the call.
        let (interface, requirement) = unsafe { (interface.as_bytes(), requirement.as_bytes()) };
        let number = caller.resolve(interface, requirement)?;
        // SAFETY: `binding` is valid for writing.
        unsafe { binding.write(number) };
        Ok(status::OK)
    })
}

unsafe extern "C" fn call(
    host: *const c_void,
    binding: u64,
    method: u32,
    context: *const CallContext,
    args: *const Args,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its own context, and pointers that are valid for the call.
    let (caller, context, args, reply) = unsafe { (caller(host), context.as_ref(), &*args, &mut *reply) };
    guard(reply, |reply| caller.call(binding, method, context, args, reply))
}

unsafe extern "C" fn when_done(host: *const c_void, ticket: u64, user: *mut c_void, done: DoneFn) {
    // SAFETY: the module passes its own context.
    let caller = unsafe { caller(host) };
    let place = caller.unmapped_later.as_ref();
    let place = place.and_then(|it| Some((it.plugin.upgrade()?, it.told_on.clone())));
    let done = Done::Foreign(user, done, place);
    drop(catch_unwind(AssertUnwindSafe(|| {
        caller.core.calls.when_done(caller.asker, ticket, done)
    })));
}

unsafe extern "C" fn cancel(host: *const c_void, ticket: u64) {
    // SAFETY: the module passes its own context.
    let caller = unsafe { caller(host) };
    drop(catch_unwind(AssertUnwindSafe(|| {
        caller.core.calls.cancel(caller.asker, ticket)
    })));
}

unsafe extern "C" fn defer(_: *const c_void, call: *const Call) -> u64 {
    // SAFETY: the module passes the call that it is in.
    let defer = || unsafe { pass::defer(&*call) };
    catch_unwind(AssertUnwindSafe(defer)).unwrap_or(0)
}

unsafe extern "C" fn complete(host: *const c_void, ticket: u64, reply: *mut Reply) {
    // SAFETY: the module passes its own context, and a reply whose contents are ours to take.
    let (caller, reply) = unsafe { (caller(host), std::mem::replace(&mut *reply, Reply::EMPTY)) };
    drop(catch_unwind(AssertUnwindSafe(|| caller.complete(ticket, reply))));
}

unsafe extern "C" fn emit(
    host: *const c_void,
    interface: u32,
    event: u32,
    context: *const CallContext,
    args: *const Args,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its own context, and pointers that are valid for the call.
    let (caller, context, args, reply) = unsafe { (caller(host), context.as_ref(), &*args, &mut *reply) };
    guard(reply, |reply| {
        caller.publish(interface, event, context, args, reply)
    })
}

unsafe extern "C" fn query_service(_: *const c_void, name: Slice, version: u32) -> *const c_void {
    // SAFETY: the module passes a slice that is valid for the call.
    match (unsafe { name.as_bytes() }, version) {
        (name, STREAM_VERSION) if name == STREAM_SERVICE.as_bytes() => (&raw const STREAM_TABLE).cast(),
        (name, CONTROL_VERSION) if name == CONTROL_SERVICE.as_bytes() => (&raw const CONTROL_TABLE).cast(),
        _ => std::ptr::null(),
    }
}
