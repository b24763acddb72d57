//! Ranges of keys.

pub use storage_api::Key;

/// The keys from `start` up to but without `stop`; an empty `stop` means no upper bound.
///
/// A range whose start is not below its stop holds nothing. The default range holds every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRange {
    /// The first key of the range; empty means from the beginning.
    pub start: Key,
    /// The first key after the range; empty means no upper bound.
    pub stop: Key,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self::default()
    }

    /// The keys from `start` up to but without `stop`.
    pub fn new(start: impl Into<Key>, stop: impl Into<Key>) -> Self {
        KeyRange {
            start: start.into(),
            stop: stop.into(),
        }
    }

    /// `prefix` and all its extensions. A prefix of nothing but `FF` bytes, or an empty one, has no upper bound.
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        let start: Key = prefix.into();
        let mut stop = start.as_bytes().to_vec();
        while stop.pop_if(|last| *last == 0xff).is_some() {}
        if let Some(last) = stop.last_mut() {
            *last += 1;
        }
        KeyRange {
            start,
            stop: Key::from(stop),
        }
    }

    /// Whether `key` lies in the range.
    pub fn contains(&self, key: &Key) -> bool {
        *key >= self.start && (self.stop.as_bytes().is_empty() || *key < self.stop)
    }

    /// Whether there may be a key in both ranges.
    pub(crate) fn intersects(&self, other: &KeyRange) -> bool {
        let start = self.start.as_bytes().max(other.start.as_bytes());
        let below = |stop: &Key| stop.as_bytes().is_empty() || start < stop.as_bytes();
        below(&self.stop) && below(&other.stop)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prefix_ranges_match_the_golden_vectors() {
        let vectors = [
            ("000161", "000162"),
            ("61ff", "62"),
            ("00ffff", "01"),
            ("00026368", "00026369"),
            ("ffffff", ""),
            ("", ""),
            ("7fffffffffffffff", "80"),
            ("ffffffffffffffff", ""),
        ];
        for (prefix, stop) in vectors {
            let range = KeyRange::prefix(hex::decode(prefix).unwrap());
            assert_eq!(range.start.as_bytes(), hex::decode(prefix).unwrap());
            assert_eq!(
                range.stop.as_bytes(),
                hex::decode(stop).unwrap(),
                "stop of {prefix}"
            );
        }
    }

    proptest! {
        #[test]
        fn ranges_intersect_where_a_key_may_be_in_both(
            bounds in prop::array::uniform4(prop::collection::vec(0u8..3, 0..3)),
            key in prop::collection::vec(0u8..3, 0..4),
        ) {
            let [a, b, c, d] = bounds;
            let (one, other) = (KeyRange::new(a, b), KeyRange::new(c, d));
            let key = Key::from(key);
            if one.contains(&key) && other.contains(&key) {
                prop_assert!(one.intersects(&other) && other.intersects(&one));
            }
            let start = one.start.clone().max(other.start.clone());
            prop_assert_eq!(one.intersects(&other), one.contains(&start) && other.contains(&start));
        }

        #[test]
        fn a_prefix_range_holds_exactly_the_extensions(
            prefix in prop::collection::vec(prop::sample::select(vec![0u8, 1, 0xfe, 0xff]), 0..4),
            key in prop::collection::vec(prop::sample::select(vec![0u8, 1, 0xfe, 0xff]), 0..6),
        ) {
            let range = KeyRange::prefix(prefix.clone());
            prop_assert_eq!(range.contains(&Key::from(key.clone())), key.starts_with(&prefix));
        }
    }
}
