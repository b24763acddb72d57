//! Which messages were delivered of late.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::{MessageHash, limits::DELIVERED_CAPACITY};

/// The hashes of late, bounded in number and age.
pub(super) struct Seen {
    ttl: Duration,
    since: HashMap<MessageHash, Instant>,
    order: VecDeque<MessageHash>,
}

impl Seen {
    /// Remembers at most [`DELIVERED_CAPACITY`] hashes, each for `ttl`.
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            since: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether the hash is new.
    pub(super) fn insert(&mut self, hash: MessageHash, now: Instant) -> bool {
        while let Some(oldest) = self.order.front() {
            let age = self
                .since
                .get(oldest)
                .map(|since| now.saturating_duration_since(*since));
            if self.order.len() < DELIVERED_CAPACITY && age.is_some_and(|age| age < self.ttl) {
                break;
            }
            self.since.remove(oldest);
            self.order.pop_front();
        }
        if self.since.contains_key(&hash) {
            return false;
        }
        self.since.insert(hash, now);
        self.order.push_back(hash);
        true
    }

    /// The hashes in their order, with their age.
    pub(super) fn ages(&self, now: Instant) -> Vec<(MessageHash, Duration)> {
        let age = |hash| {
            let since = self.since.get(hash)?;
            Some((*hash, now.saturating_duration_since(*since)))
        };
        self.order
            .iter()
            .filter_map(age)
            .filter(|(_, age)| *age < self.ttl)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DELIVERED_TTL;

    #[test]
    fn hashes_are_forgotten_by_age_and_by_number() {
        let (mut seen, start) = (Seen::new(DELIVERED_TTL), Instant::now());
        let hash = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            MessageHash::from(bytes)
        };
        assert!(seen.insert(hash(0), start));
        assert!(!seen.insert(hash(0), start + DELIVERED_TTL / 2));
        assert!(seen.insert(hash(0), start + DELIVERED_TTL));
        for number in 1..=DELIVERED_CAPACITY {
            assert!(seen.insert(hash(number), start + DELIVERED_TTL));
        }
        assert_eq!(
            (seen.order.len(), seen.since.len()),
            (DELIVERED_CAPACITY, DELIVERED_CAPACITY)
        );
        assert!(
            seen.insert(hash(0), start + DELIVERED_TTL),
            "the oldest went first"
        );
    }

    #[test]
    fn ages_leave_out_what_is_forgotten() {
        let (mut seen, start) = (Seen::new(DELIVERED_TTL), Instant::now());
        let (old, young) = (MessageHash::from([1; 32]), MessageHash::from([2; 32]));
        seen.insert(old, start);
        seen.insert(young, start + Duration::from_secs(1));
        assert_eq!(
            seen.ages(start + DELIVERED_TTL),
            [(young, DELIVERED_TTL - Duration::from_secs(1))]
        );
    }
}
