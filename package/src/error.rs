//! Why a package is refused.

use crate::{Digest, FileError, PathProblem, PublicKey};
use backplane_descriptor::ManifestError;
use std::io;

/// Why a package is refused, or not made. Names of entries come from strangers and are shown escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no compressed archive, or it is cut off or garbled.
    #[error("the package is damaged: {0}: fetch or build it again")]
    Damaged(io::Error),
    /// An entry is a link, a device, a folder or an extension of the format.
    #[error("entry {entry:?} is {kind}; a package holds regular files alone")]
    NotAFile {
        /// The entry.
        entry: String,
        /// What it is.
        kind: &'static str,
    },
    /// An entry has a path that no package has.
    #[error("entry {entry:?}: {problem}")]
    Path {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// Two entries have one path, the case of letters not counted.
    #[error("entry {entry:?} is there twice")]
    Duplicate {
        /// The entry.
        entry: String,
    },
    /// An entry is too large.
    #[error("entry {entry:?} has {size} bytes, at most {limit} are allowed")]
    EntryTooLarge {
        /// The entry.
        entry: String,
        /// Its size in bytes, as it says.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The entries are too large in all.
    #[error("with entry {entry:?} the package unpacks to {size} bytes, at most {limit} are allowed")]
    TooLarge {
        /// The entry with which the limit was passed.
        entry: String,
        /// The size up to it, in bytes.
        size: u64,
        /// The limit in bytes: [`UNPACKED`](crate::limits::UNPACKED).
        limit: u64,
    },
    /// There are too many entries.
    #[error("entry {entry:?} is one too many: at most {limit} are allowed")]
    TooMany {
        /// The first that is too many.
        entry: String,
        /// The limit: [`ENTRIES`](crate::limits::ENTRIES).
        limit: usize,
    },
    /// Something follows the end.
    #[error("something follows the end of the package")]
    Trailing,
    /// It could be read, but is not written as packages are.
    #[error(
        "{what} is not in the one form that it has in a package: build the package with `backplane pack`"
    )]
    NotCanonical {
        /// What is written otherwise.
        what: &'static str,
    },
    /// An entry is not there.
    #[error("the package has no entry {entry:?}")]
    Missing {
        /// The entry.
        entry: String,
    },
    /// An entry is not in the manifest.
    #[error("entry {entry:?} is not in the manifest")]
    Unlisted {
        /// The entry.
        entry: String,
    },
    /// An entry is not what the manifest says.
    #[error("entry {entry:?} has SHA-256 {found}, the manifest says {expected}")]
    Changed {
        /// The entry.
        entry: String,
        /// What the manifest says.
        expected: Digest,
        /// What is there.
        found: Digest,
    },
    /// An entry that holds JSON does not hold what it should.
    #[error("entry {entry:?} is not valid: {source}")]
    Json {
        /// The entry.
        entry: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// The package is of a format of the future.
    #[error("the package has format {found}, this program knows {known}: use a newer one")]
    Format {
        /// Which it has.
        found: u32,
        /// Which is known.
        known: u32,
    },
    /// A field of the manifest breaks a rule.
    #[error("manifest.json: {field}: {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// Which rule.
        problem: String,
    },
    /// The plugin's own manifest breaks a rule.
    #[error("plugin.json: {0}")]
    Plugin(#[from] ManifestError),
    /// The manifest of the package says something else than that of the plugin.
    #[error("manifest.json does not say the same of the plugin as plugin.json")]
    OtherPlugin,
    /// There is no library.
    #[error("the package has no library")]
    NoLibrary,
    /// There are two libraries for one target.
    #[error("there are two libraries for the target {target}")]
    TwoLibraries {
        /// The target.
        target: String,
    },
    /// It is signed by another key already.
    #[error("the package is signed by the key {key} already: pack it again for another signature")]
    Signed {
        /// Which key.
        key: PublicKey,
    },
    /// The signature is not one of this package by its key.
    #[error("the signature by the key {key} does not fit the package: it was changed after it was signed")]
    Signature {
        /// Which key.
        key: PublicKey,
    },
}
