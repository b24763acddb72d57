//! What is known of the connected peers. As many entries as there are connected peers.

use std::collections::{HashMap, hash_map::Entry};

use libp2p::{Multiaddr, PeerId, core::ConnectedPoint, identify};

use super::{error::ConnectError, seek};
use crate::{
    Capabilities,
    limits::{MAX_AGENT, MAX_PEER_ADDRS, MAX_PEER_PROTOCOLS, PING_FAILURES},
    metadata::{self, Metadata},
};

/// A peer, connected or static.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerInfo {
    /// The peer; not known of a static peer that never answered and whose address doesn't name it.
    pub peer_id: Option<PeerId>,
    /// Where it is connected from or to, or would be dialled.
    pub address: Multiaddr,
    /// Whether there is a connection, and who made it.
    pub direction: Option<Direction>,
    /// Whether it is a static peer of the configuration.
    pub is_static: bool,
    /// Where it can be dialled: by what we dialled, or as it says itself; at most 16 addresses.
    pub dial: Vec<Multiaddr>,
    /// Whether it is a static peer that `disconnect` was called for, so that it is not dialled.
    pub is_held: bool,
    /// What it calls its program, once identified; cut at 256 bytes.
    pub agent: Option<String>,
    /// The protocols it speaks, once identified; at most 128.
    pub protocols: Vec<String>,
    /// The shards it takes part in: those it relays, else those it told of.
    pub shards: Vec<u16>,
    /// Whether it has announced to relay these.
    pub relays: bool,
    /// The shards in which it is a neighbour in the mesh.
    pub mesh: Vec<u16>,
    /// The relay's score of it.
    pub score: Option<f64>,
    /// Why the last dial of a static peer failed.
    pub last_error: Option<String>,
}

impl PeerInfo {
    /// Whether it is connected and serves this.
    pub(crate) fn serves(&self, service: Capabilities) -> bool {
        self.direction.is_some() && seek::capabilities(&self.protocols).contains(service)
    }

    /// Whether it speaks the protocol.
    pub fn speaks(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|it| it == protocol)
    }
}

/// Who made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The peer.
    Inbound,
    /// This node.
    Outbound,
}

/// The connected peers.
#[derive(Default)]
pub(super) struct Peers(HashMap<PeerId, Peer>);

/// One of them.
pub(super) struct Peer {
    pub(super) address: Multiaddr,
    pub(super) direction: Direction,
    /// Whether it is connected through a relay alone.
    pub(super) is_relayed: bool,
    /// Where it says that it listens.
    pub(super) listens: Vec<Multiaddr>,
    pub(super) agent: Option<String>,
    pub(super) protocols: Vec<String>,
    /// Whether the metadata exchange has come to an end, whatever end.
    pub(super) settled: bool,
    /// The shards it told of.
    pub(super) shards: Vec<u16>,
    /// The verdict on what the peer told when it asked us, or when it answered.
    mismatch: Option<Option<u32>>,
    refused: bool,
    ping_failures: u32,
}

