//! The bench as the module sees it: a table of C functions.

use super::board::Board;
use super::tickets::Done;
use crate::attachment::Attachment;
use crate::pipe;
use backplane_plugin_api::{
    ABI_LEVEL, Args, Call, CallContext, DoneFn, HostTable, LogRecord, Reply, STREAM_SERVICE, STREAM_VERSION,
    Slice, StreamTable, level,
};
use std::ffi::c_void;

pub(super) static TABLE: HostTable = HostTable {
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
    // Boards live for ever.
    retain: None,
    release: None,
    query_service: Some(query_service),
};

static STREAMS: StreamTable = pipe::table::<Board>();

/// # Safety
/// `host` must be the context of a board.
unsafe fn board(host: *const c_void) -> &'static Board {
    // SAFETY: boards live for ever.
    unsafe { &*host.cast::<Board>() }
}

/// Puts `answer` into `reply` and gives its status.
///
/// # Safety
/// `reply` must be valid for writing and initialised.
unsafe fn give(reply: *mut Reply, answer: Reply) -> i32 {
    let status = answer.status;
    // SAFETY: the caller vouches for it.
    unsafe { *reply = answer };
    status
}

unsafe extern "C" fn log(host: *const c_void, record: *const LogRecord) {
    // SAFETY: the module passes its host and a record that is valid for the call.
    unsafe { board(host).logs.add(&*record) }
}

unsafe extern "C" fn log_level(_: *const c_void) -> u32 {
    level::DEBUG
}

unsafe extern "C" fn now(host: *const c_void) -> u64 {
    // SAFETY: the module passes its host.
    unsafe { board(host) }.now_ns()
}

unsafe extern "C" fn resolve(
    host: *const c_void,
    interface: Slice,
    requirement: Slice,
    binding: *mut u64,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its host, and slices that are valid for the call.
    let (board, interface, requirement) =
        unsafe { (board(host), interface.as_bytes(), requirement.as_bytes()) };
    let (interface, requirement) = (
        String::from_utf8_lossy(interface),
        String::from_utf8_lossy(requirement),
    );
    let answer = match board.resolve(&interface, &requirement) {
        Ok(number) => {
            // SAFETY: the module passes a binding that is valid for writing.
            unsafe { *binding = number };
            Reply::EMPTY
        }
        Err(refusal) => refusal,
    };
    // SAFETY: the module passes a reply that it initialised.
    unsafe { give(reply, answer) }
}

unsafe extern "C" fn call(
    host: *const c_void,
    binding: u64,
    method: u32,
    context: *const CallContext,
    args: *const Args,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its host, arguments that are valid for the call, and a context or null.
    let (board, context, args) = unsafe { (board(host), context.as_ref(), &*args) };
    let answer = board.call(
        binding,
        method,
        context.copied().unwrap_or(CallContext::ROOT),
        args,
    );
    // SAFETY: the module passes a reply that it initialised.
    unsafe { give(reply, answer) }
}

unsafe extern "C" fn when_done(host: *const c_void, ticket: u64, user: *mut c_void, done: DoneFn) {
    // SAFETY: the module passes its host, and a function that may be called once with `user`.
    let (board, done) = unsafe { (board(host), Done::new(user, done)) };
    board.tickets.when_done(ticket, done);
}

unsafe extern "C" fn cancel(host: *const c_void, ticket: u64) {
    // SAFETY: the module passes its host.
    unsafe { board(host) }.cancel(ticket);
}

unsafe extern "C" fn defer(host: *const c_void, call: *const Call) -> u64 {
    // SAFETY: the module passes its host and the call that it is serving.
    unsafe { board(host).defer(&*call) }
}

unsafe extern "C" fn complete(host: *const c_void, ticket: u64, reply: *mut Reply) {
    // SAFETY: the module passes its host, and a reply that is ours to take; an empty one is left in its place.
    let (board, reply) = unsafe { (board(host), std::mem::replace(&mut *reply, Reply::EMPTY)) };
    board.tickets.complete(ticket, reply);
}

unsafe extern "C" fn emit(
    host: *const c_void,
    interface: u32,
    event: u32,
    _: *const CallContext,
    args: *const Args,
    reply: *mut Reply,
) -> i32 {
    // SAFETY: the module passes its host, and arguments that are valid for the call.
    let (board, args) = unsafe { (board(host), &*args) };
    // SAFETY: as above.
    let (payload, attachments) = unsafe { (args.payload.as_bytes().to_vec(), args.attachments()) };
    // SAFETY: as above, for each attachment.
    let copy = |slice: &Slice| Attachment::arrived(unsafe { slice.as_bytes() });
    let answer = board.emit(interface, event, payload, attachments.iter().map(copy).collect());
    // SAFETY: the module passes a reply that it initialised.
    unsafe { give(reply, answer) }
}

unsafe extern "C" fn query_service(_: *const c_void, name: Slice, version: u32) -> *const c_void {
    // SAFETY: the module passes a slice that is valid for the call.
    match (unsafe { name.as_bytes() }, version) {
        (name, STREAM_VERSION) if name == STREAM_SERVICE.as_bytes() => (&raw const STREAMS).cast(),
        _ => std::ptr::null(),
    }
}
