//! How a call ended. A closed set: a later ABI level may add codes, a receiver treats one that it does not
//! know as [`INTERNAL`].

/// Done; the payload is the encoded result.
pub const OK: i32 = 0;
/// Not done yet; the ticket names the call, and the answer follows once.
pub const PENDING: i32 = 1;
/// The interface's own error; the payload is the encoded error value.
pub const FAILED: i32 = 2;
/// A bounded queue or window is full; nothing was done, trying later may help.
pub const BUSY: i32 = 3;
/// The deadline passed before the answer came.
pub const TIMEOUT: i32 = 4;
/// The caller cancelled.
pub const CANCELLED: i32 = 5;
/// The module or the host is stopping.
pub const STOPPING: i32 = 6;
/// No module provides the interface now.
pub const UNAVAILABLE: i32 = 7;
/// There is no such interface, method, module or ticket.
pub const NOT_FOUND: i32 = 8;
/// The arguments could not be decoded or break a stated limit.
pub const BAD_ARGUMENTS: i32 = 9;
/// The manifest or the bundle does not permit it; the message names the rule.
pub const DENIED: i32 = 10;
/// Waiting would never end; the message names the chain of modules.
pub const DEADLOCK: i32 = 11;
/// The plugin panicked; the message says where.
pub const PANICKED: i32 = 12;
/// A message is larger than the limit; the message names both.
pub const TOO_LARGE: i32 = 13;
/// The provider is too old for this method; the message names the version that has it.
pub const UNSUPPORTED: i32 = 14;
/// Versions do not fit; the message names them.
pub const VERSION: i32 = 15;
/// A fault of the host or of the plugin that no other code describes.
pub const INTERNAL: i32 = 16;

/// The stable lower-case name of `code`, as it appears in JSON and in messages.
pub const fn name(code: i32) -> &'static str {
    match code {
        OK => "ok",
        PENDING => "pending",
        FAILED => "failed",
        BUSY => "busy",
        TIMEOUT => "timeout",
        CANCELLED => "cancelled",
        STOPPING => "stopping",
        UNAVAILABLE => "unavailable",
        NOT_FOUND => "not_found",
        BAD_ARGUMENTS => "bad_arguments",
        DENIED => "denied",
        DEADLOCK => "deadlock",
        PANICKED => "panicked",
        TOO_LARGE => "too_large",
        UNSUPPORTED => "unsupported",
        VERSION => "version",
        _ => "internal",
    }
}
