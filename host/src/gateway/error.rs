//! Why the control socket cannot be opened.

use super::limits;
use crate::host::HostError;
use std::io;
use std::path::PathBuf;

/// Why the control socket cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// Another host has this socket.
    #[error(
        "a host runs at {} already; end it with `backplane stop`, or choose another socket with --socket",
        .socket.display()
    )]
    AlreadyRunning {
        /// The socket.
        socket: PathBuf,
    },
    /// The system has no room for a path of this length.
    #[error(
        "the socket path {} is {} bytes long, at most {} are possible; choose a shorter one with --socket",
        .socket.display(), .socket.as_os_str().len(), limits::SOCKET_PATH
    )]
    PathTooLong {
        /// The socket.
        socket: PathBuf,
    },
    /// A file, a folder or a link has the name of the socket.
    #[error("{} is there and is no socket; remove it, or choose another socket with --socket", .socket.display())]
    NotASocket {
        /// What is there.
        socket: PathBuf,
    },
    /// The system refuses.
    #[error("cannot open the socket {}: {action}: {source}", .socket.display())]
    System {
        /// The socket.
        socket: PathBuf,
        /// What was refused.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The host does not take the gateway as a front end.
    #[error(transparent)]
    FrontEnd(#[from] HostError),
}
