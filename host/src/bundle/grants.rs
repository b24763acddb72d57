//! Which interfaces a module may call.

use backplane_descriptor::is_interface_id;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// One entry of `grants`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// `*`: every interface.
    All,
    /// `storage.*`: every interface whose id begins so. Holds `storage.`, with the dot.
    Below(String),
    /// `storage.kv`: this interface.
    One(String),
}

/// A text that is not a [`Grant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be an interface id such as storage.kv, all ids below one such as storage.*, or *")]
pub struct GrantError;

impl Grant {
    /// Whether it covers the interface with the id `interface`.
    pub fn allows(&self, interface: &str) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefix) => interface.len() > prefix.len() && interface.starts_with(prefix),
            Self::One(id) => id == interface,
        }
    }
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        if text == "*" {
            return Ok(Self::All);
        }
        let grant = match text.strip_suffix('*') {
            Some(prefix) if prefix.strip_suffix('.').is_some_and(is_interface_id) => {
                Self::Below(prefix.to_owned())
            }
            None if is_interface_id(text) => Self::One(text.to_owned()),
            _ => return Err(GrantError),
        };
        Ok(grant)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}*"),
            Self::One(id) => f.write_str(id),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The interfaces that a module may call, as far as its manifest requires them. Empty: none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// Every interface.
    pub fn all() -> Self {
        Self(vec![Grant::All])
    }

    /// Whether they cover the interface with the id `interface`.
    pub fn allows(&self, interface: &str) -> bool {
        self.0.iter().any(|grant| grant.allows(interface))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_covers_what_it_names_and_nothing_beside_it() {
        for (grant, interface, allowed) in [
            ("*", "storage.kv", true),
            ("storage.kv", "storage.kv", true),
            ("storage.kv", "storage.kvs", false),
            ("storage.kv", "storage.kv.deep", false),
            ("storage.*", "storage.kv", true),
            ("storage.*", "storage.kv.deep", true),
            ("storage.*", "storage", false),
            ("storage.*", "storage.", false),
            ("storage.*", "storages.kv", false),
        ] {
            let parsed: Grant = grant.parse().unwrap();
            assert_eq!(parsed.allows(interface), allowed, "{grant} {interface}");
            assert_eq!(parsed.to_string(), grant);
        }
        assert!(!Grants::default().allows("storage.kv"));
    }

    #[test]
    fn a_wildcard_stands_for_whole_names_only() {
        for text in [
            "",
            "stor*",
            "*.kv",
            "storage.*.x",
            ".*",
            "**",
            "Storage.kv",
            "storage..kv",
        ] {
            assert_eq!(text.parse::<Grant>(), Err(GrantError), "{text}");
        }
    }
}
