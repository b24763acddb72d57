//! All peers that the node knows of, as an operator sees them.

use std::collections::BTreeMap;

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use super::{
    Node, Stopped,
    book::{Known, Source},
    command::Command,
    driver::Driver,
    peers::PeerInfo,
};
use crate::{Capabilities, filter, lightpush::Version, relay, store};

/// A peer that the node knows of.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedPeer {
    /// The peer.
    pub peer_id: PeerId,
    /// Where it is connected from or to, or can be dialled; the best first, without the id behind it.
    pub addresses: Vec<Multiaddr>,
    /// The protocols that it speaks, as it has said, else as its record tells.
    pub protocols: Vec<String>,
    /// The shards that it takes part in, as far as that is known.
    pub shards: Vec<u16>,
    /// Whether there is a connection.
    pub connectedness: Connectedness,
    /// What it calls its program.
    pub agent: Option<String>,
    /// Who told of it.
    pub origin: PeerOrigin,
    /// The shards in which it is a neighbour in the mesh.
    pub mesh: Vec<u16>,
    /// Whether it has announced to relay `shards`.
    pub relays: bool,
    /// The relay's score of it.
    pub score: Option<f64>,
}

/// Whether there is a connection to a peer, or could be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectedness {
    /// There is none, and none was tried.
    NotConnected,
    /// There is none, because the last dial failed or the peer is unwanted for a while.
    CannotConnect,
    /// There was one, and could be one again.
    CanConnect,
    /// There is one.
    Connected,
}

/// Who told of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerOrigin {
    /// It came by itself.
    Unknown,
    /// Whoever runs this node.
    Static,
    /// Discv5.
    Discv5,
    /// Another peer.
    PeerExchange,
    /// A list in DNS.
    Dns,
}

impl Node {
    /// All peers that the node knows of, connected or not, by their ids.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn listed_peers(&self) -> Result<Vec<ListedPeer>, Stopped> {
        self.ask(Command::ListedPeers).await
    }
}

impl Driver {
    pub(super) fn listed_peers(&self) -> Vec<ListedPeer> {
        let known = self
            .book
            .iter()
            .map(|(peer, known)| (*peer, from_book(*peer, known)));
        let mut all: BTreeMap<PeerId, ListedPeer> = known.collect();
        for info in self.peer_infos() {
            let Some(peer) = info.peer_id else { continue };
            let origin = match all.get(&peer) {
                _ if info.is_static => PeerOrigin::Static,
                Some(known) => known.origin,
                None => PeerOrigin::Unknown,
            };
            if info.direction.is_some() || !all.contains_key(&peer) {
                all.insert(peer, listed(peer, origin, info));
            }
        }
        all.into_values().collect()
    }
}

fn from_book(peer_id: PeerId, known: &Known) -> ListedPeer {
    ListedPeer {
        peer_id,
        addresses: known.addresses.iter().map(without_peer).collect(),
        protocols: protocols(known.capabilities),
        shards: known.shards.iter().flatten().copied().collect(),
        connectedness: match (known.has_failed(), known.is_proven) {
            (true, _) => Connectedness::CannotConnect,
            (false, true) => Connectedness::CanConnect,
            (false, false) => Connectedness::NotConnected,
        },
        agent: None,
        origin: match known.source {
            Source::User => PeerOrigin::Static,
            Source::Discv5 => PeerOrigin::Discv5,
            Source::Dns => PeerOrigin::Dns,
            Source::PeerExchange => PeerOrigin::PeerExchange,
            Source::Connection => PeerOrigin::Unknown,
        },
        mesh: Vec::new(),
        relays: false,
        score: None,
    }
}

fn listed(peer_id: PeerId, origin: PeerOrigin, info: PeerInfo) -> ListedPeer {
    let mut addresses: Vec<Multiaddr> = info.dial.iter().map(without_peer).collect();
    if addresses.is_empty() {
        addresses.push(without_peer(&info.address));
    }
    ListedPeer {
        peer_id,
        addresses,
        protocols: info.protocols,
        shards: info.shards,
        connectedness: match (info.direction, &info.last_error) {
            (Some(_), _) => Connectedness::Connected,
            (None, Some(_)) => Connectedness::CannotConnect,
            (None, None) => Connectedness::NotConnected,
        },
        agent: info.agent,
        origin,
        mesh: info.mesh,
        relays: info.relays,
        score: info.score,
    }
}

/// The protocols that a record with these capabilities tells of.
fn protocols(capabilities: Capabilities) -> Vec<String> {
    let all = [
        (Capabilities::RELAY, relay::PROTOCOL),
        (Capabilities::STORE, store::PROTOCOL),
        (Capabilities::FILTER, filter::SUBSCRIBE),
        (Capabilities::LIGHTPUSH, Version::V3.protocol()),
    ];
    let served = all
        .iter()
        .filter(|(capability, _)| capabilities.contains(*capability));
    served.map(|(_, protocol)| (*protocol).to_owned()).collect()
}

fn without_peer(address: &Multiaddr) -> Multiaddr {
    let mut address = address.clone();
    if matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.pop();
    }
    address
}
