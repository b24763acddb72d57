//! How the command ends: the one list of exit codes, and what leads to each.

use backplane_host::gateway::{ClientError, GatewayError, INVALID_PARAMS, RpcError};
use backplane_host::library::LibraryError;
use backplane_host::{HostError, bundle::BundleError};
use backplane_plugin_api::status;
use serde_json::json;
use std::io;
use std::process::ExitCode;

/// The exit codes, as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    failed: the module answered an error, a plugin was refused, a swap was rolled back, ...
  2    wrong usage, or a wrong bundle
  3    no host answers at the socket
  4    refused: not permitted, wrong arguments, no such module, interface or method
  5    no answer in time
  6    busy, stopping or not available now: trying later may help
  130  ended at once by a second Ctrl-C";

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    NoHost = 3,
    Refused = 4,
    Timeout = 5,
    Unavailable = 6,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For the given reason.
    Because(Exit, String),
    /// The host answered an error.
    Rpc(RpcError),
    /// Nobody reads the output any more, which is not our failure.
    OutputClosed,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Because(Exit::Usage, message.into())
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Because(Exit::Failed, message.into())
    }

    /// The same with more to say at the end of its message.
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Because(exit, message) => Self::Because(exit, message + more),
            Self::Rpc(mut error) => {
                error.message += more;
                Self::Rpc(error)
            }
            Self::OutputClosed => Self::OutputClosed,
        }
    }

    /// Whether there is no such thing as was asked for.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Rpc(error) if error.status() == Some(status::NOT_FOUND))
    }

    /// Says it on the error output, as JSON if wanted.
    pub(crate) fn report(self, as_json: bool) -> ExitCode {
        let (exit, error) = match self {
            Self::OutputClosed => return ExitCode::SUCCESS,
            Self::Because(exit, message) => (exit, json!({ "message": message })),
            Self::Rpc(error) => (exit_of(&error), json!(error)),
        };
        if as_json {
            eprintln!("{}", json!({ "exit": exit as u8, "error": error }));
            return exit.into();
        }
        eprintln!("backplane: {}", error["message"].as_str().unwrap_or_default());
        if let Some(own) = error.pointer("/data/error") {
            eprintln!("{own:#}");
        }
        exit.into()
    }
}

fn exit_of(error: &RpcError) -> Exit {
    match error.status() {
        Some(status::TIMEOUT) => Exit::Timeout,
        Some(status::BUSY | status::STOPPING | status::UNAVAILABLE) => Exit::Unavailable,
        Some(
            status::DENIED
            | status::BAD_ARGUMENTS
            | status::NOT_FOUND
            | status::TOO_LARGE
            | status::UNSUPPORTED
            | status::VERSION,
        ) => Exit::Refused,
        None if error.code == INVALID_PARAMS => Exit::Refused,
        _ => Exit::Failed,
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Rpc(error) => Self::Rpc(error),
            ClientError::NoHost { .. } => Self::Because(Exit::NoHost, error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::failed(format!("the output cannot be written: {error}")),
        }
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Bundle(error) => error.into(),
            error => Self::failed(error.to_string()),
        }
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented() {
        for exit in [
            Exit::Failed,
            Exit::Usage,
            Exit::NoHost,
            Exit::Refused,
            Exit::Timeout,
            Exit::Unavailable,
            Exit::Interrupted,
        ] {
            let line = format!("\n  {:<3}  ", exit as u8);
            assert!(HELP.contains(&line), "{exit:?}");
        }
    }
}
