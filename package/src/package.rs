//! A package: its manifest, its signature and its files.

use crate::archive::{self, Member};
use crate::place::{MANIFEST, PLUGIN, Place, SIGNATURE};
use crate::signature::Purpose;
use crate::{Digest, Entry, Manifest, PackageError, PublicKey, SecretKey, Signature, file, limits};
use backplane_descriptor::Manifest as PluginManifest;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// A package whose every file is what its manifest says. If it is signed, the signature fits; whether the key is one
/// to believe is another question.
#[derive(Debug, Clone)]
pub struct Package {
    manifest: Manifest,
    signature: Option<Signature>,
    plugin: PluginManifest,
    /// The files by their paths, without manifest and signature.
    contents: BTreeMap<String, Vec<u8>>,
}

/// A file that a package is made of.
#[derive(Debug, Clone)]
pub struct Content {
    path: String,
    bytes: Vec<u8>,
}

impl Content {
    /// The library for `target`, with the name of its file.
    pub fn library(target: &str, file: &str, bytes: Vec<u8>) -> Self {
        let path = Place::Library { target, file }.path();
        Self { path, bytes }
    }

    /// A licence, with the name of its file.
    pub fn license(file: &str, bytes: Vec<u8>) -> Self {
        let path = Place::License { file }.path();
        Self { path, bytes }
    }
}

impl Package {
    /// A package, not signed yet. `plugin` is the manifest of the plugin as it stands in each library.
    ///
    /// # Errors
    /// [`PackageError`]: a rule of packages is broken.
    pub fn new(plugin: Vec<u8>, files: Vec<Content>) -> Result<Self, PackageError> {
        let manifest = PluginManifest::parse(&plugin)?;
        let mut contents = BTreeMap::from([(PLUGIN.to_owned(), plugin)]);
        for Content { path, bytes } in files {
            let is_twin = |other: &String| other.eq_ignore_ascii_case(&path);
            if contents.keys().any(is_twin) {
                return Err(PackageError::Duplicate { entry: path });
            }
            contents.insert(path, bytes);
        }
        let entries = contents.iter().map(|(path, bytes)| Entry {
            path: path.clone(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        });
        let package = Self {
            manifest: Manifest::of(&manifest, entries.collect()),
            signature: None,
            plugin: manifest,
            contents,
        };
        package.manifest.check()?;
        package.check_count()?;
        Ok(package)
    }

    /// Reads and checks a package.
    ///
    /// # Errors
    /// [`PackageError`] names the entry and the rule.
    pub fn read(from: impl io::BufRead) -> Result<Self, PackageError> {
        Self::of_members(archive::read(from)?)
    }

    /// The same of a package that is not compressed, which fuzzing can change bit by bit.
    #[doc(hidden)]
    pub fn read_plain(from: impl io::Read) -> Result<Self, PackageError> {
        Self::of_members(archive::read_tar(from)?.0)
    }

    fn of_members(members: Vec<Member>) -> Result<Self, PackageError> {
        let order: Vec<String> = members.iter().map(|member| member.path.clone()).collect();
        let contents = members.into_iter().map(|Member { path, bytes }| (path, bytes));
        let package = Self::of(contents.collect())?;
        match package.paths().eq(order.iter().map(String::as_str)) {
            true => Ok(package),
            false => Err(PackageError::NotCanonical {
                what: "the order of the entries",
            }),
        }
    }

    /// Reads and checks the package in a file.
    ///
    /// # Errors
    /// As [`Package::read`].
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        Self::read(&*file::read(path, limits::PACKAGE)?)
    }

    fn of(mut contents: BTreeMap<String, Vec<u8>>) -> Result<Self, PackageError> {
        let missing = |entry: &str| PackageError::Missing {
            entry: entry.to_owned(),
        };
        let manifest = contents.remove(MANIFEST).ok_or_else(|| missing(MANIFEST))?;
        let manifest = Manifest::parse(&manifest)?;
        let signature = contents.remove(SIGNATURE);
        let signature = signature.map(|json| Signature::parse(&json)).transpose()?;
        if let Some(signature) = &signature
            && !signature.fits(Purpose::Package, &manifest.digest())
        {
            let key = signature.key;
            return Err(PackageError::Signature { key });
        }
        check_contents(&manifest, &contents)?;
        let plugin = PluginManifest::parse(contents.get(PLUGIN).ok_or_else(|| missing(PLUGIN))?)?;
        if Manifest::of(&plugin, manifest.entries.clone()) != manifest {
            return Err(PackageError::OtherPlugin);
        }
        Ok(Self {
            manifest,
            signature,
            plugin,
            contents,
        })
    }

