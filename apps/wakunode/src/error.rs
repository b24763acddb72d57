//! Why the node does not run.

use std::{io, path::PathBuf};

use backplane_host::{HostError, bundle::BundleError, gateway::GatewayError};

/// Why the node did not run, or ended other than as it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What the host is asked to run is wrong.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The control socket cannot be had: most often because another node uses the data folder.
    #[error("{0}; --local-storage-path names another folder, --control-socket another socket")]
    Socket(#[source] GatewayError),
    /// The control socket broke.
    #[error("the control socket broke: {0}")]
    Broken(String),
    /// The host does not start.
    #[error("{source}; the modules are looked for in {plugins}, --plugins names another folder", plugins = plugins.display())]
    Host {
        /// What the host says.
        source: HostError,
        /// The folder of the plugins.
        plugins: PathBuf,
    },
    /// A module cannot be called.
    #[error("the node cannot be called: {0}")]
    Call(String),
    /// Some modules do not get ready.
    #[error("the node does not start: {0}")]
    NotReady(String),
    /// A server beside the node cannot listen.
    #[error(transparent)]
    Serve(#[from] wakunode_rest::ServeError),
    /// The program could not listen for signals.
    #[error("signals cannot be heard: {0}")]
    Signals(#[source] io::Error),
    /// A task panicked.
    #[error("internal error: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A module's policy ended the host.
    #[error("the node ended: {0}")]
    Ended(String),
    /// Modules did not stop as they should.
    #[error("the node did not stop as it should: {0}")]
    Stop(String),
    /// A second signal came before everything had stopped.
    #[error("ended at once; the modules were not stopped")]
    AtOnce,
}

impl RunError {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::AtOnce => 130,
            _ => 1,
        }
    }
}
