//! What a node counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the node started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeStats {
    /// Messages handed to at least one peer.
    pub published: u64,
    /// Messages of peers that were sound, and so forwarded.
    pub relayed: u64,
    /// Messages of peers with an empty payload or content topic, which were dropped.
    pub ignored: u64,
    /// Messages of peers that were malformed or too large; these cost the peer its score.
    pub rejected: u64,
    /// Messages handed to receivers, counted for each receiver.
    pub delivered: u64,
    /// Messages that a receiver missed because its queue was full, counted for each receiver.
    pub missed: u64,
    /// Peers that were refused because of their cluster.
    pub refused_peers: u64,
    /// Peers whose gossipsub queue was full, counted each time.
    pub slow_peers: u64,
    /// Messages pushed to filter subscribers, counted for each.
    pub pushed: u64,
    /// Messages that a filter subscriber missed because it was slow or could not be reached, counted for each.
    pub push_missed: u64,
    /// Requests that were refused because their peers ask too often.
    pub rate_limited: u64,
}

/// The live counters behind [`NodeStats`].
#[derive(Default)]
pub(super) struct Counters {
    pub(super) published: Counter,
    pub(super) relayed: Counter,
    pub(super) ignored: Counter,
    pub(super) rejected: Counter,
    pub(super) delivered: Counter,
    pub(super) missed: Counter,
    pub(super) refused_peers: Counter,
    pub(super) slow_peers: Counter,
    pub(super) pushed: Counter,
    pub(super) push_missed: Counter,
    pub(super) rate_limited: Counter,
}

impl Counters {
    pub(super) fn snapshot(&self) -> NodeStats {
        NodeStats {
            published: self.published.get(),
            relayed: self.relayed.get(),
            ignored: self.ignored.get(),
            rejected: self.rejected.get(),
            delivered: self.delivered.get(),
            missed: self.missed.get(),
            refused_peers: self.refused_peers.get(),
            slow_peers: self.slow_peers.get(),
            pushed: self.pushed.get(),
            push_missed: self.push_missed.get(),
            rate_limited: self.rate_limited.get(),
        }
    }
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
