//! Why a plugin is refused.

use super::DeclarationError;
use backplane_descriptor::ManifestError;
use backplane_plugin_api::{ABI_LEVEL, ENTRY_SYMBOL, MANIFEST_SECTION, status};
use std::io;
use std::path::PathBuf;

/// Why a file is not loaded. Each message names the file and says what can be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{path} is not a regular file: name the plugin's library itself")]
    NotAFile {
        /// Which file.
        path: PathBuf,
    },
    /// The file is larger than [`LIBRARY_LIMIT`](super::LIBRARY_LIMIT).
    #[error("{path} has {size} bytes, at most {limit} are allowed: strip its debug information")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is something else.
    #[error("{path} is not a dynamic library but {found}: build the plugin as a cdylib or with -shared")]
    NotALibrary {
        /// Which file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The file begins like a library but is cut off or garbled.
    #[error("{path} is truncated or damaged ({problem}): fetch or build it again")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// The library is for another processor or system.
    #[error("{path} is built for {found}, this host is {host}: use the plugin's build for {host}")]
    OtherPlatform {
        /// Which file.
        path: PathBuf,
        /// What it is built for.
        found: String,
        /// What this host is.
        host: String,
    },
    /// The library has no section with a manifest.
    #[error(
        "{path} is not a Backplane plugin: it has no section {MANIFEST_SECTION}, which holds the manifest"
    )]
    NoManifest {
        /// Which file.
        path: PathBuf,
    },
    /// The section is larger than [`MANIFEST_LIMIT`](backplane_plugin_api::MANIFEST_LIMIT).
    #[error("{path}: the manifest has {size} bytes, at most {limit} are allowed: shorten its texts")]
    ManifestTooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The manifest breaks a rule.
    #[error("{path}: {source}")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Which field and which rule.
        source: ManifestError,
    },
    /// The library does not export the entry function.
    #[error(
        "{path} does not export {ENTRY_SYMBOL}: build it for ABI level {ABI_LEVEL}, with the symbol visible"
    )]
    NoEntrySymbol {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not the one that was pinned.
    #[error("{path} has SHA-256 {found}, but {expected} is pinned: restore the file or pin the new hash")]
    HashMismatch {
        /// Which file.
        path: PathBuf,
        /// The pinned hash in hexadecimal.
        expected: String,
        /// The hash of the file in hexadecimal.
        found: String,
    },
    /// The copy that is to be loaded cannot be made.
    #[error("{path} cannot be kept as {copy}: {source}: choose a cache folder of your own with room in it")]
    Cache {
        /// Which file.
        path: PathBuf,
        /// The copy, or the folder that is to hold it.
        copy: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system's loader refuses the library.
    #[error("{path} cannot be loaded: {problem}")]
    Load {
        /// Which file.
        path: PathBuf,
        /// What the loader says.
        problem: String,
    },
    /// What the plugin declares does not fit this host.
    #[error("{path}: {source}")]
    Declaration {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        source: DeclarationError,
    },
}

/// Why a plugin makes no module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The plugin itself says no, for example because of the configuration.
    #[error("{message}")]
    Refused {
        /// One of [`status`].
        status: i32,
        /// Why.
        message: String,
    },
    /// Its modules are made in processes of their own, by a host.
    #[error("the plugin's code is in another process")]
    Elsewhere,
    /// The plugin says yes and gives nothing.
    #[error("create answered {} without a table of functions", status::name(status::OK))]
    NoTable,
    /// The table is of another ABI level.
    #[error("the module table is of ABI level {found}, this host speaks level {expected}")]
    OtherAbi {
        /// The level of the host.
        expected: u32,
        /// The level of the table.
        found: u32,
    },
    /// The table ends too early.
    #[error("the module table is too short: expected at least {expected} bytes, found {found}")]
    TableTooShort {
        /// The size of the table at the host's level, in bytes.
        expected: usize,
        /// The size that the plugin states, in bytes.
        found: usize,
    },
    /// A function that every module has is null.
    #[error("the module table has no function {function}")]
    MissingFunction {
        /// Its name.
        function: &'static str,
    },
}

impl CreateError {
    /// Whether there is an instance that nobody can end: what it may use has to stay.
    pub(crate) const fn lost_instance(&self) -> bool {
        matches!(
            self,
            Self::NoTable | Self::OtherAbi { .. } | Self::TableTooShort { .. }
        )
    }
}
