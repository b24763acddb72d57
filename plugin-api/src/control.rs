//! What a module asks of the host as a whole, and hears of the modules that it depends on.

use crate::{Reply, Slice};
use abi_stable::StableAbi;
use std::ffi::c_void;

/// The name by which [`HostTable::query_service`](crate::HostTable::query_service) gives a [`ControlTable`].
pub const CONTROL_SERVICE: &str = "backplane.control";

/// The version of [`CONTROL_SERVICE`] that [`ControlTable`] is.
pub const CONTROL_VERSION: u32 = 1;

/// What a module asks of the host as a whole, a service beside its table.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct ControlTable {
    /// The size of this table in bytes as the host knows it; later levels append.
    pub size: u32,
    /// [`CONTROL_VERSION`].
    pub version: u32,
    /// Asks the host to stop, for a `reason` in UTF-8. `code` is 0 where all is well, anything else where something
    /// has failed. `OK`: it will; the module is then stopped like all others. Errors: `DENIED` unless the bundle says
    /// `may-stop-host = true`.
    pub request_stop:
        Option<unsafe extern "C" fn(host: *const c_void, code: i32, reason: Slice, reply: *mut Reply) -> i32>,
    /// The next module that is gone for good and that served this one: in the codec of the plugin a record of `module`,
    /// the `interfaces` that it served this one with, and the `reason`. `PENDING`: there is none yet; wait for the
    /// ticket, and once it is answered with `OK` or [`TIMEOUT`](crate::status::TIMEOUT) call again: nothing is lost when a
    /// wait is cancelled. Errors: `BUSY` while another call waits.
    pub dependency_lost: Option<unsafe extern "C" fn(host: *const c_void, reply: *mut Reply) -> i32>,
}
