//! Why a registry is refused.

use crate::{Digest, FileError, IndexError, PackageError, PublicKey};

/// Why a registry, or something in it, is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The place is none where a registry can be.
    #[error("{location}: {problem}")]
    Location {
        /// The place.
        location: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file cannot be fetched.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Web(#[from] crate::WebError),
    /// The index is refused.
    #[error("{registry}: {source}")]
    Index {
        /// Which registry.
        registry: String,
        /// Why.
        source: IndexError,
    },
    /// The file of a package is not the one that is listed.
    #[error("{file} has SHA-256 {found}, the index says {expected}: it was changed after it was published")]
    Changed {
        /// The file, or its URL.
        file: String,
        /// What the index says.
        expected: Digest,
        /// What is there.
        found: Digest,
    },
    /// A package is refused.
    #[error("{file}: {source}")]
    Package {
        /// The file, or its URL.
        file: String,
        /// Why.
        source: PackageError,
    },
    /// The package says something else than the index says of it.
    #[error("{file} does not say the same of itself as the index")]
    OtherManifest {
        /// The file, or its URL.
        file: String,
    },
    /// The package is not signed by the key that has its name.
    #[error("{file} is not signed by the key {owner}, whose the name {name} is")]
    OtherOwner {
        /// The file, or its URL.
        file: String,
        /// The name.
        name: String,
        /// Whose it is.
        owner: PublicKey,
    },
}
