//! What a package says of itself.

use crate::place::{PLUGIN, Place};
use crate::{Digest, PackageError, limits};
use backplane_descriptor::{
    Codec, Interface, Manifest as PluginManifest, Requirement, Subscription, Type, Unload, is_module_name,
};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The format that this crate reads and writes.
const FORMAT: u32 = 1;

/// What a package says of itself: which plugin it holds, and every file of it with its hash. As text it has one form,
/// whose SHA-256 is what is signed, listed and locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of the package.
    pub format: u32,
    /// The name of the plugin.
    pub name: String,
    /// The version of the plugin.
    pub version: Version,
    /// Its licence, as an SPDX expression.
    pub license: String,
    /// The interfaces that the plugin provides.
    pub provides: Vec<Provided>,
    /// The interfaces that it calls.
    pub requires: Vec<Requirement>,
    /// The events that it listens to; left out of the text where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscribes: Vec<Subscription>,
    /// The files, in the order of their paths.
    pub entries: Vec<Entry>,
}

/// An interface that a plugin provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provided {
    /// The id of the interface.
    pub interface: String,
    /// Its version.
    pub version: Version,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its path: `plugin.json`, `libraries/TARGET/FILE` or `licenses/FILE`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: Digest,
}

impl Manifest {
    /// What a package with the plugin `plugin` and these files says of itself.
    pub(crate) fn of(plugin: &PluginManifest, entries: Vec<Entry>) -> Self {
        let provides = plugin.provides.iter().map(|it| Provided {
            interface: it.id.clone(),
            version: it.version.clone(),
        });
        Self {
            format: FORMAT,
            name: plugin.name.clone(),
            version: plugin.version.clone(),
            license: plugin.license.clone(),
            provides: provides.collect(),
            requires: plugin.requires.clone(),
            subscribes: plugin.subscribes.clone(),
            entries,
        }
    }

    /// Reads it from the one form that it has.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, PackageError> {
        let entry = crate::place::MANIFEST;
        let manifest: Self =
            serde_json::from_slice(json).map_err(|source| PackageError::Json { entry, source })?;
        manifest.check()?;
        match manifest.to_json() == json {
            true => Ok(manifest),
            false => Err(PackageError::NotCanonical { what: entry }),
        }
    }

    /// The text that is hashed: JSON without spaces, the fields in their order, and a line feed.
    pub fn to_json(&self) -> Vec<u8> {
        json_line(self)
    }

    /// The hash of [`Manifest::to_json`].
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_json())
    }

    /// The targets that it has libraries for.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.libraries().map(|(target, ..)| target)
    }

    /// The library for `target`: the name of its file, and the entry.
    pub fn library(&self, target: &str) -> Option<(&str, &Entry)> {
        self.libraries()
            .find(|library| library.0 == target)
            .map(|(_, file, entry)| (file, entry))
    }

    fn libraries(&self) -> impl Iterator<Item = (&str, &str, &Entry)> {
        self.entries
            .iter()
            .filter_map(|entry| match Place::of(&entry.path) {
                Ok(Place::Library { target, file }) => Some((target, file, entry)),
                _ => None,
            })
    }

    /// As much of the plugin's own manifest as a plan needs: its interfaces have neither methods nor events.
    pub fn outline(&self) -> PluginManifest {
        let interface = |it: &Provided| Interface {
            id: it.interface.clone(),
            version: it.version.clone(),
            docs: String::new(),
            methods: Vec::new(),
            events: Vec::new(),
        };
        PluginManifest {
            name: self.name.clone(),
            version: self.version.clone(),
            docs: String::new(),
            license: self.license.clone(),
            provides: self.provides.iter().map(interface).collect(),
            requires: self.requires.clone(),
            subscribes: self.subscribes.clone(),
            config: Type::Unit,
            state: None,
            exclusive: Vec::new(),
            unload: Unload::Never,
            codec: Codec::Cbor,
        }
    }

    /// What must hold of any manifest, wherever it stands.
    pub(crate) fn check(&self) -> Result<(), PackageError> {
        if self.format != FORMAT {
            let (found, known) = (self.format, FORMAT);
            return Err(PackageError::Format { found, known });
        }
        let fail = |field, problem| Err(PackageError::Field { field, problem });
        if !is_module_name(&self.name) {
            return fail("name", format!("{:?} is not the name of a plugin", self.name));
        }
        let length = self.version.to_string().len();
        if length > limits::VERSION {
            let limit = limits::VERSION;
            return fail("version", format!("{length} bytes, at most {limit} are allowed"));
        }
        if self.entries.len() > limits::ENTRIES {
            let (count, limit) = (self.entries.len(), limits::ENTRIES);
            return fail("entries", format!("{count} of them, at most {limit} are allowed"));
        }
        self.check_entries()
    }

    fn check_entries(&self) -> Result<(), PackageError> {
        let mut targets = BTreeSet::new();
        let mut sum: u64 = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            let path = || entry.path.clone();
            let place = Place::of(&entry.path).map_err(|problem| PackageError::Path {
                entry: path(),
                problem,
            })?;
            if index > 0 && self.entries[index - 1].path >= entry.path {
                let problem = format!("{:?} is not in its order", entry.path);
                return Err(PackageError::Field {
                    field: "entries",
                    problem,
                });
            }
            if entry.size > place.limit() {
                let (entry, size, limit) = (path(), entry.size, place.limit());
                return Err(PackageError::EntryTooLarge { entry, size, limit });
            }
            sum += entry.size;
            if sum > limits::UNPACKED {
                let (entry, size, limit) = (path(), sum, limits::UNPACKED);
                return Err(PackageError::TooLarge { entry, size, limit });
            }
            match place {
                Place::Manifest | Place::Signature => {
                    return Err(PackageError::Unlisted { entry: path() });
                }
                Place::Library { target, .. } if !targets.insert(target) => {
                    let target = target.to_owned();
                    return Err(PackageError::TwoLibraries { target });
                }
                _ => {}
            }
        }
        if !self.entries.iter().any(|entry| entry.path == PLUGIN) {
            let entry = PLUGIN.to_owned();
            return Err(PackageError::Missing { entry });
        }
        match targets.is_empty() {
            true => Err(PackageError::NoLibrary),
            false => Ok(()),
        }
    }
}

/// JSON on one line, with its line feed. What is written here has text keys alone, so it always has a JSON form.
pub(crate) fn json_line(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec(value).unwrap_or_default();
    json.push(b'\n');
    json
}

#[cfg(test)]
mod tests;
