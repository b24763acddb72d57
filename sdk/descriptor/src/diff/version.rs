//! The version that the changes ask for.

use super::{Bump, Change, diff};
use crate::Interface;
use semver::Version;
use std::fmt;

/// Why the version of a new descriptor is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SemverError {
    /// The version rose by less than the changes ask for.
    #[error("{id} {step}: {change}{}: bump the version to {}", more(*.others), .step.required)]
    TooLittle {
        /// The interface.
        id: String,
        /// The versions.
        step: Box<Step>,
        /// The first of the changes that ask for the most.
        change: Change,
        /// How many other changes ask for as much.
        others: usize,
    },
    /// The version is less than it was.
    #[error("{id} {step}: the version goes back: it must be at least {}", .step.required)]
    Backwards {
        /// The interface.
        id: String,
        /// The versions.
        step: Box<Step>,
    },
    /// The two are not the same interface.
    #[error("{old} → {new}: these are two interfaces: a new id begins a new history")]
    OtherInterface {
        /// The id before.
        old: String,
        /// The id now.
        new: String,
    },
}

/// From which version to which, and to which it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The version before.
    pub old: Version,
    /// The version now.
    pub new: Version,
    /// The least version that will do.
    pub required: Version,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.old, self.new)
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more)".to_owned(),
        others => format!(" (and {others} more)"),
    }
}

/// The least version that `new` may have: that of `old` if nothing changed.
///
/// After a pre-release it is the release, since between pre-releases anything may change.
pub fn required_version(old: &Interface, new: &Interface) -> Version {
    match diff(old, new).iter().map(|change| change.bump).max() {
        Some(bump) => bumped(&old.version, bump),
        None => old.version.clone(),
    }
}

fn bumped(old: &Version, bump: Bump) -> Version {
    let &Version {
        major, minor, patch, ..
    } = old;
    if !old.pre.is_empty() {
        return Version::new(major, minor, patch);
    }
    // Cargo's rule: the leftmost number that is not zero is the one that breaks.
    match (bump, major, minor) {
        (Bump::Major, 1.., _) => Version::new(major.saturating_add(1), 0, 0),
        (Bump::Minor, 1.., _) | (Bump::Major, 0, 1..) => Version::new(major, minor.saturating_add(1), 0),
        (Bump::Patch, _, _) | (_, 0, _) => Version::new(major, minor, patch.saturating_add(1)),
    }
}

/// Whether the version of `new` rose as much as its changes from `old` ask for.
///
/// A pre-release of the version that is needed will do.
///
/// # Errors
/// [`SemverError`] is one sentence that names the change and the version that is needed.
pub fn check(old: &Interface, new: &Interface) -> Result<(), SemverError> {
    if old.id != new.id {
        return Err(SemverError::OtherInterface {
            old: old.id.clone(),
            new: new.id.clone(),
        });
    }
    let changes = diff(old, new);
    let most = changes.iter().map(|change| change.bump).max();
    let required = most.map_or_else(|| old.version.clone(), |bump| bumped(&old.version, bump));
    let step = Box::new(Step {
        old: old.version.clone(),
        new: new.version.clone(),
        required,
    });
    let id = old.id.clone();
    if step.new < step.old {
        return Err(SemverError::Backwards { id, step });
    }
    let rose = step.new > step.old;
    if rose && (triple(&step.new) >= triple(&step.required) || !step.old.pre.is_empty()) {
        return Ok(());
    }
    let mut worst = changes.into_iter().filter(|change| Some(change.bump) == most);
    match worst.next() {
        Some(change) => Err(SemverError::TooLittle {
            id,
            step,
            change,
            others: worst.count(),
        }),
        None => Ok(()),
    }
}

fn triple(version: &Version) -> (u64, u64, u64) {
    (version.major, version.minor, version.patch)
}
