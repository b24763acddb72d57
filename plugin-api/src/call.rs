//! One call or event delivery, and its answer.

use crate::{Buf, BufList, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// How many modules a chain of nested calls may pass through. The next one is refused with
/// [`DEADLOCK`](crate::status::DEADLOCK).
pub const CHAIN_LIMIT: usize = 16;

/// What travels with a call from module to module: deadline, trace and the chain of modules it came through.
///
/// Plain data: it is copied, never pointed to. A nested call passes on the context of the call that it serves.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct CallContext {
    /// When the caller gives up, on the clock of [`HostTable::now`](crate::HostTable::now), in nanoseconds.
    /// 0: the method's own default applies.
    pub deadline_ns: u64,
    /// The W3C trace id, high half. Both halves 0: not traced.
    pub trace_high: u64,
    /// The W3C trace id, low half.
    pub trace_low: u64,
    /// The span that caused this call.
    pub span: u64,
    /// How many entries of `chain` are used.
    pub depth: u32,
    /// The slots of the modules that this call came through, the first caller first.
    pub chain: [u16; CHAIN_LIMIT],
}

impl CallContext {
    /// The context of work that nobody asked for: no deadline, no trace, an empty chain.
    pub const ROOT: Self = Self {
        deadline_ns: 0,
        trace_high: 0,
        trace_low: 0,
        span: 0,
        depth: 0,
        chain: [0; CHAIN_LIMIT],
    };

    /// The slots that the call came through.
    pub fn chain(&self) -> &[u16] {
        &self.chain[..(self.depth as usize).min(CHAIN_LIMIT)]
    }
}

/// What a [`Call`] is.
pub mod kind {
    /// A method call: `interface` counts the manifest's `provides`, `method` the interface's methods.
    pub const METHOD: u32 = 0;
    /// An event: `interface` counts the manifest's `subscribes`; `method` is 0.
    pub const EVENT: u32 = 1;
}

/// The arguments of a call or the body of an event: one encoded value and any number of attachments.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct Args {
    /// The encoded value: CBOR (RFC 8949); JSON at the door of a plugin whose manifest says `"codec": "json"`.
    pub payload: Slice,
    /// The attachments: large byte strings that the payload refers to by index. None with JSON, which holds them
    /// itself.
    pub attachments: *const Slice,
    /// How many attachments there are.
    pub attachment_count: usize,
}

impl Args {
    /// A payload without attachments.
    pub const fn new(payload: &[u8]) -> Self {
        Self {
            payload: Slice::new(payload),
            attachments: std::ptr::null(),
            attachment_count: 0,
        }
    }

    /// The attachments.
    ///
    /// # Safety
    /// `attachments` must point to `attachment_count` slices that are valid for `'a`.
    pub const unsafe fn attachments<'a>(&self) -> &'a [Slice] {
        if self.attachment_count == 0 || self.attachments.is_null() {
            return &[];
        }
        // SAFETY: the caller vouches for pointer, count and lifetime.
        unsafe { std::slice::from_raw_parts(self.attachments, self.attachment_count) }
    }
}

/// A method call or an event on its way into a module. Valid until the function that gets it returns.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct Call {
    /// The size of this struct in bytes as the host knows it; later levels append.
    pub size: u32,
    /// One of [`kind`].
    pub kind: u32,
    /// Which interface, or which subscription; see [`kind`].
    pub interface: u32,
    /// Which method, counted in the order of the interface.
    pub method: u32,
    /// Deadline, trace and chain.
    pub context: CallContext,
    /// Who calls or publishes: the name of a module, or of a front end. Set by the host, not by the caller.
    pub caller: Slice,
    /// The number of the event, counted from 1 for each publisher and event. 0 for calls.
    pub sequence: u64,
    /// How many events this subscription lost directly before this one. 0 for calls.
    pub lost: u64,
    /// The arguments.
    pub args: Args,
    /// The host's own; passed back by [`HostTable::defer`](crate::HostTable::defer).
    pub token: *mut c_void,
}

/// The answer to a call. The caller passes one that is [`Reply::EMPTY`]; the callee fills it.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct Reply {
    /// With [`OK`](crate::status::OK) the encoded result, with [`FAILED`](crate::status::FAILED) the encoded
    /// error, else a message for people in UTF-8.
    pub payload: Buf,
    /// The attachments of the result.
    pub attachments: BufList,
    /// One of [`status`](crate::status); the same value that the function returns.
    pub status: i32,
    /// With [`PENDING`](crate::status::PENDING) the name of the call, else 0.
    pub ticket: u64,
}

impl Reply {
    /// Nothing yet.
    pub const EMPTY: Self = Self {
        payload: Buf::EMPTY,
        attachments: BufList::EMPTY,
        status: crate::status::OK,
        ticket: 0,
    };

    /// An answer with a payload.
    pub fn new(status: i32, payload: Vec<u8>) -> Self {
        Self {
            payload: payload.into(),
            status,
            ..Self::EMPTY
        }
    }

    /// An answer that only says what went wrong.
    pub fn error(status: i32, message: impl Into<String>) -> Self {
        Self::new(status, message.into().into_bytes())
    }

    /// The message of an answer that is neither `OK` nor `FAILED`.
    pub fn message(&self) -> String {
        String::from_utf8_lossy(self.payload.as_bytes()).into_owned()
    }
}
