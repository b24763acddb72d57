//! What a node remembers of its peers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use libp2p::PeerId;

use super::Shared;
use crate::limits::exchange::MAX_BANNED;
use crate::store::locked;

/// A peer as a node knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerInfo {
    /// Its peer id.
    pub peer: PeerId,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether it is banned.
    pub banned: bool,
    /// Blocks that came from it, proved and kept, since it connected.
    pub blocks: u64,
}

#[derive(Default)]
pub(super) struct Peers {
    blocks: BTreeMap<PeerId, u64>,
    /// Until when.
    banned: BTreeMap<PeerId, Instant>,
}

impl Peers {
    pub(super) fn info(&self, present: &BTreeSet<PeerId>) -> Vec<PeerInfo> {
        let all: BTreeSet<_> = present.iter().chain(self.banned.keys()).collect();
        let info = |peer: &PeerId| PeerInfo {
            peer: *peer,
            connected: present.contains(peer),
            banned: self.banned.contains_key(peer),
            blocks: self.blocks.get(peer).copied().unwrap_or(0),
        };
        all.into_iter().map(info).collect()
    }
}

impl Shared {
    pub(super) fn connected(&self, peer: PeerId) {
        self.present.send_if_modified(|present| present.insert(peer));
    }

    pub(super) fn disconnected(&self, peer: PeerId) {
        locked(&self.peers).blocks.remove(&peer);
        self.present.send_if_modified(|present| present.remove(&peer));
    }

    /// Counts blocks that came from a peer.
    pub(super) fn count(&self, peer: PeerId, blocks: u64) {
        if self.present.borrow().contains(&peer) {
            *locked(&self.peers).blocks.entry(peer).or_default() += blocks;
        }
    }

    /// Remembers a ban; those that it makes forgotten.
    pub(super) fn ban(&self, peer: PeerId, until: Instant) -> Vec<PeerId> {
        let mut peers = locked(&self.peers);
        peers.banned.insert(peer, until);
        let mut forgotten = Vec::new();
        while peers.banned.len() > MAX_BANNED {
            let first = peers
                .banned
                .iter()
                .min_by_key(|(_, until)| **until)
                .map(|(peer, _)| *peer);
            let Some(first) = first else { break };
            peers.banned.remove(&first);
            forgotten.push(first);
        }
        forgotten
    }

    /// Forgets the bans that are over, and gives them.
    pub(super) fn unbanned(&self, now: Instant) -> Vec<PeerId> {
        let mut peers = locked(&self.peers);
        let over: Vec<_> = peers
            .banned
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(peer, _)| *peer)
            .collect();
        peers.banned.retain(|peer, _| !over.contains(peer));
        over
    }
}
