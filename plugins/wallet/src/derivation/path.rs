//! Derivation path texts in Status' grammar.

use crate::limits::{self, LimitExceeded, MAX_PATH_BYTES, MAX_PATH_SEGMENTS};
use bip32::ChildNumber;
use std::fmt;
use std::str::FromStr;

/// Why a text is not a derivation path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Too long or too deep.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// A segment is not a number below 2^31 with an optional `'`.
    #[error("segment {position} of the derivation path is not a number below 2^31")]
    Segment {
        /// Its place, counted from 1.
        position: usize,
    },
    /// The path starts at the parent (`..`), which a key does not know.
    #[error("a derivation path cannot start at the parent key")]
    Parent,
}

/// A path below some key: an optional start (`m` or `.`, both meaning that key), then decimal
/// numbers separated by `/`, hardened ones marked with `'`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<ChildNumber>);

impl Path {
    /// True for the path of the key itself.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest of this path below `ancestor`, if it lies there.
    #[must_use]
    pub fn below(&self, ancestor: &Self) -> Option<Self> {
        self.0
            .strip_prefix(ancestor.0.as_slice())
            .map(|rest| Self(rest.to_vec()))
    }

    /// This path, one plain (not hardened) step longer; nothing if `index` is 2^31 or more or the
    /// path is at its longest.
    #[must_use]
    pub fn child(&self, index: u32) -> Option<Self> {
        let mut segments = self.0.clone();
        segments.push(ChildNumber::new(index, false).ok()?);
        (segments.len() <= MAX_PATH_SEGMENTS).then_some(Self(segments))
    }

    pub(crate) fn segments(&self) -> &[ChildNumber] {
        &self.0
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        limits::check("derivation path", text.len(), MAX_PATH_BYTES, "bytes")?;
        let mut parts = text.split('/').peekable();
        match parts.peek().copied() {
            Some("..") => return Err(PathError::Parent),
            Some("" | "m" | ".") => {
                let start = parts.next();
                // `/0` has neither a start nor a first number.
                if start == Some("") && parts.peek().is_some() {
                    return Err(PathError::Segment { position: 1 });
                }
            }
            _ => {}
        }
        let segments = parts
            .enumerate()
            .map(|(index, part)| segment(part).ok_or(PathError::Segment { position: index + 1 }))
            .collect::<Result<Vec<_>, _>>()?;
        limits::check("derivation path", segments.len(), MAX_PATH_SEGMENTS, "segments")?;
        Ok(Self(segments))
    }
}

fn segment(text: &str) -> Option<ChildNumber> {
    let (digits, hardened) = match text.strip_suffix('\'') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    // `u32::from_str` alone would take a leading plus sign.
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    ChildNumber::new(digits.parse().ok()?, hardened).ok()
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        for segment in &self.0 {
            let mark = if segment.is_hardened() { "'" } else { "" };
            write!(f, "/{}{mark}", segment.index())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_starts_mean_the_key_itself() {
        for text in ["m", ".", ""] {
            assert!(text.parse::<Path>().unwrap().is_empty(), "{text}");
        }
        let written: Path = "m/44'/60'/0'/0/2147483647".parse().unwrap();
        assert_eq!(written.to_string(), "m/44'/60'/0'/0/2147483647");
        assert_eq!("./44'/60'/0'/0/2147483647".parse(), Ok(written.clone()));
        assert_eq!("44'/60'/0'/0/2147483647".parse(), Ok(written));
    }

    #[test]
    fn other_grammars_are_refused() {
        for (text, position) in [
            ("m/0h", 1),
            ("m/1/0H", 2),
            ("m/", 1),
            ("m//1", 1),
            ("/0", 1),
            ("m/+1", 1),
            ("m/ 1", 1),
            ("m/'", 1),
            ("m/2147483648", 1),
            ("m/0''", 1),
            ("M/0", 1),
        ] {
            assert_eq!(
                text.parse::<Path>(),
                Err(PathError::Segment { position }),
                "{text}"
            );
        }
        assert_eq!("../0".parse::<Path>(), Err(PathError::Parent));
        assert_eq!(
            "0/".repeat(20)
                .trim_end_matches('/')
                .parse::<Path>()
                .unwrap_err()
                .to_string(),
            "derivation path exceeds the limit of 16 segments"
        );
    }

    #[test]
    fn below_cuts_the_ancestor_off() {
        let root: Path = "m/44'/60'/0'/0".parse().unwrap();
        let account: Path = "m/44'/60'/0'/0/3".parse().unwrap();
        assert_eq!(account.below(&root).unwrap().to_string(), "m/3");
        assert_eq!(root.below(&account), None);
        assert_eq!(root.child(3), Some(account));
        assert_eq!(root.child(1 << 31), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,300}") {
            let _ = text.parse::<Path>();
        }

        #[test]
        fn display_is_read_back(numbers in prop::collection::vec((0u32..1 << 31, any::<bool>()), 0..=MAX_PATH_SEGMENTS)) {
            let path = Path(numbers.iter().map(|(n, h)| ChildNumber::new(*n, *h).unwrap()).collect());
            prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
        }
    }
}
