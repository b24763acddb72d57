//! The descriptors that are kept in version control beside the source of an interface.
//!
//! A folder has one file `ID-VERSION.json` for each version of an interface, in the form of
//! [`to_pretty_json`]. The test of a contract compares what its source says with them, so that no contract changes
//! without its version:
//!
//! ```no_run
//! # let interface: backplane_descriptor::fixed::InterfaceTy = unimplemented!();
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/interfaces");
//! backplane_descriptor::committed::check(folder.as_ref(), &interface)?;
//! # Ok::<(), backplane_descriptor::committed::CommittedError>(())
//! ```

use crate::Interface;
use crate::canonical::{hash, to_pretty_json};
use crate::check::check_interface;
use crate::diff::{self, SemverError};
use crate::fixed::InterfaceTy;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The environment variable that is set to `1` to write new descriptors, and those whose docs alone changed.
pub const UPDATE: &str = "UPDATE";

/// Why an interface is not as it was committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommittedError {
    /// The contract changed by more than its version.
    #[error(transparent)]
    Version(#[from] SemverError),
    /// This version was never committed.
    #[error("{} is not there: run the test with {UPDATE}=1 and commit the file", .0.display())]
    Missing(PathBuf),
    /// The docs changed.
    #[error("{} has other docs: run the test with {UPDATE}=1 and commit the file", .0.display())]
    Docs(PathBuf),
    /// The constant, or a committed file, is no descriptor.
    #[error("{}: {source}", path.display())]
    Invalid {
        /// The file, or the id of the interface.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The interface breaks a rule of descriptors.
    #[error("{id}: {place}: {problem}")]
    Rule {
        /// The interface.
        id: String,
        /// Where.
        place: String,
        /// Which rule, and how it is broken.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Whether `interface` is what its file in `folder` says, and its version right for what changed since the last one.
///
/// With the environment variable [`UPDATE`] set to `1` it writes the file of a new version, and one whose docs
/// alone changed; it never replaces a descriptor by one that means something else.
///
/// # Errors
/// [`CommittedError`] is one sentence that says what to do.
pub fn check(folder: &Path, interface: &InterfaceTy) -> Result<(), CommittedError> {
    let model = interface.to_model().map_err(|source| CommittedError::Invalid {
        path: interface.id.into(),
        source,
    })?;
    compare(
        folder,
        &model,
        std::env::var_os(UPDATE).is_some_and(|it| it == "1"),
    )
}

/// As [`check`], told whether to write.
///
/// # Errors
/// [`CommittedError`].
pub fn compare(folder: &Path, new: &Interface, update: bool) -> Result<(), CommittedError> {
    check_interface(new).map_err(|(place, problem)| CommittedError::Rule {
        id: new.id.clone(),
        place,
        problem,
    })?;
    let path = folder.join(format!("{}-{}.json", new.id, new.version));
    let text = to_pretty_json(new);
    let versions = versions(folder, &new.id)?;
    let problem = match versions.iter().find(|(old, _)| old.version == new.version) {
        Some((_, committed)) if *committed == text => return Ok(()),
        Some((old, _)) => {
            if hash(old) != hash(new) {
                diff::check(old, new)?;
            }
            CommittedError::Docs(path.clone())
        }
        None => {
            if let Some(last) = predecessor(&versions, new) {
                diff::check(last, new)?;
            }
            CommittedError::Missing(path.clone())
        }
    };
    if !update {
        return Err(problem);
    }
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
    written.map_err(|source| CommittedError::Io { path, source })
}

/// The version that `new` is compared with: the last one of its major number, else the last one before it.
fn predecessor<'a>(versions: &'a [(Interface, String)], new: &Interface) -> Option<&'a Interface> {
    let versions = || versions.iter().map(|(interface, _)| interface);
    let latest = |it: &&Interface| it.version.clone();
    versions()
        .filter(|old| old.version.major == new.version.major)
        .max_by_key(latest)
        .or_else(|| {
            versions()
                .filter(|old| old.version < new.version)
                .max_by_key(latest)
        })
}

/// The committed versions of an interface, each with its text; none when there is no folder.
fn versions(folder: &Path, id: &str) -> Result<Vec<(Interface, String)>, CommittedError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        |source| CommittedError::Io { path, source }
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io(folder))?,
    };
    let mut versions = Vec::new();
    for entry in entries {
        let path = entry.map_err(io(folder))?.path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let interface: Interface = serde_json::from_str(&text).map_err(|source| CommittedError::Invalid {
            path: path.clone(),
            source,
        })?;
        if interface.id == id {
            versions.push((interface, text));
        }
    }
    Ok(versions)
}

#[cfg(test)]
mod tests;
