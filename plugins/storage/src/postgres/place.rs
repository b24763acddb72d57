//! Where a row is: category and key as bytes that sort as the pair of them does.
//!
//! The category comes first, as ordered text. An entry of an index has at most 2704 bytes, less than a key may have. So
//! the index holds the head of a place, and a digest of its tail, which tells places with one head apart; rows with one
//! head are sorted by their tails when they are read. A place that fits into its head, as nearly all do, has neither
//! tail nor digest.

use sha2::{Digest, Sha256};
use storage_api::encoding::{self, OrderedText};

use crate::key::{Key, KeyRange};

/// Bytes of a place that are in the index.
pub(super) const HEAD_BYTES: usize = 2048;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

impl Place {
    /// The place of a key.
    pub(super) fn new(category: &str, key: &Key) -> Place {
        let mut bytes = category_bytes(category);
        bytes.extend_from_slice(key.as_bytes());
        Place::of(bytes)
    }

    /// The first place behind all keys of a category.
    pub(super) fn behind(category: &str) -> Place {
        let mut bytes = category_bytes(category);
        // The end of ordered text is 00 00.
        if let Some(last) = bytes.last_mut() {
            *last = 1;
        }
        Place::of(bytes)
    }

    /// Bounds that no place reaches: none is empty, and none begins with a byte that is in no text.
    pub(super) fn all() -> (Place, Place) {
        (Place::of(Vec::new()), Place::of(vec![0xff]))
    }

    fn of(mut bytes: Vec<u8>) -> Place {
        let tail = bytes.split_off(HEAD_BYTES.min(bytes.len()));
        Place { head: bytes, tail }
    }

    /// What stands for the tail in the index.
    pub(super) fn digest(&self) -> Vec<u8> {
        match self.tail.as_slice() {
            [] => Vec::new(),
            tail => Sha256::digest(tail).to_vec(),
        }
    }

    /// The category that a place is [behind](Place::behind).
    pub(super) fn category(behind: &[u8]) -> Option<String> {
        let ended = [behind.strip_suffix(&[0, 1])?, &[0, 0]].concat();
        encoding::decode(&ended)
            .ok()
            .map(|OrderedText(category)| category)
    }

    /// Category and key of a place; `None` for what is no place.
    pub(super) fn split(head: &[u8], tail: &[u8]) -> Option<(String, Key)> {
        let bytes = [head, tail].concat();
        let (OrderedText(category), key) = encoding::decode(&bytes).ok()?;
        Some((category, key))
    }
}

/// The places of a range, from the first up to but without the second.
pub(super) fn bounds(category: &str, range: &KeyRange) -> (Place, Place) {
    let stop = match range.stop.as_bytes() {
        [] => Place::behind(category),
        _ => Place::new(category, &range.stop),
    };
    (Place::new(category, &range.start), stop)
}

fn category_bytes(category: &str) -> Vec<u8> {
    // Ordered text has no limit that it could break.
    let key = encoding::key(&OrderedText(category.to_owned()));
    key.map(|key| key.as_bytes().to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn category() -> impl Strategy<Value = String> {
        "[\0\u{1}a\u{7f}é]{0,4}"
    }

    fn key() -> impl Strategy<Value = Key> {
        let long = (
            prop::sample::select(vec![0u8, 7, 255]),
            HEAD_BYTES - 8..HEAD_BYTES + 8,
        );
        let long = long.prop_map(|(byte, length)| vec![byte; length]);
        prop_oneof![prop::collection::vec(any::<u8>(), 0..4), long].prop_map(Key::from)
    }

    proptest! {
        #[test]
        fn places_sort_as_pairs_do_and_come_back(a in (category(), key()), b in (category(), key())) {
            let (one, other) = (Place::new(&a.0, &a.1), Place::new(&b.0, &b.1));
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(Place::split(&one.head, &one.tail), Some(a.clone()));
            prop_assert_eq!(one.digest().is_empty(), one.head.len() < HEAD_BYTES || one.tail.is_empty());
            let behind = Place::behind(&a.0);
            prop_assert_eq!(other < behind, b.0 <= a.0);
            prop_assert_eq!(Place::category(&[behind.head, behind.tail].concat()), Some(a.0));
        }
    }
}
