//! Why a bundle is refused.

use super::Place;
use std::path::PathBuf;

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file could not be read.
    #[error("{}: {source}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than [`FILE_LIMIT`](super::settings::FILE_LIMIT).
    #[error("{}: the file is larger than {limit} bytes", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Something in the file breaks a rule.
    #[error("{place}: {problem}")]
    At {
        /// Where it stands.
        place: Place,
        /// Which rule, and how it is broken.
        problem: Box<Problem>,
    },
}

/// Which rule something in a bundle breaks.
///
/// `table` is the table's name without brackets, empty for the top of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file is not UTF-8 text, or not TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key, or a table, stands there twice.
    #[error("{key:?} is there twice{}", within(.table))]
    Duplicate {
        /// The key.
        key: String,
        /// The table.
        table: String,
    },
    /// There is no such key.
    #[error("unknown key {key:?}{}{}", within(.table), suggestion(.nearest))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A key that must be there is not.
    #[error("missing key {key:?}{}: {expected}", within(.table))]
    MissingKey {
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// What it takes.
        expected: String,
    },
    /// A value has the wrong type, or is outside of its range.
    #[error("{key:?}{} must be {expected}, not {found}", within(.table))]
    WrongValue {
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// What it takes.
        expected: String,
        /// What is there: a type or a number, never a text, which may be a secret.
        found: String,
    },
    /// A name is none of those that are allowed.
    #[error("{key:?}{} must be {expected}, not {found:?}{}", within(.table), suggestion(.nearest))]
    UnknownName {
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// What it takes.
        expected: String,
        /// What is there.
        found: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// A value breaks a rule of its own.
    #[error("{key:?}{}: {message}", within(.table))]
    Invalid {
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// Which rule.
        message: String,
    },
    /// A table breaks a rule as a whole.
    #[error("[{table}]: {message}")]
    Table {
        /// The table.
        table: String,
        /// Which rule.
        message: String,
    },
}

impl Problem {
    pub(super) fn at(self, place: &Place) -> BundleError {
        BundleError::At {
            place: place.clone(),
            problem: Box::new(self),
        }
    }
}

fn within(table: &str) -> String {
    if table.is_empty() {
        String::new()
    } else {
        format!(" in [{table}]")
    }
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|word| format!("; did you mean {word:?}?"))
        .unwrap_or_default()
}
