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
    /// What was synchronised with other archives.
    pub sync: SyncStats,
}

/// Counts of store sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncStats {
    /// Conversations that are over, whoever had begun them.
    pub sessions: u64,
    /// Those among them that broke off.
    pub failed: u64,
    /// Payloads of reconciliation that peers sent.
    pub roundtrips: u64,
    /// Messages that were found on one side only.
    pub differences: u64,
    /// Bytes of reconciliation that were sent.
    pub bytes_sent: u64,
    /// Bytes of reconciliation that were received.
    pub bytes_received: u64,
    /// Messages that were sent to other archives.
    pub messages_sent: u64,
    /// Messages that other archives sent.
    pub messages_received: u64,
    /// Those among them that were malformed, of another cluster or of a time that is not synchronised.
    pub messages_refused: u64,
    /// Those among them that the archive did not have.
    pub messages_fresh: u64,
    /// Bytes of transfer that were sent.
    pub transfer_bytes_sent: u64,
    /// Bytes of transfer that were received.
    pub transfer_bytes_received: u64,
    /// Streams of messages that were refused, because archives had not been compared before.
    pub unwanted: u64,
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
    pub(super) sync: SyncCounters,
}

/// The live counters behind [`SyncStats`].
#[derive(Default)]
pub(super) struct SyncCounters {
    pub(super) sessions: Counter,
    pub(super) failed: Counter,
    pub(super) roundtrips: Counter,
    pub(super) differences: Counter,
    pub(super) bytes_sent: Counter,
    pub(super) bytes_received: Counter,
    pub(super) messages_sent: Counter,
    pub(super) messages_received: Counter,
    pub(super) messages_refused: Counter,
    pub(super) messages_fresh: Counter,
    pub(super) transfer_bytes_sent: Counter,
    pub(super) transfer_bytes_received: Counter,
    pub(super) unwanted: Counter,
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
            sync: self.sync.snapshot(),
        }
    }
}

impl SyncCounters {
    fn snapshot(&self) -> SyncStats {
        SyncStats {
            sessions: self.sessions.get(),
            failed: self.failed.get(),
            roundtrips: self.roundtrips.get(),
            differences: self.differences.get(),
            bytes_sent: self.bytes_sent.get(),
            bytes_received: self.bytes_received.get(),
            messages_sent: self.messages_sent.get(),
            messages_received: self.messages_received.get(),
            messages_refused: self.messages_refused.get(),
            messages_fresh: self.messages_fresh.get(),
            transfer_bytes_sent: self.transfer_bytes_sent.get(),
            transfer_bytes_received: self.transfer_bytes_received.get(),
            unwanted: self.unwanted.get(),
        }
    }
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.count(1);
    }

    pub(super) fn count(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(super) fn more(&self, count: usize) {
        self.0.fetch_add(count as u64, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
