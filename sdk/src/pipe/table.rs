//! The C functions of streams, for whoever stands behind the context pointer.

use super::{Ends, Wait};
use backplane_plugin_api::{Buf, CallContext, Reply, STREAM_VERSION, Slice, StreamTable, status};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a context pointer of a host table points to.
pub trait Owner {
    /// The module's ends.
    fn ends(&self) -> &Ends;

    /// Refuses a module that may not call any more.
    ///
    /// # Errors
    /// The refusal.
    fn check(&self) -> Result<(), Reply>;
}

/// The table for modules whose context pointer points to an `O`.
pub const fn table<O: Owner>() -> StreamTable {
    StreamTable {
        size: size_of::<StreamTable>() as u32,
        version: STREAM_VERSION,
        open: Some(open::<O>),
        claim: Some(claim::<O>),
        write: Some(write::<O>),
        finish: Some(finish::<O>),
        read: Some(read::<O>),
    }
}

/// Runs `work` for the ends of the module and writes its answer, or that it panicked, into `reply`.
///
/// # Safety
/// `host` must point to an `O` that lives, `reply` to an initialised reply.
unsafe fn answer<O: Owner>(
    host: *const c_void,
    reply: *mut Reply,
    work: impl FnOnce(&Ends) -> Result<Reply, Reply>,
) -> i32 {
    // SAFETY: the caller vouches for it.
    let owner = unsafe { &*host.cast::<O>() };
    let work = || owner.check().and_then(|()| work(owner.ends()));
    let answer = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Reply::error(status::INTERNAL, "the host panicked")))
        .unwrap_or_else(|refusal| refusal);
    let code = answer.status;
    // SAFETY: the caller vouches for it.
    unsafe { *reply = answer };
    code
}

/// How long the module waits.
///
/// # Safety
/// `context` must be null or valid.
unsafe fn wait(ends: &Ends, context: *const CallContext) -> Wait {
    // SAFETY: the caller vouches for it.
    let deadline_ns = unsafe { context.as_ref() }.map_or(0, |context| context.deadline_ns);
    let who = ends.number;
    Wait { who, deadline_ns }
}

unsafe extern "C" fn open<O: Owner>(
    host: *const c_void,
    window: u64,
    writer: *mut u64,
    reader: *mut Buf,
    reply: *mut Reply,
) -> i32 {
    let work = |ends: &Ends| {
        let (number, name) = ends.open(window)?;
        // SAFETY: the module passes places that are valid for writing.
        unsafe {
            writer.write(number);
            reader.write(name);
        }
        Ok(Reply::EMPTY)
    };
    // SAFETY: the module passes its own context, and a reply that it initialised.
    unsafe { answer::<O>(host, reply, work) }
}

unsafe extern "C" fn claim<O: Owner>(
    host: *const c_void,
    name: Slice,
    reader: *mut Buf,
    reply: *mut Reply,
) -> i32 {
    let work = |ends: &Ends| {
        // SAFETY: the module passes a slice that is valid for the call, and a place that is valid for writing.
        unsafe { reader.write(ends.claim(name.as_bytes())?) };
        Ok(Reply::EMPTY)
    };
    // SAFETY: as in `open`.
    unsafe { answer::<O>(host, reply, work) }
}

unsafe extern "C" fn write<O: Owner>(
    host: *const c_void,
    writer: u64,
    item: Slice,
    context: *const CallContext,
    reply: *mut Reply,
) -> i32 {
    let work = |ends: &Ends| {
        let pipe = ends.writer(writer)?;
        // SAFETY: the module passes a slice and a context that are valid for the call.
        Ok(unsafe { pipe.write(item.as_bytes(), wait(ends, context)) })
    };
    // SAFETY: as in `open`.
    unsafe { answer::<O>(host, reply, work) }
}

unsafe extern "C" fn finish<O: Owner>(
    host: *const c_void,
    writer: u64,
    code: i32,
    message: Slice,
    reply: *mut Reply,
) -> i32 {
    let work = |ends: &Ends| {
        // SAFETY: the module passes a slice that is valid for the call.
        let message = String::from_utf8_lossy(unsafe { message.as_bytes() }).into_owned();
        match code {
            status::OK => ends.finish(writer, code, String::new())?,
            // A ticket that nobody answers, or an error that nobody can decode.
            status::PENDING | status::FAILED => ends.finish(writer, status::INTERNAL, message)?,
            _ => ends.finish(writer, code, message)?,
        }
        Ok(Reply::EMPTY)
    };
    // SAFETY: as in `open`.
    unsafe { answer::<O>(host, reply, work) }
}

unsafe extern "C" fn read<O: Owner>(
    host: *const c_void,
    name: Slice,
    credit: u64,
    context: *const CallContext,
    reply: *mut Reply,
) -> i32 {
    let work = |ends: &Ends| {
        let credit = usize::try_from(credit).unwrap_or(usize::MAX);
        // SAFETY: the module passes a slice and a context that are valid for the call.
        Ok(unsafe { ends.reader(name.as_bytes())?.read(credit, wait(ends, context)) })
    };
    // SAFETY: as in `open`.
    unsafe { answer::<O>(host, reply, work) }
}
