//! What a successor takes over.

use backplane_sdk::record;

use crate::{Multiaddr, PeerInfo, limits::MAX_CONNECTIONS_CEILING};

/// The state of the module. The addresses and the node key are in its folder; see the configuration.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct WakuState {
    /// Who subscribed to what.
    pub subscribers: Vec<Subscriber>,
    /// Connected peers that the configuration does not name.
    pub connected: Vec<ConnectedPeer>,
    /// Static peers that `disconnect` was called for, as multiaddrs.
    pub held: Vec<String>,
}

/// The subscriptions of one caller.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// The host's number for it, which stays as long as the host runs.
    pub caller: Option<u16>,
    /// Its content topics.
    pub content_topics: Vec<String>,
    /// Its shards.
    pub pubsub_topics: Vec<String>,
}

/// A peer to connect to again.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectedPeer {
    /// Multiaddrs by which it can be dialled, the best first.
    pub addresses: Vec<String>,
}

impl WakuState {
    pub(super) fn new(peers: &[PeerInfo], subscribers: Vec<Subscriber>) -> Self {
        let texts = |addresses: &[Multiaddr]| addresses.iter().map(Multiaddr::to_string).collect::<Vec<_>>();
        let connected = peers
            .iter()
            .filter(|peer| peer.direction.is_some() && !peer.is_static);
        let held = peers.iter().filter(|peer| peer.is_held);
        let named = |peer: &PeerInfo| peer.address.clone().with_p2p(peer.peer_id?).ok();
        Self {
            subscribers,
            connected: connected
                .filter(|peer| !peer.dial.is_empty())
                .take(MAX_CONNECTIONS_CEILING as usize)
                .map(|peer| ConnectedPeer {
                    addresses: texts(&peer.dial),
                })
                .collect(),
            held: texts(&held.filter_map(named).collect::<Vec<_>>()),
        }
    }
}
