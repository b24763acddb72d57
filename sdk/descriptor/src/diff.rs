//! What changed between two descriptors of an interface, and which version that asks for.
//!
//! The measure is a consumer that was made for the old contract and meets a provider of the new one, as
//! `^1.4` allows: if it may fail, the change is major; if it has something new to find, minor; if it cannot
//! tell, patch.
//!
//! | change | bump |
//! |---|---|
//! | docs, names of types, order of parameters, fields and cases, a deadline, the mark `sensitive` | patch |
//! | method or event appended | minor |
//! | method or event removed, renamed or moved: its number travels | major |
//! | parameter or field added that may be left out | minor |
//! | parameter or field added that must be there | major |
//! | parameter or field removed, or of another type, `option<T>` for `T` too | major |
//! | default changed | minor |
//! | a required parameter or field of a request gets a default; one of an answer loses it | minor |
//! | a parameter or field of a request loses its default; one of an answer gets one | major |
//! | case of an enum or union added, removed or of another type: sets are closed | major |
//! | error added, removed or of another type | major |
//! | `inline` gained, or `retained` gained | minor |
//! | `inline` lost: a caller that may not wait relied on it; `retained` lost | major |
//!
//! Below 1.0.0 the next minor number takes the place of the major one, and below 0.1.0 the patch number.

mod types;
mod version;

pub use version::{SemverError, Step, check, required_version};

use crate::{Event, Interface, Method, Type, signature::type_name};
use std::collections::HashSet;
use std::fmt;
use types::{Flow, Walk};

/// Which number of a version a change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// A consumer cannot tell.
    Patch,
    /// A consumer has something new to find.
    Minor,
    /// A consumer may fail.
    Major,
}

/// A difference between two descriptors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it asks for.
    pub bump: Bump,
    /// Where, for example `method send: parameter to[].name`.
    pub path: String,
    /// What, for example `parameter reply_to was added (optional)`.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Each difference from `old` to `new` except the version, in the order of declaration.
pub fn diff(old: &Interface, new: &Interface) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.id != new.id {
        let what = format!("became another interface: {}", new.id);
        changes.push(Change {
            bump: Bump::Major,
            path: old.id.clone(),
            what,
        });
    }
    docs(&mut changes, &old.id, &old.docs, &new.docs);
    numbered(
        &mut changes,
        "method",
        &old.methods,
        &new.methods,
        |method| &method.name,
        methods,
    );
    numbered(
        &mut changes,
        "event",
        &old.events,
        &new.events,
        |event| &event.name,
        events,
    );
    changes
}

fn docs(changes: &mut Vec<Change>, path: &str, old: &str, new: &str) {
    if old != new {
        changes.push(Change {
            bump: Bump::Patch,
            path: path.to_owned(),
            what: "the docs changed".to_owned(),
        });
    }
}

/// Compares two lists in which the place of an entry is its number on the wire.
fn numbered<T>(
    changes: &mut Vec<Change>,
    kind: &str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &str,
    compare: impl Fn(&mut Vec<Change>, &str, &T, &T),
) {
    let olds: HashSet<&str> = old.iter().map(&name).collect();
    let news: HashSet<&str> = new.iter().map(&name).collect();
    let added_at = |index: usize| new.get(index).map(&name).filter(|name| !olds.contains(name));
    let removed_at = |index: usize| old.get(index).is_some_and(|entry| !news.contains(name(entry)));
    let mut change = |bump, name: &str, what| {
        changes.push(Change {
            bump,
            path: format!("{kind} {name}"),
            what,
        });
    };
    for (index, entry) in old.iter().enumerate() {
        let at = new.iter().position(|other| name(other) == name(entry));
        match (at, added_at(index)) {
            (Some(at), _) if at != index => {
                change(
                    Bump::Major,
                    name(entry),
                    format!("was moved from number {index} to {at}"),
                );
            }
            (Some(_), _) => {}
            (None, Some(other)) => change(Bump::Major, name(entry), format!("was renamed to {other}")),
            (None, None) => change(Bump::Major, name(entry), "was removed".to_owned()),
        }
    }
    for (index, entry) in new.iter().enumerate() {
        if added_at(index).is_none() || removed_at(index) {
            continue;
        }
        if index < old.len() {
            change(
                Bump::Major,
                name(entry),
                format!("was added as number {index}, which is taken: append it"),
            );
        } else {
            change(Bump::Minor, name(entry), "was added".to_owned());
        }
    }
    for entry in old {
        if let Some(other) = new.iter().find(|other| name(other) == name(entry)) {
            compare(changes, &format!("{kind} {}", name(entry)), entry, other);
        }
    }
}

fn methods(changes: &mut Vec<Change>, path: &str, old: &Method, new: &Method) {
    docs(changes, path, &old.docs, &new.docs);
    let mut change = |bump, what| {
        changes.push(Change {
            bump,
            path: path.to_owned(),
            what,
        })
    };
    match (old.inline, new.inline) {
        (true, false) => change(Bump::Major, "is not inline any more".to_owned()),
        (false, true) => change(Bump::Minor, "became inline".to_owned()),
        _ => {}
    }
    if old.deadline_ms != new.deadline_ms {
        let what = format!(
            "the deadline changed from {} to {} ms",
            old.deadline_ms, new.deadline_ms
        );
        change(Bump::Patch, what);
    }
    match (old.sensitive, new.sensitive) {
        (true, false) => change(Bump::Patch, "is not sensitive any more".to_owned()),
        (false, true) => change(Bump::Patch, "became sensitive".to_owned()),
        _ => {}
    }
    match (&old.error, &new.error) {
        (None, Some(error)) => change(Bump::Major, format!("the error {} was added", type_name(error))),
        (Some(error), None) => change(Bump::Major, format!("the error {} was removed", type_name(error))),
        _ => {}
    }
    let mut requests = Walk {
        changes,
        flow: Flow::Request,
        kind: "parameter",
    };
    requests.fields(&format!("{path}: parameter "), path, &old.params, &new.params);
    let mut answers = Walk {
        changes,
        flow: Flow::Answer,
        kind: "field",
    };
    answers.types(&format!("{path}: reply"), &old.returns, &new.returns);
    if let (Some(old), Some(new)) = (&old.error, &new.error) {
        answers.types(&format!("{path}: error"), old, new);
    }
}

fn events(changes: &mut Vec<Change>, path: &str, old: &Event, new: &Event) {
    docs(changes, path, &old.docs, &new.docs);
    let mut change = |bump, what: &str| {
        changes.push(Change {
            bump,
            path: path.to_owned(),
            what: what.to_owned(),
        });
    };
    match (old.retained, new.retained) {
        (true, false) => change(Bump::Major, "is not retained any more"),
        (false, true) => change(Bump::Minor, "became retained"),
        _ => {}
    }
    let mut answers = Walk {
        changes,
        flow: Flow::Answer,
        kind: "field",
    };
    answers.types(&format!("{path}: body"), &old.body, &new.body);
}

/// Each difference from `old` to `new`, two types of values that are written by one version and read by a later
/// one: a configuration, for example.
pub fn diff_types(path: &str, old: &Type, new: &Type) -> Vec<Change> {
    let mut changes = Vec::new();
    Walk {
        changes: &mut changes,
        flow: Flow::Request,
        kind: "field",
    }
    .types(path, old, new);
    changes
}

#[cfg(test)]
mod tests;
