//! The functions that a module at this end of a wire calls the host with.

use super::super::wire::{Answer, Ask, Frame, Parts};
use super::Guest;
use super::enter::Pass;
use crate::clock;
use crate::router::pending::Done;
use crate::router::{Control, control_table};
use backplane_plugin_api::{
    ABI_LEVEL, Args, CONTROL_SERVICE, CONTROL_VERSION, Call, CallContext, ControlTable, DoneFn, HostTable,
    LogRecord, Reply, STREAM_SERVICE, STREAM_VERSION, Slice, StreamTable, status,
};
use backplane_sdk::pipe::{self, Ends, Owner};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(super) static HOST_TABLE: HostTable = HostTable {
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

static STREAM_TABLE: StreamTable = pipe::table::<Guest>();
static CONTROL_TABLE: ControlTable = control_table::<Guest>();

impl Owner for Guest {
    fn ends(&self) -> &Ends {
        &self.ends
    }

    fn check(&self) -> Result<(), Reply> {
        self.check_running()
    }
}

impl Control for Guest {
    fn request_stop(&self, code: i32, reason: &str) -> Result<Reply, Reply> {
        self.check_running()?;
        Ok(self.ask_now(Ask::RequestStop(code, reason.as_bytes())))
    }

    fn dependency_lost(&self) -> Result<Reply, Reply> {
        self.check_running()?;
        Ok(self.losses.next(&self.calls, self.asker))
    }
}

/// The guest behind the context pointer.
///
/// # Safety
/// `host` must be the context of a guest that still lives.
unsafe fn guest<'a>(host: *const c_void) -> &'a Guest {
    // SAFETY: the caller vouches for it.
    unsafe { &*host.cast::<Guest>() }
}

/// Runs `work` and writes its answer, its refusal or that it panicked into `reply`.
fn answer(reply: &mut Reply, work: impl FnOnce() -> Result<Reply, Reply>) -> i32 {
    *reply = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Reply::error(status::INTERNAL, "the host panicked")))
        .unwrap_or_else(|refusal| refusal);
    reply.status
}

unsafe extern "C" fn retain(host: *const c_void) {
    // SAFETY: the module passes its own context, which came from an `Arc` that still lives.
    unsafe { Arc::increment_strong_count(host.cast::<Guest>()) }
}

unsafe extern "C" fn release(host: *const c_void) {
    // SAFETY: each release answers one `retain` of the same context.
    let guest = unsafe { Arc::from_raw(host.cast::<Guest>()) };
    drop(catch_unwind(AssertUnwindSafe(|| drop(guest))));
}

unsafe extern "C" fn log(host: *const c_void, record: *const LogRecord) {
    // SAFETY: the module passes its own context, and a record whose texts are valid for the call.
    let (guest, record) = unsafe { (guest(host), &*record) };
    // SAFETY: as above.
    let [target, message, fields] =
        [record.target, record.message, record.fields].map(|text| unsafe { text.as_bytes() });
    let line = Frame::Log {
        level: record.level,
        target,
        message,
        fields,
    };
    if record.level <= guest.level.load(Ordering::Relaxed) {
        // A line for which there is no room is lost, as any beyond the host's rate.
        drop(catch_unwind(AssertUnwindSafe(|| guest.wire.link.send(&line))));
    }
}

unsafe extern "C" fn log_level(host: *const c_void) -> u32 {
    // SAFETY: the module passes its own context.
    unsafe { guest(host) }.level.load(Ordering::Relaxed)
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
    // SAFETY: the module passes its own context, slices that are valid for the call, and a reply to write.
    let (guest, interface, requirement, reply) = unsafe {
        (
            guest(host),
            interface.as_bytes(),
            requirement.as_bytes(),
            &mut *reply,
        )
    };
    answer(reply, || {
        guest.check_running()?;
        let answer = guest.ask_now(Ask::Resolve(interface, requirement));
        match (answer.status, answer.payload.as_bytes().first_chunk()) {
            (status::OK, Some(number)) => {
                // SAFETY: `binding` is valid for writing.
                unsafe { binding.write(u64::from_le_bytes(*number)) };
                Ok(Reply::EMPTY)
            }
            _ => Err(answer),
        }
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
    let (guest, context, args, reply) = unsafe { (guest(host), context.as_ref(), &*args, &mut *reply) };
    answer(reply, || {
        // SAFETY: the arguments are valid for the call.
        unsafe {
            guest.ask_later(context, args, |context, args| Ask::Call {
                binding,
                method,
                context,
                args,
            })
        }
    })
}

unsafe extern "C" fn when_done(host: *const c_void, ticket: u64, user: *mut c_void, done: DoneFn) {
    // SAFETY: the module passes its own context.
    let guest = unsafe { guest(host) };
    let done = Done::Foreign(user, done, None);
    drop(catch_unwind(AssertUnwindSafe(|| {
        guest.calls.when_done(guest.asker, ticket, done)
    })));
}

unsafe extern "C" fn cancel(host: *const c_void, ticket: u64) {
    // SAFETY: the module passes its own context.
    let guest = unsafe { guest(host) };
    drop(catch_unwind(AssertUnwindSafe(|| {
        guest.calls.cancel(guest.asker, ticket)
    })));
}

unsafe extern "C" fn defer(_: *const c_void, call: *const Call) -> u64 {
    // SAFETY: the module passes the call that it is in, whose token is the pass of this side, which lives until the
    // module returns, on this very thread.
    let pass = unsafe { (*call).token.cast::<Pass>().as_mut() };
    pass.map_or(0, Pass::defer)
}

unsafe extern "C" fn complete(host: *const c_void, ticket: u64, reply: *mut Reply) {
    // SAFETY: the module passes its own context, and a reply whose contents are ours to take.
    let (guest, reply) = unsafe { (guest(host), std::mem::replace(&mut *reply, Reply::EMPTY)) };
    drop(catch_unwind(AssertUnwindSafe(|| guest.answer(ticket, &reply))));
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
    let (guest, context, args, reply) = unsafe { (guest(host), context.as_ref(), &*args, &mut *reply) };
    answer(reply, || {
        // SAFETY: the arguments are valid for the call.
        unsafe {
            guest.ask_later(context, args, |context, args| Ask::Emit {
                interface,
                event,
                context,
                args,
            })
        }
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

impl Guest {
    /// Sends the answer to what the host has asked.
    pub(super) fn answer(&self, number: u64, reply: &Reply) {
        super::lock(&self.held).remove(&number);
        let answer = |status, parts| Frame::Answer(number, Answer { status, parts });
        let parts = match self.streams() {
            Ok(streams) => streams.parts_of(reply),
            Err(_) => Parts::of(reply.payload.as_bytes()),
        };
        if let Err(refused) = self.send(&answer(reply.status, parts)) {
            // Where the host is gone, nobody waits.
            let refusal = super::refuse(&refused);
            self.send(&answer(refusal.status, Parts::of(refusal.payload.as_bytes())))
                .ok();
        }
    }
}
