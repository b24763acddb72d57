//! Publishing: packages go into a registry.

use crate::registry::open;
use crate::{
    Digest, FileError, Index, Listed, Package, PublicKey, Registry, RegistryError, SecretKey, SignedIndex,
    file, limits, write_whole,
};
use std::fs;
use std::path::Path;

/// Packages that go into a registry, all of them or none.
#[derive(Debug)]
pub struct Publication {
    registry: Registry,
    /// Who has signed the index so far.
    signer: Option<PublicKey>,
    index: Index,
    /// What is new, and its file.
    added: Vec<(Listed, Vec<u8>)>,
}

/// Why a package is not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The registry or the package is refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It is not signed.
    #[error(
        "{package} is not signed: a name belongs to the key that published it first; `backplane sign` signs it"
    )]
    Unsigned {
        /// The package.
        package: String,
    },
    /// The name belongs to another key.
    #[error("{package} is signed by the key {signer}, but the name belongs to the key {owner}")]
    OtherOwner {
        /// The package.
        package: String,
        /// Who has signed it.
        signer: PublicKey,
        /// Whose the name is.
        owner: PublicKey,
    },
    /// The version is there, with other contents.
    #[error("{package} is published already, with other contents: give it another version")]
    Published {
        /// The package.
        package: String,
    },
    /// The registry is full.
    #[error("the registry has {limit} packages, and no room for {package}")]
    Full {
        /// The package.
        package: String,
        /// The limit: [`LISTED`](limits::LISTED).
        limit: usize,
    },
    /// The index is signed by another key.
    #[error("the index is signed by the key {signer}, and only with that key it can be changed")]
    OtherSigner {
        /// Whose signature it has.
        signer: PublicKey,
    },
    /// The files cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Publication {
    /// Begins with what the registry has; with nothing where there is none yet.
    ///
    /// # Errors
    /// The registry is refused.
    pub fn to(registry: &Registry) -> Result<Self, PublishError> {
        registry.local()?;
        let known = match registry.index() {
            Ok(index) => Some(index),
            Err(RegistryError::File(error)) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            registry: registry.clone(),
            signer: known.as_ref().map(SignedIndex::signer),
            index: known.map_or_else(Index::empty, SignedIndex::into_index),
            added: Vec::new(),
        })
    }

    /// Adds the package in a file. Whether it is new: the same package may be published again.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn add(&mut self, path: &Path) -> Result<bool, PublishError> {
        let bytes = file::read(path, limits::PACKAGE)?;
        let package = open(&path.display().to_string(), &bytes)?;
        let manifest = package.manifest();
        let title = format!("{} {}", manifest.name, manifest.version);
        let signer = self.check_owner(&title, &package)?;
        let is_it = |it: &&Listed| it.manifest.version == manifest.version;
        if let Some(known) = self.index.versions(&manifest.name).find(is_it) {
            return match known.manifest == *manifest {
                true => Ok(false),
                false => Err(PublishError::Published { package: title }),
            };
        }
        if self.index.packages.len() == limits::LISTED {
            return Err(PublishError::Full {
                package: title,
                limit: limits::LISTED,
            });
        }
        let listed = Listed {
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
            manifest: manifest.clone(),
        };
        self.index.insert(listed.clone());
        self.index.owners.insert(manifest.name.clone(), signer);
        self.index.check().map_err(|source| RegistryError::Index {
            registry: self.registry.location(),
            source,
        })?;
        self.added.push((listed, bytes));
        Ok(true)
    }

    /// Who has signed the package: the key that has its name, if one has.
    fn check_owner(&self, title: &str, package: &Package) -> Result<PublicKey, PublishError> {
        let package_title = || title.to_owned();
        let signer = package.signer().ok_or_else(|| PublishError::Unsigned {
            package: package_title(),
        })?;
        match self.index.owners.get(&package.manifest().name) {
            Some(owner) if *owner != signer => Err(PublishError::OtherOwner {
                package: package_title(),
                signer,
                owner: *owner,
            }),
            _ => Ok(signer),
        }
    }

    /// Writes the packages, and then the index that lists them, with the next serial number and signed by `key`. The
    /// serial number; that of before if nothing is new.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn publish(mut self, key: &SecretKey) -> Result<u32, PublishError> {
        if let Some(signer) = self.signer.filter(|signer| *signer != key.public()) {
            return Err(PublishError::OtherSigner { signer });
        }
        if self.added.is_empty() && self.signer.is_some() {
            return Ok(self.index.serial);
        }
        let folder = self.registry.local()?;
        let packages = folder.packages();
        fs::create_dir_all(&packages).map_err(FileError::io(&packages))?;
        for (listed, bytes) in &self.added {
            write_whole(&folder.package(listed), bytes)?;
        }
        self.index.serial = self.index.serial.saturating_add(1);
        let serial = self.index.serial;
        write_whole(&folder.index(), &self.index.sign(key).to_json())?;
        Ok(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::tests::{hello, key};
    use std::path::PathBuf;

    /// A package in a file, signed.
    fn packed(folder: &Path, version: &str, by: &SecretKey) -> PathBuf {
        let mut package = hello(version);
        package.sign(by).unwrap();
        let path = folder.join(format!("{version}.bpkg"));
        fs::write(&path, package.to_bytes().unwrap()).unwrap();
        path
    }

    fn registry(folder: &Path) -> Registry {
        Registry::folder(folder.join("registry").to_str().unwrap()).unwrap()
    }

    #[test]
    fn what_is_published_is_listed_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, author, operator) = (registry(folder.path()), key(), key());
        assert!(registry.index().is_err(), "there is none yet");
        for (serial, version) in [(1, "1.10.0"), (2, "1.9.0")] {
            let mut publication = Publication::to(&registry).unwrap();
            assert!(publication.add(&packed(folder.path(), version, &author)).unwrap());
            assert_eq!(publication.publish(&operator).unwrap(), serial);
        }
        let index = registry.index().unwrap();
        let versions: Vec<_> = index.index().versions("hello").collect();
        assert_eq!(versions[1].manifest.version.to_string(), "1.10.0");
        let package = registry.package(&index, versions[1]).unwrap();
        assert_eq!(
            (package.signer(), index.signer()),
            (Some(author.public()), operator.public())
        );
        let mut again = Publication::to(&registry).unwrap();
        assert!(!again.add(&packed(folder.path(), "1.9.0", &author)).unwrap());
        assert_eq!(again.publish(&operator).unwrap(), 2, "nothing has changed");
    }

    #[test]
    fn a_name_belongs_to_the_key_that_published_it_first() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, author, squatter) = (registry(folder.path()), key(), key());
        let mut publication = Publication::to(&registry).unwrap();
        publication.add(&packed(folder.path(), "1.0.0", &author)).unwrap();
        publication.publish(&author).unwrap();
        let mut publication = Publication::to(&registry).unwrap();
        let refused = publication.add(&packed(folder.path(), "2.0.0", &squatter));
        assert!(matches!(
            refused,
            Err(PublishError::OtherOwner { owner, .. }) if owner == author.public()
        ));
        let unsigned = folder.path().join("unsigned");
        fs::write(&unsigned, hello("2.0.0").to_bytes().unwrap()).unwrap();
        let refused = publication.add(&unsigned);
        assert!(matches!(refused, Err(PublishError::Unsigned { .. })));
        let refused = publication.publish(&squatter);
        assert!(matches!(refused, Err(PublishError::OtherSigner { .. })));
    }

    #[test]
    fn a_version_is_published_once() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, author) = (registry(folder.path()), key());
        let mut publication = Publication::to(&registry).unwrap();
        publication.add(&packed(folder.path(), "1.0.0", &author)).unwrap();
        let library = crate::Content::library("linux-aarch64", "libhello.so", vec![1]);
        let json = crate::package::tests::plugin_json("1.0.0").into_bytes();
        let mut other = Package::new(json, vec![library]).unwrap();
        other.sign(&author).unwrap();
        let path = folder.path().join("other");
        fs::write(&path, other.to_bytes().unwrap()).unwrap();
        assert!(matches!(
            publication.add(&path),
            Err(PublishError::Published { .. })
        ));
    }

    #[test]
    fn a_package_that_was_changed_in_the_registry_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, author) = (registry(folder.path()), key());
        let mut publication = Publication::to(&registry).unwrap();
        publication.add(&packed(folder.path(), "1.0.0", &author)).unwrap();
        publication.publish(&author).unwrap();
        let index = registry.index().unwrap();
        let listed = &index.index().packages[0];
        let path = registry.local().unwrap().package(listed);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        let refused = registry.package(&index, listed).unwrap_err();
        assert!(matches!(refused, RegistryError::Changed { .. }), "{refused}");
        // Another package in its place, signed by somebody else, whose hash an index would list.
        let other = packed(folder.path(), "1.0.0", &key());
        fs::copy(&other, &path).unwrap();
        let bytes = fs::read(&other).unwrap();
        let listed = Listed {
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
            manifest: listed.manifest.clone(),
        };
        let refused = registry.package(&index, &listed).unwrap_err();
        assert!(matches!(refused, RegistryError::OtherOwner { .. }), "{refused}");
    }
}
