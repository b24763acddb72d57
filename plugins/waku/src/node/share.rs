//! How the connections are shared out between peers that relay and those that this node serves.

use libp2p::PeerId;

use super::{Direction, driver::Driver};

/// Most peers that relay, by who made the connection: two thirds are for those that come, one for those that the node
/// looks for.
pub(super) struct Share {
    inbound: usize,
    pub(super) outbound: usize,
}

impl Share {
    pub(super) fn new(relay_peers: usize) -> Self {
        let outbound = relay_peers / 3;
        Self {
            inbound: relay_peers - outbound,
            outbound: outbound.max(1),
        }
    }
}

impl Driver {
    /// The connected peers that take part in a shard, with a connection that was made in this direction.
    pub(super) fn relays(&self, direction: Direction) -> usize {
        let relay = &self.swarm.behaviour().relay;
        let relays = relay.all_peers().filter(|(_, topics)| !topics.is_empty());
        relays
            .filter(|(peer, _)| self.peers.direction(peer) == Some(direction))
            .count()
    }

    /// Hangs up on a peer that takes part in a shard and came by itself, if there are enough of those.
    pub(super) fn keep_to_share(&mut self, peer: PeerId) {
        let came = self.peers.direction(&peer) == Some(Direction::Inbound);
        let is_wanted = self.static_peers.contains(&peer);
        if came && !is_wanted && self.relays(Direction::Inbound) > self.share.inbound {
            self.hang_up(peer, "there are enough peers that relay");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_is_looked_for_and_a_node_of_one_peer_looks_for_it() {
        for (peers, inbound, outbound) in [(75, 50, 25), (8, 6, 2), (1, 1, 1), (0, 0, 1)] {
            let share = Share::new(peers);
            assert_eq!((share.inbound, share.outbound), (inbound, outbound), "{peers}");
        }
    }
}
