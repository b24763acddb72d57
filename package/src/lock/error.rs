//! What a lock speaks against.

use crate::{FileError, PublicKey};
use semver::Version;
use std::path::PathBuf;

/// Why a lock file, or what it speaks against, is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not what it should be.
    #[error("{}: {problem}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The index is older than one that was seen before.
    #[error(
        "the index of {registry} has the serial number {serial}, but it had {known} before: somebody gives out an old one"
    )]
    Rollback {
        /// The registry.
        registry: String,
        /// The serial number that it has.
        serial: u32,
        /// The one that it had.
        known: u32,
    },
    /// There are two indexes of one serial number.
    #[error(
        "the index of {registry} has the serial number {serial} as before, but other contents: somebody gives out two"
    )]
    Fork {
        /// The registry.
        registry: String,
        /// The serial number.
        serial: u32,
    },
    /// The index is signed by another key than before.
    #[error(
        "the index of {registry} is signed by the key {signer}, but it was signed by {known} before; --allow-new-key takes it all the same"
    )]
    OtherSigner {
        /// The registry.
        registry: String,
        /// Who has signed it.
        signer: PublicKey,
        /// Who had signed it.
        known: PublicKey,
    },
    /// The name belongs to another key.
    #[error("{package} is {}, but the name belongs to the key {owner}; --allow-new-key takes it all the same", by(.signer))]
    OtherOwner {
        /// Its name and version.
        package: String,
        /// Who has signed it.
        signer: Option<PublicKey>,
        /// Whose the name is.
        owner: PublicKey,
    },
    /// A newer version is installed.
    #[error(
        "{name} {offered} is older than {installed}, which is installed; --allow-downgrade takes it all the same"
    )]
    Downgrade {
        /// The package.
        name: String,
        /// The version that is offered.
        offered: Version,
        /// The version that is installed.
        installed: Version,
    },
    /// The version is installed, with other contents.
    #[error("{name} {version} is installed with other contents: remove it before you install this one")]
    OtherContents {
        /// The package.
        name: String,
        /// The version.
        version: Version,
    },
}

/// How it is signed, for people.
fn by(signer: &Option<PublicKey>) -> String {
    match signer {
        Some(key) => format!("signed by the key {key}"),
        None => "not signed".to_owned(),
    }
}
