//! Why a module does not run on the bench.

use backplane_plugin_api::status;
use std::time::Duration;

/// Why a module does not run on the bench, or does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The module requires an interface for which there is no fake.
    #[error("{module} requires {interface} {version}, for which there is no fake: add one with Bench::fake")]
    NoFake {
        /// The module.
        module: String,
        /// The interface.
        interface: String,
        /// The versions that would do.
        version: String,
    },
    /// A fake is of a version that does not fit.
    #[error("{module} requires {interface} {version}, but the fake is of {fake}")]
    FakeVersion {
        /// The module.
        module: String,
        /// The interface.
        interface: String,
        /// The versions that would do.
        version: String,
        /// The version of the fake.
        fake: String,
    },
    /// The module answered a lifecycle function with an error, or panicked in it.
    #[error("{what}: {}: {message}", status::name(*status))]
    Refused {
        /// Which function.
        what: &'static str,
        /// One of [`status`].
        status: i32,
        /// The module's message.
        message: String,
    },
    /// A lifecycle function took too long. Its thread, and the module, are left behind.
    #[error("{what} took longer than {limit:?}")]
    Late {
        /// Which function.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The manifest declares no state, or not this version of it.
    #[error("{0}")]
    State(String),
    /// The module has stopped.
    #[error("the module has stopped")]
    Stopped,
    /// An event did not come, or is not readable.
    #[error("{0}")]
    Event(String),
    /// The system has no thread or no temporary folder left, or the configuration is no JSON.
    #[error("{0}")]
    System(String),
}
