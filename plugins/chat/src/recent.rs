//! A bounded memory of message hashes.

use std::collections::{HashSet, VecDeque};

use crate::{limits::MAX_RECENT, message::MessageHash};

/// The last [`MAX_RECENT`] hashes; the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct RecentHashes {
    order: VecDeque<MessageHash>,
    known: HashSet<MessageHash>,
}

impl RecentHashes {
    pub(crate) fn contains(&self, hash: &MessageHash) -> bool {
        self.known.contains(hash)
    }

    pub(crate) fn insert(&mut self, hash: MessageHash) {
        if !self.known.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > MAX_RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &MessageHash> {
        self.order.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_hash_makes_room() {
        let hash = |n: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            MessageHash(bytes)
        };
        let mut recent = RecentHashes::default();
        for n in (0..=MAX_RECENT).chain([MAX_RECENT]) {
            recent.insert(hash(n));
        }
        assert!(!recent.contains(&hash(0)));
        assert!(recent.contains(&hash(1)) && recent.contains(&hash(MAX_RECENT)));
        assert_eq!(recent.iter().count(), MAX_RECENT);
    }
}