impl Peers {
    /// A first connection to the peer, or a direct one in the place of a circuit.
    pub(super) fn connected(&mut self, peer: PeerId, endpoint: &ConnectedPoint) {
        let direction = if endpoint.is_dialer() {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        let entry = Peer {
            address: endpoint.get_remote_address().clone(),
            direction,
            is_relayed: endpoint.is_relayed(),
            listens: Vec::new(),
            agent: None,
            protocols: Vec::new(),
            settled: false,
            shards: Vec::new(),
            mismatch: None,
            refused: false,
            ping_failures: 0,
        };
        match self.0.entry(peer) {
            Entry::Vacant(place) => drop(place.insert(entry)),
            Entry::Occupied(mut known) if known.get().is_relayed && !entry.is_relayed => {
                let known = known.get_mut();
                (known.address, known.direction, known.is_relayed) = (entry.address, direction, false);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// The last connection is gone. Gives the reason that a waiting `connect` shall see.
    pub(super) fn disconnected(&mut self, peer: &PeerId, ours: u16) -> ConnectError {
        match self.0.remove(peer).and_then(|gone| gone.mismatch) {
            Some(theirs) => ConnectError::WrongCluster { theirs, ours },
            None => ConnectError::Closed,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn direction(&self, peer: &PeerId) -> Option<Direction> {
        self.0.get(peer).map(|peer| peer.direction)
    }

    pub(super) fn is_settled(&self, peer: &PeerId) -> bool {
        self.0.get(peer).is_some_and(|peer| peer.settled)
    }

    /// Whether the peer told another cluster, or none.
    pub(super) fn is_mismatch(&self, peer: &PeerId) -> bool {
        self.0.get(peer).is_some_and(|peer| peer.mismatch.is_some())
    }

    /// Marks the peer as refused; whether it wasn't yet.
    pub(super) fn refuse(&mut self, peer: &PeerId) -> bool {
        self.0
            .get_mut(peer)
            .is_some_and(|peer| !std::mem::replace(&mut peer.refused, true))
    }

    /// The metadata exchange that we began is over.
    pub(super) fn settle(&mut self, peer: &PeerId) {
        if let Some(peer) = self.0.get_mut(peer) {
            peer.settled = true;
        }
    }

    /// The peer told its cluster.
    pub(super) fn told(&mut self, peer: &PeerId, metadata: &Metadata, ours: u16) {
        if let Some(peer) = self.0.get_mut(peer) {
            peer.mismatch = metadata::verdict(ours, metadata).err();
            peer.shards = metadata
                .shards()
                .iter()
                .filter_map(|shard| u16::try_from(*shard).ok())
                .collect();
        }
    }

    pub(super) fn identified(&mut self, peer: &PeerId, info: identify::Info) {
        let Some(peer) = self.0.get_mut(peer) else { return };
        let mut agent = info.agent_version;
        agent.truncate(agent.floor_char_boundary(MAX_AGENT));
        peer.agent = Some(agent);
        peer.listens = info.listen_addrs.into_iter().take(MAX_PEER_ADDRS).collect();
        peer.protocols = info
            .protocols
            .iter()
            .take(MAX_PEER_PROTOCOLS)
            .map(|protocol| protocol.to_string())
            .collect();
    }

    /// Where the peer can be dialled.
    pub(super) fn dial(&self, id: PeerId) -> Vec<Multiaddr> {
        let Some(peer) = self.0.get(&id) else {
            return Vec::new();
        };
        let all = match peer.direction {
            Direction::Outbound => std::slice::from_ref(&peer.address),
            Direction::Inbound => &peer.listens,
        };
        all.iter().filter_map(|it| it.clone().with_p2p(id).ok()).collect()
    }

    /// Counts pings; whether the peer counts as gone.
    pub(super) fn pinged(&mut self, peer: &PeerId, answered: bool) -> bool {
        let Some(peer) = self.0.get_mut(peer) else {
            return false;
        };
        peer.ping_failures = if answered { 0 } else { peer.ping_failures + 1 };
        peer.ping_failures >= PING_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected() -> (Peers, PeerId) {
        let (mut peers, peer) = (Peers::default(), PeerId::random());
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        peers.connected(
            peer,
            &ConnectedPoint::Listener {
                local_addr: address.clone(),
                send_back_addr: address,
            },
        );
        (peers, peer)
    }

    #[test]
    fn a_row_of_failed_pings_ends_the_connection_and_an_answer_starts_anew() {
        let (mut peers, peer) = connected();
        let row = [false, false, true, false, false, false].map(|answered| peers.pinged(&peer, answered));
        assert_eq!(row, [false, false, false, false, false, true]);
    }

    #[test]
    fn the_reason_of_a_lost_connection_is_the_cluster_if_it_differs() {
        let (mut peers, peer) = connected();
        peers.told(&peer, &Metadata::new(98, []), 99);
        assert!(peers.is_mismatch(&peer));
        let error = peers.disconnected(&peer, 99).to_string();
        assert_eq!(error, "peer is of cluster 98, this node is of cluster 99");

        let (mut peers, peer) = connected();
        peers.told(&peer, &Metadata::default(), 99);
        assert_eq!(
            peers.disconnected(&peer, 99).to_string(),
            "peer is of no cluster, this node is of cluster 99"
        );

        let (mut peers, peer) = connected();
        peers.told(&peer, &Metadata::new(99, []), 99);
        assert_eq!(peers.disconnected(&peer, 99), ConnectError::Closed);
    }
}
