//! A session on a host that runs in this process.
//!
//! [`HostedSession::start`] takes a [data folder](data_dir), writes the [bundle], starts the host and calls the
//! modules `chat` and `waku` through their typed clients. `watch` tells what happens on its own, and
//! [`neighbours`] finds other chats of the same person on the same machine.

pub mod bundle;
mod convert;
pub mod data_dir;
mod error;
pub mod log;
pub mod neighbours;
mod replacement;
mod session;
mod watch;

pub use error::StartError;
pub use session::HostedSession;
