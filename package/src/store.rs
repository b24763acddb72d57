//! Where packages are installed: a folder beside the bundle, with a folder for each package.

use crate::{Digest, FileError, Locked, Package, file, limits};
use semver::Version;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that whoever changes the store has locked.
const GUARD: &str = ".lock";

/// The folder with the installed packages.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// The store is not changed by others while this is there.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

/// Whether what is installed is what the lock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is.
    Intact,
    /// The library is not there.
    Missing,
    /// The library is another one.
    Changed,
}

/// Why a package is not installed or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody else is at it.
    #[error("another `backplane` changes the packages in {}: wait for it", .folder.display())]
    Busy {
        /// The folder of the store.
        folder: PathBuf,
    },
    /// There is no library for this machine.
    #[error("{name} {version} is not built for {target}, but for {}", .targets.join(", "))]
    NoTarget {
        /// The package.
        name: String,
        /// Its version.
        version: Version,
        /// What it is not built for.
        target: String,
        /// What it is built for.
        targets: Vec<String>,
    },
}

impl Store {
    /// The store of the bundle in the folder `bundle`.
    pub fn beside(bundle: &Path) -> Self {
        let folder = bundle.join("packages");
        Self { folder }
    }

    fn folder_of(&self, name: &str, version: &Version) -> PathBuf {
        self.folder.join(format!("{name}-{version}"))
    }

    /// The library of an installed package.
    pub fn library(&self, name: &str, locked: &Locked) -> PathBuf {
        self.folder_of(name, &locked.version).join(&locked.library)
    }

    /// Keeps others from changing the store.
    ///
    /// # Errors
    /// [`StoreError::Busy`]: somebody does.
    pub fn guard(&self) -> Result<Guard, StoreError> {
        fs::create_dir_all(&self.folder).map_err(FileError::io(&self.folder))?;
        let path = self.folder.join(GUARD);
        let file = File::create(&path).map_err(FileError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Guard { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy {
                folder: self.folder.clone(),
            }),
            Err(TryLockError::Error(error)) => Err(FileError::io(&path)(error).into()),
        }
    }

    /// Unpacks what a package has for `target`, all of it or nothing: the library, the manifest of the plugin, the
    /// licences. Gives what the lock says of it. Nothing of an installed package is touched that has another version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn place(
        &self,
        package: &Package,
        target: &str,
        registry: Option<String>,
    ) -> Result<Locked, StoreError> {
        let manifest = package.manifest();
        let (name, version) = (&manifest.name, &manifest.version);
        let Some((library, code)) = package.library(target) else {
            return Err(StoreError::NoTarget {
                name: name.clone(),
                version: version.clone(),
                target: target.to_owned(),
                targets: manifest.targets().map(str::to_owned).collect(),
            });
        };
        let locked = Locked {
            version: version.clone(),
            manifest: package.digest(),
            signer: package.signer(),
            registry,
            target: target.to_owned(),
            library: library.to_owned(),
            sha256: Digest::of(code),
        };
        if self.condition(name, &locked) != Condition::Intact {
            let place = self.folder_of(name, version);
            self.unpack(package, library, code, &place)
                .map_err(FileError::io(&place))?;
        }
        Ok(locked)
    }

    fn unpack(&self, package: &Package, library: &str, code: &[u8], place: &Path) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let new = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(&self.folder)?;
        let licenses = new.path().join("licenses");
        fs::create_dir(&licenses)?;
        let plugin = ("plugin.json", package.plugin_json());
        for (name, bytes) in [(library, code), plugin] {
            write(&new.path().join(name), bytes)?;
        }
        for (name, bytes) in package.licenses() {
            write(&licenses.join(name), bytes)?;
        }
        remove(place)?;
        fs::rename(new.path(), place)?;
        // It is not there any more.
        let _ = new.keep();
        File::open(&self.folder)?.sync_all()
    }

    /// Takes an installed version away, if it is there.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn remove(&self, name: &str, version: &Version) -> Result<(), StoreError> {
        let place = self.folder_of(name, version);
        Ok(remove(&place).map_err(FileError::io(&place))?)
    }

    /// Whether what is installed is what the lock says. Reads the library.
    pub fn condition(&self, name: &str, locked: &Locked) -> Condition {
        match file::read(&self.library(name, locked), limits::LIBRARY) {
            Ok(bytes) if Digest::of(&bytes) == locked.sha256 => Condition::Intact,
            Err(error) if error.is_missing() => Condition::Missing,
            _ => Condition::Changed,
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)?;
    File::open(path)?.sync_all()
}

fn remove(place: &Path) -> io::Result<()> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::tests::hello;

    const TARGET: &str = "linux-x86_64";

    #[test]
    fn a_package_is_unpacked_beside_its_other_version_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::beside(folder.path());
        let place = |version: &str| store.place(&hello(version), TARGET, None).unwrap();
        let (old, new) = (place("1.0.0"), place("1.1.0"));
        let library = store.library("hello", &new);
        assert_eq!(library, folder.path().join("packages/hello-1.1.0/libhello.so"));
        assert_eq!(fs::read(&library).unwrap(), b"code of 1.1.0");
        let beside = library.with_file_name("licenses/LICENSE-MIT");
        assert_eq!(fs::read(beside).unwrap(), b"Do what you like.");
        store.remove("hello", &old.version).unwrap();
        store.remove("hello", &old.version).unwrap();
        assert_eq!(store.condition("hello", &old), Condition::Missing);
        assert_eq!(store.condition("hello", &new), Condition::Intact);
        assert_eq!(fs::read_dir(folder.path().join("packages")).unwrap().count(), 1);
    }

    #[test]
    fn what_was_changed_is_noticed_and_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::beside(folder.path());
        let locked = store.place(&hello("1.0.0"), TARGET, None).unwrap();
        fs::write(store.library("hello", &locked), "evil").unwrap();
        assert_eq!(store.condition("hello", &locked), Condition::Changed);
        assert_eq!(store.place(&hello("1.0.0"), TARGET, None).unwrap(), locked);
        assert_eq!(store.condition("hello", &locked), Condition::Intact);
    }

    #[test]
    fn another_target_is_refused_with_those_that_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Store::beside(folder.path()).place(&hello("1.0.0"), "macos-aarch64", None);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "hello 1.0.0 is not built for macos-aarch64, but for linux-x86_64"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_one_changes_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::beside(folder.path());
        let guard = store.guard().unwrap();
        assert!(matches!(store.guard(), Err(StoreError::Busy { .. })));
        drop(guard);
        store.guard().unwrap();
    }
}
