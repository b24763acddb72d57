//! What a module may call and hear.

use backplane_descriptor::is_interface_id;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest name of a method or an event that a grant can name, in bytes.
const MEMBER_LIMIT: usize = 128;

/// One entry of `grants`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Everything. No text says so: it is for those to whom the host belongs, such as the owner of its control socket.
    All,
    /// `storage.kv`: the interface, with all of its methods and events; or `wallet.sign.verify`: one method or event of
    /// an interface.
    Named(String),
}

/// A text that is not a [`Grant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It has a wildcard.
    #[error("there are no wildcards: name each interface, or each method, that is meant")]
    Wildcard,
    /// It is no name of anything.
    #[error(
        "it must be an interface such as storage.kv, or a method or event of one such as wallet.sign.verify"
    )]
    Name,
}

/// How much of an interface is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Nothing,
    /// These methods and events.
    Only(Vec<String>),
    /// All methods and events.
    Everything,
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        if text.contains('*') {
            return Err(GrantError::Wildcard);
        }
        let member = |text: &str| {
            text.rsplit_once('.')
                .is_some_and(|(id, name)| is_interface_id(id) && is_member(name))
        };
        if is_interface_id(text) || member(text) {
            Ok(Self::Named(text.to_owned()))
        } else {
            Err(GrantError::Name)
        }
    }
}

/// Whether a grant can name a method or an event so.
fn is_member(name: &str) -> bool {
    (1..=MEMBER_LIMIT).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a module may call and hear, as far as its manifest requires it and subscribes to it. Empty: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// Everything.
    pub fn all() -> Self {
        Self(vec![Grant::All])
    }

    /// Whether they cover the interface with the id `interface`, or something of it.
    pub fn allows(&self, interface: &str) -> bool {
        self.access(interface) != Access::Nothing
    }

    /// Whether they cover the method or event `member` of `interface`.
    pub fn allows_member(&self, interface: &str, member: &str) -> bool {
        self.access(interface).covers(member)
    }

    /// How much of the interface with the id `interface` they cover.
    pub fn access(&self, interface: &str) -> Access {
        self.access_among(interface, |_| false)
    }

    /// The same where some names are taken: what `is_interface` says to be an interface is no member of another one.
    pub(crate) fn access_among(&self, interface: &str, is_interface: impl Fn(&str) -> bool) -> Access {
        let mut members = Vec::new();
        for grant in &self.0 {
            match grant {
                Grant::All => return Access::Everything,
                Grant::Named(name) if name == interface => return Access::Everything,
                Grant::Named(name) if is_interface(name) => (),
                Grant::Named(name) => members.extend(member_of(interface, name).map(str::to_owned)),
            }
        }
        if members.is_empty() {
            Access::Nothing
        } else {
            Access::Only(members)
        }
    }

    /// Which entry covers `member` of `interface`, or all of it.
    pub(crate) fn entry(&self, interface: &str, member: Option<&str>) -> Option<usize> {
        let covers = |grant: &Grant| match grant {
            Grant::All => true,
            Grant::Named(name) => {
                name == interface || (member.is_some() && member_of(interface, name) == member)
            }
        };
        self.0.iter().position(covers)
    }

    /// The line of a bundle that grants `name` on top of these.
    pub fn line_with(&self, name: &str) -> String {
        let names = self.0.iter().map(Grant::to_string);
        let quoted: Vec<String> = names
            .chain([name.to_owned()])
            .map(|it| format!("{it:?}"))
            .collect();
        format!("grants = [{}]", quoted.join(", "))
    }
}

/// What `name` names of `interface`, if it is of the form `INTERFACE.MEMBER`.
fn member_of<'a>(interface: &str, name: &'a str) -> Option<&'a str> {
    let member = name.strip_prefix(interface)?.strip_prefix('.')?;
    (!member.contains('.')).then_some(member)
}

impl Access {
    /// Whether the method or event `member` is covered.
    pub fn covers(&self, member: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Only(members) => members.iter().any(|it| it == member),
            Self::Everything => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(texts: &[&str]) -> Grants {
        Grants(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn a_grant_covers_what_it_names_and_nothing_beside_it() {
        for (grant, interface, member, allowed) in [
            ("storage.kv", "storage.kv", "put", true),
            ("storage.kv", "storage.kvs", "put", false),
            ("storage.kv", "storage.kv.deep", "put", false),
            ("storage.kv", "storage", "kv", true),
            ("storage.kv.put", "storage.kv", "put", true),
            ("storage.kv.put", "storage.kv", "get", false),
            ("storage.kv.put", "storage.kv", "put_all", false),
            ("storage.kv.put", "storage", "kv", false),
            ("storage.kv.put_all", "storage.kv", "put_all", true),
        ] {
            let parsed = grants(&[grant]);
            assert_eq!(
                parsed.allows_member(interface, member),
                allowed,
                "{grant} {interface}.{member}"
            );
            assert_eq!(parsed.0[0].to_string(), grant);
        }
        assert_eq!(Grants::default().access("storage.kv"), Access::Nothing);
        assert_eq!(Grants::all().access("storage.kv"), Access::Everything);
        let two = grants(&["storage.kv.put", "storage.kv.get"]).access("storage.kv");
        assert_eq!(two, Access::Only(vec!["put".to_owned(), "get".to_owned()]));
    }

    #[test]
    fn the_name_of_an_interface_grants_no_method_of_another_one() {
        let granted = grants(&["storage.kv"]);
        let access = granted.access_among("storage", |name| name == "storage.kv");
        assert_eq!(access, Access::Nothing);
    }

    #[test]
    fn what_has_a_wildcard_or_is_no_name_is_refused() {
        for text in ["*", "stor*", "*.kv", "storage.*", "**"] {
            assert_eq!(text.parse::<Grant>(), Err(GrantError::Wildcard), "{text}");
        }
        for text in [
            "",
            ".",
            ".kv",
            "storage.",
            "Storage.kv",
            "storage..kv",
            "storage.k v",
            "put_all",
        ] {
            assert_eq!(text.parse::<Grant>(), Err(GrantError::Name), "{text}");
        }
    }

    #[test]
    fn the_line_that_grants_more_keeps_what_is_granted() {
        assert_eq!(grants(&[]).line_with("a.b"), "grants = [\"a.b\"]");
        assert_eq!(
            grants(&["a.b"]).line_with("c.d.e"),
            "grants = [\"a.b\", \"c.d.e\"]"
        );
    }
}
