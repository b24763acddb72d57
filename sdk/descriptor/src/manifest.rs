//! What a plugin says of itself.

use crate::check::{check_interface, check_type};
use crate::{Interface, Type, json};
use semver::{Version, VersionReq};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The longest module name or interface id, in bytes.
const NAME_LIMIT: usize = 64;
/// The most interfaces that a plugin may provide, require or subscribe to, each.
const LIST_LIMIT: usize = 256;

/// What a plugin says of itself: who it is, what it provides and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name of the module, unless the bundle gives another: `[a-z][a-z0-9-]*`, at most 64 bytes.
    pub name: String,
    /// The version of the plugin.
    pub version: Version,
    /// What it is, for people.
    #[serde(default)]
    pub docs: String,
    /// The licence, as an SPDX expression.
    #[serde(default)]
    pub license: String,
    /// The interfaces that it provides.
    #[serde(default, deserialize_with = "json::interfaces")]
    pub provides: Vec<Interface>,
    /// The interfaces that it calls.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// The events that it wants.
    #[serde(default)]
    pub subscribes: Vec<Subscription>,
    /// The configuration: a record, or nothing.
    #[serde(default = "Manifest::no_config")]
    pub config: Type,
    /// The state that a successor can take over, if any.
    #[serde(default)]
    pub state: Option<State>,
    /// Whether two generations of the module must not run at the same time, because they share something
    /// that only one may hold; names it, for example `tcp port`.
    #[serde(default)]
    pub exclusive: Vec<String>,
    /// What happens to the library after the module has stopped.
    #[serde(default)]
    pub unload: Unload,
    /// How the plugin writes and reads values.
    #[serde(default, deserialize_with = "Codec::read")]
    pub codec: Codec,
}

/// An interface that a plugin calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id of the interface.
    pub interface: String,
    /// Which versions will do.
    pub version: VersionReq,
    /// Whether the plugin also runs without it.
    #[serde(default)]
    pub optional: bool,
}

/// An event that a plugin wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The id of the interface that has the event.
    pub interface: String,
    /// Which versions will do.
    pub version: VersionReq,
    /// The name of the event.
    pub event: String,
    /// What happens when the queue is full.
    #[serde(default)]
    pub overflow: Overflow,
    /// How many events the queue holds; 1 to 65536.
    #[serde(default = "Subscription::default_depth")]
    pub depth: u32,
}

/// What happens to an event when a subscriber's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// The publisher waits for room.
    #[default]
    Block,
    /// The oldest event in the queue gives way.
    DropOldest,
    /// The new event is dropped.
    DropNewest,
}

/// The state that crosses a swap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The schema version that this plugin writes.
    pub version: u32,
    /// The schema versions that it reads.
    pub reads: Vec<u32>,
}

/// What happens to the library after the module has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unload {
    /// It stays mapped for the life of the process.
    #[default]
    Never,
    /// The plugin promises to leave no thread and no pointer behind; the library is unmapped.
    Clean,
}

/// How a plugin writes and reads arguments, answers and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// CBOR, as everything between modules.
    #[default]
    Cbor,
    /// JSON: the host translates for it, by the descriptors of the interfaces.
    Json,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not the JSON that it should be.
    #[error("the manifest is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// A field breaks a rule.
    #[error("the manifest is not valid: {field}: {problem}")]
    Field {
        /// Which field.
        field: String,
        /// Which rule, and how it is broken.
        problem: String,
    },
}

impl Codec {
    /// Reads it, and says in an error which field is wrong.
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Self::deserialize(json).map_err(|error| D::Error::custom(format_args!("codec: {error}")))
    }
}

impl Subscription {
    const fn default_depth() -> u32 {
        1024
    }
}

