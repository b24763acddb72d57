//! Why a value is refused.

use crate::nearest;
use std::fmt;

/// How much of a name from outside an error repeats, in characters.
const NAME_LIMIT: usize = 64;
/// How many known names an error lists.
const LIST_LIMIT: usize = 16;

/// Why a value is not of its type, and where in it.
///
/// The text names the path, what was expected and what kind of thing was found, never the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscodeError {
    /// Empty for the whole value, else for example `.to[2].name`.
    path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What should be there.
        expected: String,
        /// What kind of thing is there.
        found: &'static str,
    },
    /// An integer does not fit.
    #[error("outside of {expected}: {min} to {max}")]
    Range {
        /// The type.
        expected: String,
        /// The least allowed.
        min: i128,
        /// The greatest allowed.
        max: i128,
    },
    /// Fixed bytes have another length.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// How many there should be.
        expected: u32,
        /// How many there are.
        found: usize,
    },
    /// Bytes are not written as they should be.
    #[error("expected 0x and an even number of hexadecimal digits")]
    Hex,
    /// A field that has no default is not there.
    #[error("missing, expected {expected}")]
    Missing {
        /// Its type.
        expected: String,
    },
    /// The default of a field that is not there breaks a rule: the fault is the descriptor's.
    #[error("missing, and its default is not valid: {error}")]
    Default {
        /// Which rule.
        error: Box<TranscodeError>,
    },
    /// The record has no such field.
    #[error("not known; {hint}")]
    UnknownField {
        /// The name that was probably meant, or all known names.
        hint: String,
    },
    /// The enum or union has no such case.
    #[error("{found:?} is not a case of {name}; {hint}")]
    UnknownCase {
        /// The name that is there, shortened to 64 characters.
        found: String,
        /// The enum or union.
        name: String,
        /// The name that was probably meant, or all known names.
        hint: String,
    },
    /// A union is neither a name nor one entry from name to value.
    #[error("expected {name}: the name of a case, or one entry from name to value")]
    OneEntry {
        /// The union.
        name: String,
    },
    /// A key is there twice.
    #[error("there twice")]
    Duplicate,
    /// Values lie too deep in each other.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// How deep they may.
        limit: usize,
    },
    /// With its defaults the value takes too much memory.
    #[error("the value takes more than {limit} bytes")]
    TooLarge {
        /// How much it may, in bytes.
        limit: usize,
    },
    /// The attachment of a blob or a stream is not there.
    #[error("there is no attachment {index}, only {count} came along")]
    NoAttachment {
        /// The index that is asked for.
        index: u64,
        /// How many attachments there are.
        count: usize,
    },
    /// Two of them name the same attachment.
    #[error("attachment {index} is named twice")]
    AttachmentTwice {
        /// Its index.
        index: u64,
    },
    /// The CBOR ends in the midst of a value.
    #[error("the CBOR ends too early")]
    Truncated,
    /// The CBOR breaks the rules of RFC 8949.
    #[error("the CBOR is not valid at byte {at}: {reason}")]
    Malformed {
        /// The offset in bytes.
        at: usize,
        /// Which rule.
        reason: String,
    },
    /// Something follows the value.
    #[error("{count} bytes follow the value")]
    Trailing {
        /// How many bytes.
        count: usize,
    },
}

impl TranscodeError {
    /// Where, for example `to[2].name`; `value` for the whole.
    pub fn path(&self) -> &str {
        match self.path.strip_prefix('.').unwrap_or(&self.path) {
            "" => "value",
            path => path,
        }
    }

    /// The same error, seen from outside of the value: `to[2]` within `params` is `params.to[2]`.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.path.insert_str(0, name);
        self
    }

    /// A name that is no word, which only an unknown one can be, is quoted as a key.
    pub(super) fn in_field(self, name: &str) -> Self {
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        {
            return self.in_key(name);
        }
        self.within(&format!(".{}", shortened(name)))
    }

    pub(super) fn in_key(self, key: &str) -> Self {
        self.within(&format!("[{:?}]", shortened(key)))
    }

    pub(super) fn in_index(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }
}

impl Problem {
    pub(super) fn unknown_field<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        Self::UnknownField {
            hint: hint(name, known),
        }
    }

    /// A case that carries nothing has something with it.
    pub(super) fn name_alone(name: &str, found: &'static str) -> Self {
        Self::Type {
            expected: format!("the name {name:?} alone"),
            found,
        }
    }

    pub(super) fn unknown_case<'a>(
        found: &str,
        name: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Self {
        Self::UnknownCase {
            found: shortened(found),
            name: name.to_owned(),
            hint: hint(found, known),
        }
    }
}

impl From<Problem> for TranscodeError {
    fn from(problem: Problem) -> Self {
        Self {
            path: String::new(),
            problem,
        }
    }
}

impl fmt::Display for TranscodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.problem)
    }
}

impl std::error::Error for TranscodeError {}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(meant) = nearest(name, known.clone()) {
        return format!("did you mean {meant}?");
    }
    let mut names: Vec<&str> = known.take(LIST_LIMIT + 1).collect();
    if names.is_empty() {
        return "nothing is known here".to_owned();
    }
    if names.len() > LIST_LIMIT {
        names[LIST_LIMIT] = "…";
    }
    format!("known: {}", names.join(", "))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_LIMIT) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
