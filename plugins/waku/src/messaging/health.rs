//! How well messages come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Capabilities, Node, PubsubTopic, Stopped,
    limits::{GOOD_RELAY_PEERS, GOOD_SERVICE_PEERS},
};

/// How well a node is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Connection {
    /// Nothing comes or goes.
    #[default]
    Disconnected,
    /// Messages come and go, over few peers.
    Partial,
    /// At least four peers relay, or for a light node, two peers offer each of lightpush, filter and store.
    Connected,
}

impl Connection {
    /// As deployed nodes judge it: who has relay peers needs no services, and others need every one. `services` counts the
    /// connected peers with each of them.
    pub(crate) fn judge(relay_peers: usize, services: [usize; 3]) -> Self {
        let [a, b, c] = services;
        let least = a.min(b).min(c);
        if relay_peers >= GOOD_RELAY_PEERS || (relay_peers == 0 && least >= GOOD_SERVICE_PEERS) {
            Self::Connected
        } else if relay_peers > 0 || least > 0 {
            Self::Partial
        } else {
            Self::Disconnected
        }
    }
}

/// How well a shard is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No neighbour in the mesh; for a light node, no filter service.
    Unhealthy,
    /// Fewer than four; for a light node, one.
    Minimal,
    /// Enough.
    Sufficient,
}

/// The node, and the shards that something is subscribed to of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Condition {
    pub(super) connection: Connection,
    pub(super) topics: BTreeMap<PubsubTopic, Health>,
    /// Whether messages of the shard come in at all.
    pub(super) comes_in: BTreeMap<PubsubTopic, bool>,
}

impl Condition {
    /// Looks at the node and its peers. `is_followed` says whether a connected service pushes what a light node wants.
    pub(super) async fn of(
        node: &Node,
        wanted: BTreeSet<PubsubTopic>,
        is_followed: bool,
    ) -> Result<Self, Stopped> {
        let (info, peers) = (node.info().await?, node.peers().await?);
        let serving = |service| peers.iter().filter(|peer| peer.serves(service)).count();
        let services @ [filter, ..] =
            [Capabilities::FILTER, Capabilities::LIGHTPUSH, Capabilities::STORE].map(serving);
        let relay_peers = info.shards.iter().map(|shard| shard.peers).max();
        let mut condition = Self {
            connection: Connection::judge(relay_peers.unwrap_or_default(), services),
            ..Self::default()
        };
        for shard in wanted {
            let (health, comes_in) = match node.relays() {
                false => (level(filter, GOOD_SERVICE_PEERS), is_followed),
                true => {
                    let known = info.shards.iter().find(|it| it.topic == shard);
                    let (peers, mesh) = known.map_or((0, 0), |it| (it.peers, it.mesh));
                    (level(mesh, GOOD_RELAY_PEERS), peers > 0)
                }
            };
            condition.topics.insert(shard, health);
            condition.comes_in.insert(shard, comes_in);
        }
        Ok(condition)
    }
}

fn level(peers: usize, enough: usize) -> Health {
    match peers {
        0 => Health::Unhealthy,
        few if few < enough => Health::Minimal,
        _ => Health::Sufficient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_peers_alone_make_a_connection_and_without_them_every_service_counts() {
        let judge = Connection::judge;
        assert_eq!(judge(0, [0, 0, 0]), Connection::Disconnected);
        assert_eq!(judge(1, [0, 0, 0]), Connection::Partial);
        assert_eq!(judge(3, [9, 9, 9]), Connection::Partial);
        assert_eq!(judge(4, [0, 0, 0]), Connection::Connected);
        assert_eq!(judge(0, [9, 9, 0]), Connection::Disconnected);
        assert_eq!(judge(0, [1, 2, 2]), Connection::Partial);
        assert_eq!(judge(0, [2, 2, 2]), Connection::Connected);
    }
}
