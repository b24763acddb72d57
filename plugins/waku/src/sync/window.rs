//! The messages of a time, by their places.

use std::ops::Range;

use crate::Place;

/// What an archive has of a time: places in their order, and beside each the fingerprint of all before it, so that the
/// fingerprint of any range is two looks away.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Earlier messages are not spoken about.
    pub(crate) floor: i64,
    places: Vec<Place>,
    before: Vec<[u8; 32]>,
}

impl Window {
    /// The places need not be in order; those below the floor are left out.
    pub(crate) fn new(floor: i64, mut places: Vec<Place>) -> Self {
        places.retain(|place| place.timestamp >= floor);
        places.sort_unstable();
        places.dedup();
        let mut before = Vec::with_capacity(places.len() + 1);
        let mut fingerprint = [0; 32];
        before.push(fingerprint);
        for place in &places {
            fingerprint = xor(&fingerprint, place.hash.as_bytes());
            before.push(fingerprint);
        }
        Self {
            floor,
            places,
            before,
        }
    }

    /// Which of the places lie between these two, both of them included.
    pub(super) fn between(&self, first: Place, last: Place) -> Range<usize> {
        let start = self.places.partition_point(|place| *place < first);
        let stop = self.places.partition_point(|place| *place <= last);
        start..stop.max(start)
    }

    pub(super) fn places(&self, range: Range<usize>) -> &[Place] {
        &self.places[range]
    }

    pub(super) fn fingerprint(&self, range: &Range<usize>) -> [u8; 32] {
        xor(&self.before[range.start], &self.before[range.end])
    }
}

fn xor(one: &[u8; 32], other: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|index| one[index] ^ other[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_that_of_the_range_alone() {
        let place = |timestamp, byte: u8| Place {
            timestamp,
            hash: [byte; 32].into(),
        };
        let window = Window::new(
            2,
            vec![place(5, 4), place(2, 1), place(3, 2), place(1, 8), place(3, 2)],
        );
        assert_eq!(
            window.places.len(),
            3,
            "what is below the floor or there twice is left out"
        );
        assert_eq!(window.between(place(2, 0), place(5, 0)), 0..2);
        assert_eq!(window.between(place(2, 0), place(5, 4)), 0..3);
        assert_eq!(window.between(place(6, 0), place(1, 0)), 3..3);
        assert_eq!(window.fingerprint(&(0..3)), [7; 32]);
        assert_eq!(window.fingerprint(&(1..3)), [6; 32]);
        assert_eq!(window.fingerprint(&(1..1)), [0; 32]);
    }
}
