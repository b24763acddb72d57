//! The lock file: what is installed, from whom, and how new the registries were.

mod error;

pub use error::LockError;

use crate::place::Place;
use crate::{Digest, Manifest, PublicKey, SignedIndex, file, limits, write_whole};
use backplane_descriptor::is_module_name;
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The format that this crate reads and writes.
const FORMAT: u32 = 1;
/// What stands at the top of the file.
const HEAD: &str = "# Written by `backplane install`. Keep it beside the bundle, and its history with that of the bundle.\n\n";

/// What is installed beside a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    format: u32,
    /// The packages by their names.
    #[serde(default)]
    pub packages: BTreeMap<String, Locked>,
    /// Whose each name is: the key of the first package with it that was installed. Stays when the package goes.
    #[serde(default)]
    pub owners: BTreeMap<String, PublicKey>,
    /// The registries that packages came from, and what they were when they were last asked.
    #[serde(default)]
    pub registries: BTreeMap<String, KnownRegistry>,
}

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Its version.
    pub version: Version,
    /// The hash of its manifest.
    pub manifest: Digest,
    /// Who has signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<PublicKey>,
    /// Where it came from; nothing if from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// For which target it is installed.
    pub target: String,
    /// The name of the library's file.
    pub library: String,
    /// The hash of the library.
    pub sha256: Digest,
}

/// What a registry was when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownRegistry {
    /// The serial number of its index.
    pub serial: u32,
    /// The hash of its index.
    pub index: Digest,
    /// Who had signed the index.
    pub signer: PublicKey,
}

/// What may be taken though the lock speaks against it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed {
    /// An older version than the one that is installed.
    pub downgrade: bool,
    /// A package, or an index, by another key than before.
    pub new_key: bool,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            format: FORMAT,
            packages: BTreeMap::new(),
            owners: BTreeMap::new(),
            registries: BTreeMap::new(),
        }
    }
}

impl Lock {
    /// How the file is called; it lies beside the bundle.
    pub const FILE: &'static str = "backplane.lock";

    /// Reads a lock file; one that is not there says that nothing is installed.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let bytes = match file::read(path, limits::LOCK) {
            Err(error) if error.is_missing() => return Ok(Self::default()),
            bytes => bytes?,
        };
        let fail = |problem: String| LockError::Content {
            path: path.to_owned(),
            problem,
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not UTF-8 text".to_owned()))?;
        let lock: Self = toml::from_str(text).map_err(|error| fail(error.message().to_owned()))?;
        lock.check().map_err(fail)?;
        Ok(lock)
    }

    fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!(
                "it has format {}, this program knows {FORMAT}: use a newer one",
                self.format
            ));
        }
        for (name, locked) in &self.packages {
            let (target, file) = (&*locked.target, &*locked.library);
            let path = Place::Library { target, file }.path();
            if !is_module_name(name) || Place::of(&path).is_err() {
                return Err(format!("[packages.{name}] names no library of a package"));
            }
        }
        Ok(())
    }

    /// Writes it, in full or not at all.
    ///
    /// # Errors
    /// [`LockError::File`].
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let text = toml::to_string(self).map_err(|error| LockError::Content {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        Ok(write_whole(path, (HEAD.to_owned() + &text).as_bytes())?)
    }

    /// Takes note of the index of a registry, unless it is older than one that was seen before, or somebody else's.
    ///
    /// # Errors
    /// [`LockError::Rollback`], [`LockError::Fork`], [`LockError::OtherSigner`].
    pub fn note(&mut self, registry: &str, index: &SignedIndex, allowed: Allowed) -> Result<(), LockError> {
        let now = KnownRegistry {
            serial: index.index().serial,
            index: index.digest(),
            signer: index.signer(),
        };
        let name = registry.to_owned();
        match self.registries.get(registry) {
            Some(known) if known.signer != now.signer && !allowed.new_key => {
                return Err(LockError::OtherSigner {
                    registry: name,
                    signer: now.signer,
                    known: known.signer,
                });
            }
            Some(known) if known.signer != now.signer => {}
            Some(known) if now.serial < known.serial => {
                return Err(LockError::Rollback {
                    registry: name,
                    serial: now.serial,
                    known: known.serial,
                });
            }
            Some(known) if now.serial == known.serial && now.index != known.index => {
                let (registry, serial) = (name, now.serial);
                return Err(LockError::Fork { registry, serial });
            }
            _ => {}
        }
        self.registries.insert(name, now);
        Ok(())
    }

    /// Whether the package with this manifest and signature may be installed over what is.
    ///
    /// # Errors
    /// [`LockError::OtherOwner`], [`LockError::Downgrade`], [`LockError::OtherContents`].
    pub fn admit(
        &self,
        manifest: &Manifest,
        signer: Option<PublicKey>,
        allowed: Allowed,
    ) -> Result<(), LockError> {
        let (name, version) = (manifest.name.clone(), manifest.version.clone());
        if let Some(owner) = self.owners.get(&name)
            && signer != Some(*owner)
            && !allowed.new_key
        {
            let owner = *owner;
            return Err(LockError::OtherOwner {
                package: format!("{name} {version}"),
                signer,
                owner,
            });
        }
        match self.packages.get(&name) {
            Some(locked) if version < locked.version && !allowed.downgrade => Err(LockError::Downgrade {
                name,
                offered: version,
                installed: locked.version.clone(),
            }),
            Some(locked) if version == locked.version && manifest.digest() != locked.manifest => {
                Err(LockError::OtherContents { name, version })
            }
            _ => Ok(()),
        }
    }

    /// Takes note that a package is installed, and whose its name is.
    pub fn insert(&mut self, name: &str, locked: Locked) {
        if let Some(signer) = locked.signer {
            self.owners.insert(name.to_owned(), signer);
        }
        self.packages.insert(name.to_owned(), locked);
    }
}

#[cfg(test)]
mod tests;
