//! Streams: many values of one type, one after another, as the reader asks for them.

use crate::{Buf, CallContext, Reply, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The name by which [`HostTable::query_service`](crate::HostTable::query_service) gives a [`StreamTable`].
pub const STREAM_SERVICE: &str = "backplane.streams";

/// The version of [`STREAM_SERVICE`] that [`StreamTable`] is.
pub const STREAM_VERSION: u32 = 1;

/// The streams of the host, a service beside its table.
///
/// A stream is a bounded pipe that the host owns. Its writing end is a number that counts only for the module
/// that opened it. Its reading end is a [`Buf`] of 16 bytes that nobody can guess: its name. Freeing the
/// `Buf` closes it, and a later write answers [`CANCELLED`](crate::status::CANCELLED). A reading end travels
/// as an attachment, and the payload holds the number of the attachment, as for a blob: in a reply the `Buf`
/// itself, in arguments a slice of its bytes. Whoever gets it claims it.
///
/// What must wait answers [`PENDING`](crate::status::PENDING) with a ticket, as a call does. Once the ticket is
/// answered with [`OK`](crate::status::OK), the function is called again: nothing is lost or done twice when a wait is
/// cancelled. A wait ends with [`TIMEOUT`](crate::status::TIMEOUT) at the deadline of its context, or else of the host.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct StreamTable {
    /// The size of this table in bytes as the host knows it; later levels append.
    pub size: u32,
    /// [`STREAM_VERSION`].
    pub version: u32,
    /// Opens a stream that holds up to `window` bytes of items, or fewer where the host allows fewer; with 0 as
    /// many as the host likes. `reader` is overwritten. Errors: `BUSY` when the module has too many streams open.
    pub open: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            window: u64,
            writer: *mut u64,
            reader: *mut Buf,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Takes over the reading end `name`, which gets another name: the first claim wins, and freeing the `Buf` of the
    /// former owner does nothing any more. `reader` is overwritten. Errors: `NOT_FOUND`.
    pub claim: Option<
        unsafe extern "C" fn(host: *const c_void, name: Slice, reader: *mut Buf, reply: *mut Reply) -> i32,
    >,
    /// Writes one encoded item, which refers to no attachment. `OK`: it was taken. `PENDING`: there is no room, and
    /// it was not taken; wait for the ticket and write it again. `context` is that of the call being served,
    /// or null. Errors: `CANCELLED` when the reader is gone, `TOO_LARGE`, `NOT_FOUND` when the module has no
    /// such writing end, `BUSY` while another write waits.
    pub write: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            writer: u64,
            item: Slice,
            context: *const CallContext,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Ends the stream: with `OK`, or with the status and message (UTF-8) that the reader gets once it has read what
    /// was written. Errors: `NOT_FOUND` as above.
    pub finish: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            writer: u64,
            status: i32,
            message: Slice,
            reply: *mut Reply,
        ) -> i32,
    >,
    /// Reads the items at hand, up to `credit` bytes and at least one: a CBOR sequence (RFC 8742). An empty payload
    /// is the end. `PENDING`: there is none yet; wait for the ticket and read again. `context` as above. Errors:
    /// the status and message that the stream was ended with, `NOT_FOUND` when the module has no such reading end,
    /// `BUSY` while another read waits.
    pub read: Option<
        unsafe extern "C" fn(
            host: *const c_void,
            name: Slice,
            credit: u64,
            context: *const CallContext,
            reply: *mut Reply,
        ) -> i32,
    >,
}
