//! The peers that the node knows of, connected or not, and when each may be dialled. Knows no network; the driver
//! tells it what happened.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use libp2p::{Multiaddr, PeerId, swarm::ConnectionId};

use crate::{
    Capabilities, NodeRecord,
    limits::{BACK_OFF, BACK_OFF_FACTOR, HUNG_UP_PAUSE, MAX_DIAL_FAILURES, MAX_PEER_ADDRS, REDIAL_STABLE},
};

/// Who told of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A peer, by peer exchange.
    PeerExchange,
    /// The peer itself, over a connection.
    Connection,
    /// A list in DNS.
    Dns,
    /// Discv5.
    Discv5,
    /// Whoever runs this node.
    User,
}

/// A peer that the node has been connected to, so that a successor finds it again.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownPeer {
    /// The peer.
    pub peer_id: PeerId,
    /// Where it can be dialled.
    pub addresses: Vec<Multiaddr>,
    /// Its record, if it was seen.
    pub record: Option<NodeRecord>,
    /// The shards that it takes part in, if it has said so.
    pub shards: Option<Vec<u16>>,
    /// What it serves.
    pub capabilities: Capabilities,
}

/// The known peers.
pub(super) struct Book {
    peers: HashMap<PeerId, Known>,
    ours: PeerId,
    cluster: u16,
    /// Peers that are known at once.
    capacity: usize,
    /// How many peers were ever noted, those that are forgotten included.
    noted: u64,
}

/// One of them.
pub(super) struct Known {
    pub(super) addresses: Vec<Multiaddr>,
    pub(super) record: Option<NodeRecord>,
    /// The shards that it takes part in, if it has said so.
    pub(super) shards: Option<BTreeSet<u16>>,
    pub(super) capabilities: Capabilities,
    pub(super) source: Source,
    /// Whether a connection to it, at some time, has stood.
    pub(super) is_proven: bool,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Idle {
        until: Option<Instant>,
    },
    Dialing(ConnectionId),
    Connected {
        since: Instant,
    },
    /// Disconnected by the user's wish, until the user connects again.
    Held,
}

impl Book {
    pub(super) fn new(ours: PeerId, cluster: u16, capacity: usize) -> Self {
        Self {
            peers: HashMap::new(),
            ours,
            cluster,
            capacity,
            noted: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// How many peers were ever noted, those that are forgotten included.
    pub(super) fn noted(&self) -> u64 {
        self.noted
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Known)> {
        self.peers.iter()
    }

    #[cfg(test)]
    fn get(&self, peer: &PeerId) -> Option<&Known> {
        self.peers.get(peer)
    }

    /// Notes the record of a peer; whether it says anything new. One of another network or cluster, without an
    /// address, or older than the one there is, does not.
    pub(super) fn learn(&mut self, record: NodeRecord, source: Source) -> bool {
        let (peer, shards, addresses) = (record.peer_id(), record.shards(), record.addresses());
        let other_cluster = shards.as_ref().is_some_and(|it| it.cluster != self.cluster);
        if peer == self.ours || other_cluster || addresses.is_empty() || record.capabilities().is_empty() {
            return false;
        }
        let known = self.entry(peer, source);
        known.source = known.source.max(source);
        if known.record.as_ref().is_some_and(|it| it.seq() >= record.seq()) {
            return false;
        }
        known.addresses = addresses;
        known.shards = shards.map(|it| it.shards);
        known.capabilities = record.capabilities();
        known.record = Some(record);
        true
    }

    /// Notes what a connected peer says of itself.
    pub(super) fn identified(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, capabilities: Capabilities) {
        if addresses.is_empty() && !self.peers.contains_key(&peer) {
            return;
        }
        let known = self.entry(peer, Source::Connection);
        known.capabilities = capabilities;
        if !addresses.is_empty() {
            known.addresses = addresses;
            known.addresses.truncate(MAX_PEER_ADDRS);
        }
    }

    /// Notes the shards that a connected peer says it takes part in.
    pub(super) fn in_shards(&mut self, peer: &PeerId, shards: &[u16]) {
        if let Some(known) = self.peers.get_mut(peer).filter(|_| !shards.is_empty()) {
            known.shards = Some(shards.iter().copied().collect());
        }
    }

    /// The peers that a connection to has stood, in the order of their ids.
    pub(super) fn proven(&self) -> Vec<KnownPeer> {
        let proven = self.peers.iter().filter(|(_, known)| known.is_proven);
        let mut all: Vec<KnownPeer> = proven
            .map(|(peer, known)| KnownPeer {
                peer_id: *peer,
                addresses: known.addresses.clone(),
                record: known.record.clone(),
                shards: known
                    .shards
                    .as_ref()
                    .map(|shards| shards.iter().copied().collect()),
                capabilities: known.capabilities,
            })
            .collect();
        all.sort_by_key(|peer| peer.peer_id);
        all
    }

    /// Notes a peer of a predecessor, unless it is known already.
    pub(super) fn restore(&mut self, peer: KnownPeer) {
        if peer.peer_id == self.ours || self.peers.contains_key(&peer.peer_id) {
            return;
        }
        let known = self.entry(peer.peer_id, Source::Connection);
        known.is_proven = true;
        known.addresses = peer.addresses;
        known.addresses.truncate(MAX_PEER_ADDRS);
        known.record = peer.record.filter(|record| record.peer_id() == peer.peer_id);
        known.shards = peer.shards.map(|shards| shards.into_iter().collect());
        known.capabilities = peer.capabilities;
    }

    fn entry(&mut self, peer: PeerId, source: Source) -> &mut Known {
        if self.peers.len() >= self.capacity && !self.peers.contains_key(&peer) {
            self.forget_one();
        }
        self.noted += u64::from(!self.peers.contains_key(&peer));
        self.peers.entry(peer).or_insert_with(|| Known {
            addresses: Vec::new(),
            record: None,
            shards: None,
            capabilities: Capabilities::default(),
            source,
            is_proven: false,
            failures: 0,
            state: State::Idle { until: None },
        })
    }

    /// Makes room: whoever was never connected goes first, and the one with most failures among them.
    fn forget_one(&mut self) {
        let idle = self.peers.iter().filter(|(_, known)| known.is_idle());
        let worst = idle.max_by_key(|(_, known)| (!known.is_proven, known.failures));
        if let Some(peer) = worst.map(|(peer, _)| *peer) {
            self.peers.remove(&peer);
        }
    }

    /// The peers that may be dialled now, those with the fewest failures first, else in a random order.
    pub(super) fn candidates(&self, now: Instant) -> Vec<(&PeerId, &Known)> {
        let due = |known: &Known| match known.state {
            State::Idle { until } => until.is_none_or(|until| until <= now) && !known.addresses.is_empty(),
            _ => false,
        };
        let mut all: Vec<_> = self.peers.iter().filter(|(_, known)| due(known)).collect();
        let random = RandomState::new();
        all.sort_by_cached_key(|(peer, known)| (known.failures, random.hash_one(peer)));
        all
    }

    /// Records to tell others, at most `count` and chosen at random: of peers that discv5 or DNS has found or that
    /// are connected, and that could be reached when they were last tried.
    pub(super) fn records(&self, count: usize, except: &PeerId) -> Vec<NodeRecord> {
        let sound =
            |known: &Known| known.failures == 0 && (known.is_connected() || known.source >= Source::Dns);
        let mut all: Vec<_> = self
            .peers
            .iter()
            .filter(|(peer, known)| *peer != except && sound(known))
            .filter_map(|(_, known)| known.record.as_ref())
            .collect();
        let random = RandomState::new();
        all.sort_by_cached_key(|record| random.hash_one(record.peer_id()));
        all.into_iter().take(count).cloned().collect()
    }

    pub(super) fn dialing(&mut self, peer: &PeerId, connection: ConnectionId) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.state = State::Dialing(connection);
        }
    }