impl Manifest {
    const fn no_config() -> Type {
        Type::Unit
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] names the field and the rule.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(json)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let fail = |field: &str, problem: String| {
            Err(ManifestError::Field {
                field: field.to_owned(),
                problem,
            })
        };
        if !is_module_name(&self.name) {
            return fail(
                "name",
                format!(
                    "{:?} is not a module name: lower-case letters, digits and '-', beginning with a letter, at most {NAME_LIMIT} bytes",
                    self.name
                ),
            );
        }
        let ids = self.provides.iter().map(|it| &it.id);
        let ids = ids.chain(self.requires.iter().map(|it| &it.interface));
        for id in ids.chain(self.subscribes.iter().map(|it| &it.interface)) {
            if !is_interface_id(id) {
                return fail(
                    "interface",
                    format!(
                        "{id:?} is not an interface id: module-like names joined by '.', at most {NAME_LIMIT} bytes"
                    ),
                );
            }
        }
        let counts = [
            ("provides", self.provides.len()),
            ("requires", self.requires.len()),
            ("subscribes", self.subscribes.len()),
        ];
        for (field, count) in counts {
            if count > LIST_LIMIT {
                return fail(
                    field,
                    format!("{count} entries, at most {LIST_LIMIT} are allowed"),
                );
            }
        }
        for (index, interface) in self.provides.iter().enumerate() {
            let twin = |other: &Interface| {
                other.id == interface.id && other.version.major == interface.version.major
            };
            if self.provides[..index].iter().any(twin) {
                return fail(
                    "provides",
                    format!("{} {} is there twice", interface.id, interface.version.major),
                );
            }
        }
        for subscription in &self.subscribes {
            if !(1..=65536).contains(&subscription.depth) {
                return fail(
                    "subscribes.depth",
                    format!("{} is not between 1 and 65536", subscription.depth),
                );
            }
        }
        for interface in &self.provides {
            if let Err((path, problem)) = check_interface(interface) {
                return fail(&format!("provides {}: {path}", interface.id), problem);
            }
        }
        if let Err((path, problem)) = check_type("config", &self.config) {
            return fail(&path, problem);
        }
        if !matches!(self.config, Type::Unit | Type::Record(_)) {
            return fail("config", "it must be a record".to_owned());
        }
        Ok(())
    }
}

/// Whether `name` can name a module: `[a-z][a-z0-9-]*`, at most 64 bytes.
pub fn is_module_name(name: &str) -> bool {
    name.len() <= NAME_LIMIT
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `id` can name an interface: names as of modules, joined by `.`, at most 64 bytes.
pub fn is_interface_id(id: &str) -> bool {
    id.len() <= NAME_LIMIT && id.split('.').all(is_module_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_name_cannot_leave_its_folder() {
        for name in ["../up", "a/b", "", ".", "A", "1a", "a_b", &"a".repeat(65)] {
            assert!(!is_module_name(name), "{name}");
        }
        assert!(is_module_name("waku-2"));
        assert!(is_interface_id("waku.relay"));
        assert!(!is_interface_id("waku..relay"));
    }

    #[test]
    fn a_default_of_another_type_is_named() {
        let field = r#"{"name":"port","type":"u16","default":"http"}"#;
        let config = format!(r#"{{"record":{{"name":"settings","fields":[{field}]}}}}"#);
        let json = format!(r#"{{"name":"a","version":"1.0.0","config":{config}}}"#);
        assert_eq!(
            Manifest::parse(json.as_bytes()).unwrap_err().to_string(),
            "the manifest is not valid: config: settings: the default of port: value: expected u16, found a string"
        );
    }

    #[test]
    fn a_plugin_speaks_cbor_unless_it_says_json() {
        let parse = |codec: &str| {
            let json = format!(r#"{{"name":"a","version":"1.0.0"{codec}}}"#);
            Manifest::parse(json.as_bytes()).map(|it| it.codec)
        };
        assert_eq!(parse("").unwrap(), Codec::Cbor);
        assert_eq!(parse(r#","codec":"cbor""#).unwrap(), Codec::Cbor);
        assert_eq!(parse(r#","codec":"json""#).unwrap(), Codec::Json);
        assert_eq!(
            parse(r#","codec":"xml""#).unwrap_err().to_string(),
            "the manifest is not valid: codec: unknown variant `xml`, expected `cbor` or `json` at line 1 column 43"
        );
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = Manifest::parse(br#"{"name":"a","version":"1.0.0","provide":[]}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `provide`"), "{error}");
    }
}
