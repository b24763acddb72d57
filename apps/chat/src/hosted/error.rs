//! Why a session does not begin.

use std::{io, path::PathBuf};

use backplane_host::{HostError, bundle::BundleError, plan::PlanError};

/// Why a session does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {path} cannot be used: {source}", path = path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another chat uses the data folder.
    #[error("another chat uses the data folder {path}; choose one with --data-dir", path = .0.display())]
    Taken(PathBuf),
    /// There is no place for the data.
    #[error("neither XDG_DATA_HOME nor HOME says where data belongs; choose a folder with --data-dir")]
    NoDataDir,
    /// The plugins are nowhere.
    #[error("this program does not know where it is: {0}; name the plugin folder with --plugins")]
    NoPlugins(#[source] io::Error),
    /// What the host is asked to run is wrong.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The plugins that there are do not make up the bundle.
    #[error("{source}; plugins are looked for in {plugins}, --plugins names another folder", plugins = plugins.display())]
    Plan {
        /// What is missing, or does not fit.
        source: PlanError,
        /// The plugin folder.
        plugins: PathBuf,
    },
    /// The host does not start.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Some modules do not get ready.
    #[error("not all modules are ready: {0}")]
    NotReady(String),
    /// A module cannot be called.
    #[error("{interface} cannot be called: {reason}")]
    Client {
        /// Its interface.
        interface: &'static str,
        /// What the host says.
        reason: String,
    },
    /// A task of the host panicked.
    #[error("internal error: {0}")]
    Task(#[from] tokio::task::JoinError),
}
