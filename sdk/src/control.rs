//! What a module asks of the host as a whole, and hears of the modules that it depends on.

use crate::client::CallError;
use crate::host::HostHandle;
use crate::value;
use backplane_plugin_api::{CONTROL_SERVICE, CONTROL_VERSION, ControlTable, Reply, Slice, status};
use serde::{Deserialize, Serialize};

/// A module that is gone for good, which served this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyLost {
    /// The module.
    pub module: String,
    /// The interfaces that it served this one with.
    pub interfaces: Vec<String>,
    /// Why it is gone, for people.
    pub reason: String,
}

/// The functions of a host that has them.
struct Functions<'a> {
    host: &'a HostHandle,
    table: *const ControlTable,
}

// SAFETY: table and host may be used from any thread (rule of the ABI).
unsafe impl Send for Functions<'_> {}
// SAFETY: as above.
unsafe impl Sync for Functions<'_> {}

impl<'a> Functions<'a> {
    fn of(host: &'a HostHandle) -> Result<Self, CallError> {
        let table = host
            .query_service(CONTROL_SERVICE, CONTROL_VERSION)
            .cast::<ControlTable>();
        if table.is_null() {
            return Err(unsupported());
        }
        Ok(Self { host, table })
    }

    fn request_stop(&self, code: i32, reason: &str) -> Result<Reply, CallError> {
        let mut reply = Reply::EMPTY;
        // SAFETY: the table is of the version that was asked for, and valid as long as the host's own.
        let function = unsafe { (*self.table).request_stop }.ok_or_else(unsupported)?;
        // SAFETY: the context is the host's, and the other arguments are valid for the call.
        unsafe {
            function(
                self.host.raw().ctx,
                code,
                Slice::new(reason.as_bytes()),
                &raw mut reply,
            )
        };
        Ok(reply)
    }

    fn dependency_lost(&self) -> Result<Reply, CallError> {
        let mut reply = Reply::EMPTY;
        // SAFETY: as in `request_stop`.
        let function = unsafe { (*self.table).dependency_lost }.ok_or_else(unsupported)?;
        // SAFETY: as in `request_stop`.
        unsafe { function(self.host.raw().ctx, &raw mut reply) };
        Ok(reply)
    }
}

fn unsupported() -> CallError {
    CallError::Host {
        status: status::UNSUPPORTED,
        message: "this host has no service for that".to_owned(),
    }
}

fn refused(reply: &Reply) -> CallError {
    CallError::Host {
        status: reply.status,
        message: reply.message(),
    }
}

/// Asks the host to stop.
pub(crate) fn request_stop(host: &HostHandle, code: i32, reason: &str) -> Result<(), CallError> {
    let reply = Functions::of(host)?.request_stop(code, reason)?;
    match reply.status {
        status::OK => Ok(()),
        _ => Err(refused(&reply)),
    }
}

/// The next module that served this one and is gone for good.
pub(crate) async fn dependency_lost(host: &HostHandle) -> Result<DependencyLost, CallError> {
    let functions = Functions::of(host)?;
    loop {
        let reply = functions.dependency_lost()?;
        match reply.status {
            status::OK => {
                let lost = value::decode(reply.payload.as_bytes());
                return lost.map_err(|error| CallError::Host {
                    status: status::INTERNAL,
                    message: format!("the host's word is not readable: {error}"),
                });
            }
            status::PENDING => {
                let waited = host.wait(reply).await;
                if !matches!(waited.status, status::OK | status::TIMEOUT) {
                    return Err(refused(&waited));
                }
            }
            _ => return Err(refused(&reply)),
        }
    }
}
