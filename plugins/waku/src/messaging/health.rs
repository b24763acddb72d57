//! How well messages come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Capabilities, Node, NodeInfo, PeerInfo, PubsubTopic, Stopped,
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
        let services = Services::count(&peers);
        let mut condition = Self {
            connection: connection(&info, &services),
            ..Self::default()
        };
        for shard in wanted {
            let (health, comes_in) = match node.relays() {
                false => (level(services.filter, GOOD_SERVICE_PEERS), is_followed),
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

/// Connected peers with each service that a light node needs.
struct Services {
    lightpush: usize,
    filter: usize,
    store: usize,
}

impl Services {
    fn count(peers: &[PeerInfo]) -> Self {
        let count = |service| peers.iter().filter(|peer| peer.serves(service)).count();
        Self {
            lightpush: count(Capabilities::LIGHTPUSH),
            filter: count(Capabilities::FILTER),
            store: count(Capabilities::STORE),
        }
    }

    fn least(&self) -> usize {
        self.lightpush.min(self.filter).min(self.store)
    }
}

/// As deployed nodes have it: who relays needs no services.
fn connection(info: &NodeInfo, services: &Services) -> Connection {
    let relays = info
        .shards
        .iter()
        .map(|shard| shard.peers)
        .max()
        .unwrap_or_default();
    if relays >= GOOD_RELAY_PEERS || (relays == 0 && services.least() >= GOOD_SERVICE_PEERS) {
        Connection::Connected
    } else if relays > 0 || services.least() > 0 {
        Connection::Partial
    } else {
        Connection::Disconnected
    }
}

fn level(peers: usize, enough: usize) -> Health {
    match peers {
        0 => Health::Unhealthy,
        few if few < enough => Health::Minimal,
        _ => Health::Sufficient,
    }
}
