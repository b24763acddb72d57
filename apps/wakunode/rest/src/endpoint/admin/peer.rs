//! A peer as JSON has it.

use serde::Serialize;
use waku_api::{Connectedness, KnownPeer, PeerOrigin};

#[derive(Debug, Serialize)]
pub(super) struct Peer {
    multiaddr: String,
    protocols: Vec<String>,
    shards: Vec<u16>,
    pub(super) connected: &'static str,
    agent: String,
    origin: &'static str,
    score: Option<f64>,
}

impl Peer {
    /// With the relay's score.
    pub(super) fn scored(peer: &KnownPeer) -> Self {
        Self {
            score: peer.score,
            ..Self::from(peer)
        }
    }

    /// With these among its protocols alone; `None` if it speaks none of them.
    pub(super) fn serving(peer: &KnownPeer, protocols: &[&str]) -> Option<Self> {
        let spoken = protocols
            .iter()
            .filter(|it| peer.protocols.iter().any(|spoken| spoken == *it));
        let protocols: Vec<String> = spoken.map(|it| (*it).to_owned()).collect();
        (!protocols.is_empty()).then(|| Self {
            protocols,
            ..Self::from(peer)
        })
    }
}

impl From<&KnownPeer> for Peer {
    fn from(peer: &KnownPeer) -> Self {
        let address = peer.addresses.first().map(String::as_str).unwrap_or_default();
        Self {
            multiaddr: format!("{address}/p2p/{}", peer.peer_id),
            protocols: peer.protocols.clone(),
            shards: peer.shards.clone(),
            connected: connectedness(peer.connectedness),
            agent: peer.agent.clone().unwrap_or_default(),
            origin: match peer.origin {
                PeerOrigin::Unknown => "UnknownOrigin",
                PeerOrigin::Static => "Static",
                PeerOrigin::Discv5 => "Discv5",
                PeerOrigin::PeerExchange => "PeerExchange",
                PeerOrigin::Dns => "Dns",
            },
            score: None,
        }
    }
}

pub(super) fn connectedness(connectedness: Connectedness) -> &'static str {
    match connectedness {
        Connectedness::NotConnected => "NotConnected",
        Connectedness::CannotConnect => "CannotConnect",
        Connectedness::CanConnect => "CanConnect",
        Connectedness::Connected => "Connected",
    }
}