    /// With the manifest and a signature, which are entries too.
    fn check_count(&self) -> Result<(), PackageError> {
        let limit = limits::ENTRIES;
        match self.contents.keys().nth(limit - 2) {
            Some(entry) => Err(PackageError::TooMany {
                entry: entry.clone(),
                limit,
            }),
            None => Ok(()),
        }
    }

    /// Signs it. The same key gives the same signature, so that signing twice changes nothing.
    ///
    /// # Errors
    /// It is signed by another key.
    pub fn sign(&mut self, key: &SecretKey) -> Result<(), PackageError> {
        match self.signer() {
            Some(other) if other != key.public() => Err(PackageError::Signed { key: other }),
            _ => {
                self.signature = Some(key.sign(Purpose::Package, &self.digest()));
                Ok(())
            }
        }
    }

    /// Whose signature it has.
    pub fn signer(&self) -> Option<PublicKey> {
        self.signature.as_ref().map(|signature| signature.key)
    }

    /// What it says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hash of its manifest, which stands for all of it but the signature.
    pub fn digest(&self) -> Digest {
        self.manifest.digest()
    }

    /// What the plugin says of itself.
    pub const fn plugin(&self) -> &PluginManifest {
        &self.plugin
    }

    /// The same as it stands in each library.
    pub fn plugin_json(&self) -> &[u8] {
        self.contents.get(PLUGIN).map_or(&[], Vec::as_slice)
    }

    /// The library for `target`: the name of its file, and its bytes.
    pub fn library(&self, target: &str) -> Option<(&str, &[u8])> {
        let (file, entry) = self.manifest.library(target)?;
        Some((file, self.contents.get(&entry.path)?))
    }

    /// The licences: the names of their files, and their texts.
    pub fn licenses(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.contents
            .iter()
            .filter_map(|(path, bytes)| match Place::of(path) {
                Ok(Place::License { file }) => Some((file, &**bytes)),
                _ => None,
            })
    }

    /// The paths of all entries, in their order.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let signature = self.signature.iter().map(|_| SIGNATURE);
        let contents = self.contents.keys().map(String::as_str);
        [MANIFEST].into_iter().chain(signature).chain(contents)
    }

    /// The file of the package. The same package always has the same bytes.
    ///
    /// # Errors
    /// It is larger than [`PACKAGE`](limits::PACKAGE).
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        let (manifest, signature) = (
            self.manifest.to_json(),
            self.signature.as_ref().map(Signature::to_json),
        );
        let signature = signature.as_deref().map(|json| (SIGNATURE, json));
        let contents = self
            .contents
            .iter()
            .map(|(path, bytes)| (path.as_str(), &**bytes));
        let members = [(MANIFEST, &*manifest)]
            .into_iter()
            .chain(signature)
            .chain(contents);
        let bytes = archive::write(members, Vec::new()).map_err(PackageError::Damaged)?;
        match bytes.len() as u64 > limits::PACKAGE {
            true => Err(PackageError::EntryTooLarge {
                entry: format!(
                    "{}-{}.{}",
                    self.manifest.name,
                    self.manifest.version,
                    crate::EXTENSION
                ),
                size: bytes.len() as u64,
                limit: limits::PACKAGE,
            }),
            false => Ok(bytes),
        }
    }
}

/// Every file is in the manifest and the other way round, and is what it says.
fn check_contents(manifest: &Manifest, contents: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageError> {
    for Entry { path, sha256, .. } in &manifest.entries {
        let entry = || path.clone();
        let bytes = contents
            .get(path)
            .ok_or_else(|| PackageError::Missing { entry: entry() })?;
        let found = Digest::of(bytes);
        if found != *sha256 {
            return Err(PackageError::Changed {
                entry: entry(),
                expected: *sha256,
                found,
            });
        }
    }
    let listed = |path: &&String| manifest.entries.iter().any(|entry| entry.path == **path);
    if let Some(entry) = contents.keys().find(|path| !listed(path)).cloned() {
        return Err(PackageError::Unlisted { entry });
    }
    // The hashes are right, so this is about numbers that are not.
    let wrong = |entry: &&Entry| {
        contents
            .get(&entry.path)
            .is_none_or(|it| it.len() as u64 != entry.size)
    };
    match manifest.entries.iter().find(wrong) {
        Some(entry) => Err(PackageError::Field {
            field: "entries",
            problem: format!("{:?} has not {} bytes", entry.path, entry.size),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