    /// A connection stands, whoever dialled.
    pub(super) fn established(&mut self, peer: &PeerId, now: Instant) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.is_proven = true;
            if !matches!(known.state, State::Connected { .. } | State::Held) {
                known.state = State::Connected { since: now };
            }
        }
    }

    /// A dial failed.
    pub(super) fn failed(&mut self, connection: ConnectionId, now: Instant) {
        let dialled = |known: &Known| known.state == State::Dialing(connection);
        let found = self.peers.iter_mut().find(|(_, known)| dialled(known));
        let Some((peer, known)) = found else { return };
        known.fail(now);
        if known.failures >= MAX_DIAL_FAILURES {
            let peer = *peer;
            self.peers.remove(&peer);
        }
    }

    /// The last connection to the peer is gone.
    pub(super) fn closed(&mut self, peer: &PeerId, now: Instant) {
        let Some(known) = self.peers.get_mut(peer) else {
            return;
        };
        let State::Connected { since } = known.state else {
            return;
        };
        if now.saturating_duration_since(since) < REDIAL_STABLE {
            known.fail(now);
        } else {
            known.failures = 0;
            known.state = State::Idle {
                until: Some(now + HUNG_UP_PAUSE),
            };
        }
    }

    /// The user wants the peer gone.
    pub(super) fn hold(&mut self, peer: &PeerId) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.state = State::Held;
        }
    }

    /// The user wants the peer again.
    pub(super) fn release(&mut self, peer: &PeerId) {
        if let Some(known) = self.peers.get_mut(peer).filter(|it| it.state == State::Held) {
            known.failures = 0;
            known.state = State::Idle { until: None };
        }
    }

    /// The peer is of no use for now: of another cluster, or with a bad score.
    pub(super) fn shun(&mut self, peer: &PeerId, now: Instant) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.fail(now);
        }
    }
}

impl Known {
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    pub(super) fn is_found_by_discv5(&self) -> bool {
        self.source == Source::Discv5
    }

    pub(super) fn is_dialing(&self) -> bool {
        matches!(self.state, State::Dialing(_))
    }

    /// Whether it could not be reached when it was last tried, or was of no use.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle { .. })
    }

    /// Whether it takes part in the shard, or may do so for all that is known.
    pub(super) fn may_be_in(&self, shard: u16) -> bool {
        self.capabilities.contains(Capabilities::RELAY)
            && self.shards.as_ref().is_none_or(|shards| shards.contains(&shard))
    }

    fn fail(&mut self, now: Instant) {
        self.state = State::Idle {
            until: Some(now + pause(self.failures)),
        };
        self.failures = self.failures.saturating_add(1);
    }
}

fn pause(failures: u32) -> Duration {
    BACK_OFF.saturating_mul(BACK_OFF_FACTOR.saturating_pow(failures))
}

#[cfg(test)]
mod tests;
