//! A registry: a folder with packages and one index, on this machine or on the web.

mod error;

pub use error::RegistryError;

#[cfg(feature = "http")]
use crate::web::{Address, Size, Web};
use crate::{Digest, Listed, Package, SignedIndex, file, limits};
use std::path::{Path, PathBuf};

/// The file with the index.
const INDEX: &str = "index.json";
/// The folder with the packages.
const PACKAGES: &str = "packages";

/// A registry.
#[derive(Debug, Clone)]
pub struct Registry {
    place: Place,
}

/// Where a registry is.
#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    #[cfg(feature = "http")]
    Web(Address, Web),
}

impl Registry {
    /// The registry at `location`: a folder, or its `file://`, `http://` or `https://` URL. Servers are believed for
    /// which the authorities of the system vouch.
    ///
    /// # Errors
    /// [`RegistryError::Location`]: it is a URL of another kind.
    #[cfg(feature = "http")]
    pub fn at(location: &str) -> Result<Self, RegistryError> {
        Self::over(location, &Web::default())
    }

    /// The registry at `location`, which is fetched as `web` says if it is on the web.
    ///
    /// # Errors
    /// [`RegistryError::Location`].
    #[cfg(feature = "http")]
    pub fn over(location: &str, web: &Web) -> Result<Self, RegistryError> {
        if !location.starts_with("http://") && !location.starts_with("https://") {
            return Self::folder(location);
        }
        let address = Address::of(location).map_err(|problem| RegistryError::Location {
            location: without_secrets(location).to_owned(),
            problem,
        })?;
        let place = Place::Web(address, web.clone());
        Ok(Self { place })
    }

    /// The registry at `location`: a folder, or its `file://` URL.
    ///
    /// # Errors
    /// [`RegistryError::Location`]: it is a URL of another kind.
    pub fn folder(location: &str) -> Result<Self, RegistryError> {
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
                    "here it must be a folder: name the one that the server gives out",
                ));
            }
            Some(_) => {
                return Err(fail(
                    "a registry is a folder, or a file://, http:// or https:// URL",
                ));
            }
        };
        let folder = std::path::absolute(path).map_err(|_| fail("it is no path"))?;
        let place = Place::Folder(folder);
        Ok(Self { place })
    }

    /// Its URL, which stands in the lock.
    pub fn location(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("file://{}", folder.display()),
            #[cfg(feature = "http")]
            Place::Web(address, _) => address.to_string(),
        }
    }

    /// The folder, unless it is on the web.
    pub(crate) fn local(&self) -> Result<LocalFolder<'_>, RegistryError> {
        match &self.place {
            Place::Folder(folder) => Ok(LocalFolder(folder)),
            #[cfg(feature = "http")]
            Place::Web(..) => Err(RegistryError::Location {
                location: self.location(),
                problem: "packages are published into a folder: name the one that the server gives out",
            }),
        }
    }

    /// Reads the index.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn index(&self) -> Result<SignedIndex, RegistryError> {
        let json = match &self.place {
            Place::Folder(folder) => file::read(&LocalFolder(folder).index(), limits::INDEX)?,
            #[cfg(feature = "http")]
            Place::Web(address, web) => web.get(&address.file([INDEX]), Size::AtMost(limits::INDEX))?,
        };
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
        let (file, bytes) = self.read(listed)?;
        let (found, expected) = (Digest::of(&bytes), listed.sha256);
        if found != expected || bytes.len() as u64 != listed.size {
            return Err(RegistryError::Changed {
                file,
                expected,
                found,
            });
        }
        let package = open(&file, &bytes)?;
        if *package.manifest() != listed.manifest {
            return Err(RegistryError::OtherManifest { file });
        }
        let name = &listed.manifest.name;
        match index.index().owners.get(name) {
            Some(owner) if package.signer() != Some(*owner) => Err(RegistryError::OtherOwner {
                file,
                name: name.clone(),
                owner: *owner,
            }),
            _ => Ok(package),
        }
    }

    /// The file of a package, and where it is.
    fn read(&self, listed: &Listed) -> Result<(String, Vec<u8>), RegistryError> {
        match &self.place {
            Place::Folder(folder) => {
                let path = LocalFolder(folder).package(listed);
                let bytes = file::read(&path, limits::PACKAGE)?;
                Ok((path.display().to_string(), bytes))
            }
            #[cfg(feature = "http")]
            Place::Web(address, web) => {
                let address = address.file([PACKAGES, &listed.file()]);
                let bytes = web.get(&address, Size::Exactly(listed.size))?;
                Ok((address.to_string(), bytes))
            }
        }
    }
}

/// A URL without what may be a password in it.
#[cfg(feature = "http")]
fn without_secrets(url: &str) -> &str {
    let url = url.split('?').next().unwrap_or_default();
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

/// A registry on this machine.
pub(crate) struct LocalFolder<'a>(&'a Path);

impl LocalFolder<'_> {
    pub(crate) fn index(&self) -> PathBuf {
        self.0.join(INDEX)
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.0.join(PACKAGES)
    }

    pub(crate) fn package(&self, listed: &Listed) -> PathBuf {
        self.packages().join(listed.file())
    }
}

pub(crate) fn open(file: &str, bytes: &[u8]) -> Result<Package, RegistryError> {
    Package::read(bytes).map_err(|source| RegistryError::Package {
        file: file.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_folder_or_its_url() {
        let registry = Registry::folder("/srv/registry").unwrap();
        assert_eq!(registry.location(), "file:///srv/registry");
        let same = Registry::folder("file:///srv/registry").unwrap();
        assert_eq!(same.location(), registry.location());
        assert!(Registry::folder("here").unwrap().location().ends_with("/here"));
        for (location, expected) in [
            (
                "https://example.org/",
                "https://example.org/: here it must be a folder: name the one that the server gives out",
            ),
            (
                "ftp://example.org",
                "ftp://example.org: a registry is a folder, or a file://, http:// or https:// URL",
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
            assert_eq!(Registry::folder(location).unwrap_err().to_string(), expected);
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_registry_on_the_web_is_read_and_not_written() {
        let registry = Registry::at("https://example.org/r/").unwrap();
        assert_eq!(registry.location(), "https://example.org/r");
        assert!(matches!(registry.local(), Err(RegistryError::Location { .. })));
        let refused = Registry::at("https://me:secret@example.org/r")
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            "example.org/r: a user or a password has no place in the URL, which stands in the lock"
        );
    }
}
