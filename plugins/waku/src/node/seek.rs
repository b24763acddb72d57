//! Connecting to known peers while there are too few: in each shard, or for a light node, with each service.

use std::{collections::BTreeMap, time::Instant};

use libp2p::{
    Multiaddr, PeerId,
    swarm::dial_opts::{DialOpts, PeerCondition},
};

use super::{Direction, book::Known, crowd::Crowd, driver::Driver, peers::Peer};
use crate::{
    Capabilities, filter,
    lightpush::Version,
    limits::{MAX_SEEK_DIALS, SERVICE_PEERS},
    peer_exchange, store, sync,
};

/// What a light node needs peers for.
const SERVICES: [Capabilities; 2] = [Capabilities::FILTER, Capabilities::LIGHTPUSH];

/// What the node has too little of, and how many peers of each it needs.
struct Lack {
    shards: BTreeMap<u16, usize>,
    services: Vec<(Capabilities, usize)>,
}

impl Lack {
    fn is_none(&self) -> bool {
        self.shards.is_empty() && self.services.is_empty()
    }

    /// Whether the peer fills a gap; then it counts as filled.
    fn fill(&mut self, known: &Known) -> bool {
        let mut fills = false;
        self.shards.retain(|shard, count| {
            let serves = known.may_be_in(*shard);
            fills |= serves;
            *count -= usize::from(serves);
            *count > 0
        });
        self.services.retain_mut(|(service, count)| {
            let serves = known.capabilities.contains(*service);
            fills |= serves;
            *count -= usize::from(serves);
            *count > 0
        });
        fills
    }
}

impl Driver {
    /// Dials known peers as far as any are lacking, and asks connected ones for more if that is not enough.
    pub(super) fn seek_peers(&mut self) {
        let now = Instant::now();
        let mut lack = self.lack();
        let dialing = self.book.iter().filter(|(_, known)| known.is_dialing());
        let mut crowd = self.crowd();
        let mut under_way = 0;
        for (_, known) in dialing {
            lack.fill(known);
            under_way += 1;
        }
        let room = self.room_for_sought().saturating_sub(under_way);
        let most = room.min(MAX_SEEK_DIALS.saturating_sub(under_way));
        let mut chosen: Vec<(PeerId, Vec<Multiaddr>)> = Vec::new();
        for (peer, known) in self.book.candidates(now) {
            if chosen.len() >= most || lack.is_none() {
                break;
            }
            let Some(address) = known.addresses.first() else {
                continue;
            };
            let is_free = !self.static_peers.contains(peer) && !self.swarm.is_connected(peer);
            if is_free && crowd.has_room(address) && lack.fill(known) {
                crowd.add(address);
                chosen.push((*peer, known.addresses.clone()));
            }
        }
        for (peer, addresses) in chosen {
            self.dial_known(peer, addresses, now);
        }
        if !lack.is_none() {
            self.ask_for_peers(now);
        }
    }

    /// How many more peers may be connected to in this way: the rest of the connections is for others.
    fn room_for_sought(&self) -> usize {
        match self.shared.relay {
            true => self
                .share
                .outbound
                .saturating_sub(self.relays(Direction::Outbound)),
            false => (self.max_connections / 2).saturating_sub(self.peers.len()),
        }
    }

    fn dial_known(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, now: Instant) {
        let options = DialOpts::peer_id(peer)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .addresses(addresses)
            .build();
        let connection = options.connection_id();
        self.book.dialing(&peer, connection);
        if self.swarm.dial(options).is_err() {
            self.book.failed(connection, now);
        }
    }

    fn lack(&self) -> Lack {
        let missing = |have: usize, target: usize| Some(target.saturating_sub(have)).filter(|it| *it > 0);
        let shards = self.joined.iter().filter_map(|topic| {
            let have = self.shard_info(*topic).peers;
            Some((topic.shard(), missing(have, self.shard_peers)?))
        });
        let services = SERVICES
            .iter()
            .filter(|_| !self.shared.relay)
            .filter_map(|service| {
                let serves = |peer: &&Peer| capabilities(&peer.protocols).contains(*service);
                let have = self.peers.iter().map(|(_, peer)| peer).filter(serves).count();
                Some((*service, missing(have, SERVICE_PEERS)?))
            });
        Lack {
            shards: shards.collect(),
            services: services.collect(),
        }
    }

    /// The connections to each IP address.
    pub(super) fn crowd(&self) -> Crowd {
        Crowd::new(self.peers.iter().map(|(_, peer)| &peer.address), self.ip_limit)
    }
}

/// What a peer serves, by the protocols that it speaks.
pub(super) fn capabilities(protocols: &[String]) -> Capabilities {
    let speaks = |protocol: &str| protocols.iter().any(|it| it == protocol);
    sync::capability(protocols)
        .with_if(speaks(crate::relay::PROTOCOL), Capabilities::RELAY)
        .with_if(store::is_served(protocols), Capabilities::STORE)
        .with_if(speaks(filter::SUBSCRIBE), Capabilities::FILTER)
        .with_if(
            speaks(Version::V3.protocol()) || speaks(Version::Legacy.protocol()),
            Capabilities::LIGHTPUSH,
        )
}

pub(super) fn exchanges_peers(protocols: &[String]) -> bool {
    protocols.iter().any(|it| it == peer_exchange::PROTOCOL)
}
