//! Why the host does not do what it was asked.

use crate::bundle::BundleError;
use crate::library::LibraryError;
use crate::plan::PlanError;

/// Why the host does not do what it was asked. Each message says what to do, where there is something to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The bundle is wrong.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A plugin file is refused.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The modules do not fit together.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plugin file that the bundle names is not there.
    #[error("module {module}: there is no plugin file {file}; looked in {looked}")]
    NoFile {
        /// The module.
        module: String,
        /// The file as the bundle names it.
        file: String,
        /// The places.
        looked: String,
    },
    /// A plugin is not, or no longer, part of the program.
    #[error("the plugin {0} is not linked into this program")]
    NotLinked(String),
    /// There is no such module.
    #[error("there is no module {0}; `backplane modules` lists them")]
    NoModule(String),
    /// The name is taken.
    #[error("there is a module {0} already")]
    TwoModules(String),
    /// A front end wants the name of a module, or too many names are in use.
    #[error("the name {0} cannot be used: {1}")]
    Name(String, String),
    /// A module does not start.
    #[error("{module} does not start: {message}")]
    Start {
        /// The module.
        module: String,
        /// Why.
        message: String,
    },
    /// A module does not stop.
    #[error("{module} does not stop: {message}")]
    Stop {
        /// The module.
        module: String,
        /// Why.
        message: String,
    },
    /// A module is not exchanged; what ran before goes on.
    #[error("{module} is not swapped: {message}")]
    Swap {
        /// The module.
        module: String,
        /// Why.
        message: String,
    },
    /// There is nothing to go back to.
    #[error("{0} has not been swapped since the host started")]
    NoPrevious(String),
    /// Others need the module.
    #[error("{module} is needed by {by}; unload those first, or use --force")]
    Needed {
        /// The module.
        module: String,
        /// Who needs it, and which interface.
        by: String,
    },
    /// The system has no thread left.
    #[error("cannot make a thread: {0}")]
    Thread(String),
}
