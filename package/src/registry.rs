//! A registry: a folder with packages and one index.

use crate::{
    Digest, FileError, IndexError, Listed, Package, PackageError, PublicKey, SignedIndex, file, limits,
};
use std::path::{Path, PathBuf};

/// The file with the index.
pub(crate) const INDEX: &str = "index.json";
/// The folder with the packages.
pub(crate) const PACKAGES: &str = "packages";

/// A registry.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: PathBuf,
}

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
    /// The index is refused.
    #[error("{registry}: {source}")]
    Index {
        /// Which registry.
        registry: String,
        /// Why.
        source: IndexError,
    },
    /// The file of a package is not the one that is listed.
    #[error("{} has SHA-256 {found}, the index says {expected}: it was changed after it was published", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What the index says.
        expected: Digest,
        /// What is there.
        found: Digest,
    },
    /// A package is refused.
    #[error("{}: {source}", .path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PackageError,
    },
    /// The package says something else than the index says of it.
    #[error("{} does not say the same of itself as the index", .path.display())]
    OtherManifest {
        /// The file.
        path: PathBuf,
    },
    /// The package is not signed by the key that has its name.
    #[error("{} is not signed by the key {owner}, whose the name {name} is", .path.display())]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// Whose it is.
        owner: PublicKey,
    },
}

impl Registry {
    /// The registry at `location`: a folder, or its `file://` URL.
    ///
    /// # Errors
    /// [`RegistryError::Location`]: it is a URL of another kind.
    pub fn at(location: &str) -> Result<Self, RegistryError> {
        let fail = |problem| RegistryError::Location {
            location: location.to_owned(),
            problem,
        };
        let path = match location.split_once("://") {
            None => location,
            Some(("file", path)) if path.starts_with('/') && !path.contains(['%', '?', '#']) => path,
            Some(("file", _)) => {
                return Err(fail(
                    "a file:// URL has an absolute path, and nothing escaped in it",
                ));
            }
            Some(("http" | "https", _)) => {
                return Err(fail(
                    "registries over HTTP are not supported: mirror the folder, and name the copy",
                ));
            }
            Some(_) => return Err(fail("a registry is a folder or a file:// URL")),
        };
        let folder = std::path::absolute(path).map_err(|_| fail("it is no path"))?;
        Ok(Self { folder })
    }

    /// Its `file://` URL, which stands in the lock.
    pub fn location(&self) -> String {
        format!("file://{}", self.folder.display())
    }

    pub(crate) fn index_file(&self) -> PathBuf {
        self.folder.join(INDEX)
    }

    pub(crate) fn package_file(&self, listed: &Listed) -> PathBuf {
        self.packages().join(listed.file())
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.folder.join(PACKAGES)
    }

    /// Reads the index.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn index(&self) -> Result<SignedIndex, RegistryError> {
        let json = file::read(&self.index_file(), limits::INDEX)?;
        SignedIndex::parse(&json).map_err(|source| RegistryError::Index {
            registry: self.location(),
            source,
        })
    }

    /// Reads a package of its index, and checks that it is what the index says.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn package(&self, index: &SignedIndex, listed: &Listed) -> Result<Package, RegistryError> {
        let path = self.package_file(listed);
        let bytes = file::read(&path, limits::PACKAGE)?;
        let (found, expected) = (Digest::of(&bytes), listed.sha256);
        if found != expected || bytes.len() as u64 != listed.size {
            return Err(RegistryError::Changed {
                path,
                expected,
                found,
            });
        }
        let package = open(&path, &bytes)?;
        if *package.manifest() != listed.manifest {
            return Err(RegistryError::OtherManifest { path });
        }
        let name = &listed.manifest.name;
        match index.index().owners.get(name) {
            Some(owner) if package.signer() != Some(*owner) => Err(RegistryError::OtherOwner {
                path,
                name: name.clone(),
                owner: *owner,
            }),
            _ => Ok(package),
        }
    }
}

pub(crate) fn open(path: &Path, bytes: &[u8]) -> Result<Package, RegistryError> {
    Package::read(bytes).map_err(|source| RegistryError::Package {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_folder_or_its_url() {
        let registry = Registry::at("/srv/registry").unwrap();
        assert_eq!(registry.location(), "file:///srv/registry");
        assert_eq!(
            Registry::at("file:///srv/registry").unwrap().folder,
            registry.folder
        );
        assert!(Registry::at("here").unwrap().folder.ends_with("here"));
        for (location, expected) in [
            (
                "https://example.org/",
                "https://example.org/: registries over HTTP are not supported: mirror the folder, and name the copy",
            ),
            (
                "ftp://example.org",
                "ftp://example.org: a registry is a folder or a file:// URL",
            ),
            (
                "file://host/srv",
                "file://host/srv: a file:// URL has an absolute path, and nothing escaped in it",
            ),
            (
                "file:///srv/a%20b",
                "file:///srv/a%20b: a file:// URL has an absolute path, and nothing escaped in it",
            ),
            ("", ": it is no path"),
        ] {
            assert_eq!(Registry::at(location).unwrap_err().to_string(), expected);
        }
    }
}
