//! How a node is configured.

mod check;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use libp2p::Multiaddr;

pub use check::ConfigError;

use super::{Circuits, NodeKey, ServiceNodes, SyncConfig, TlsConfig};
use crate::{
    Archive, NodeRecord, ProtectedShard, RateLimits, Shards, TreeUrl,
    limits::{
        FILTER_KEEP_ALIVE, FILTER_TIMEOUT, MAX_CONNECTIONS, MAX_FILTER_CRITERIA, MAX_FILTER_PEERS,
        MAX_KNOWN_PEERS, MAX_MESSAGE_SIZE, MAX_PEERS_PER_IP, RECEIVER_QUEUE, SHARD_PEERS,
    },
};

/// The cluster of The Waku Network.
pub(super) const PROOF_CLUSTER: u16 = 1;

/// Configuration of a [`Node`](crate::Node). The default listens nowhere, dials nobody and relays shard 0 of
/// cluster 0.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The cluster. Peers of another one are refused.
    pub cluster: u16,
    /// Shards that autosharding spreads over, at most 1024; 0 for static sharding, where senders name the
    /// shard.
    pub shard_count: u16,
    /// Shards that are relayed from the start. Empty: all of them with autosharding, none with static
    /// sharding.
    pub shards: Vec<u16>,
    /// Shards on which only messages signed with their keys are relayed and published; at most 1024.
    pub protected_shards: Vec<ProtectedShard>,
    /// Whether to take part in shards at all. A light node does not: it publishes by lightpush and receives by
    /// filter, through peers that do.
    pub relay: bool,
    /// Addresses to listen on, `/ip4/…/tcp/…` with nothing, `/ws`, `/wss` or `/tls/ws` behind; port 0 lets the system
    /// choose. At most 16.
    pub listen: Vec<Multiaddr>,
    /// The certificate for `/wss`, and whom to trust.
    pub tls: TlsConfig,
    /// The name of this node in DNS, at most 253 bytes: peers are told it in the place of the addresses that the node
    /// listens on, with the same ports. Without `external_ip` it is resolved at the start, for the node record.
    pub domain: Option<String>,
    /// The IP address by which others reach the node, with the same ports; it takes the place of those that it
    /// listens on, unless there is a name.
    pub external_ip: Option<IpAddr>,
    /// More addresses by which others reach the node, which they are told. At most 16.
    pub external: Vec<Multiaddr>,
    /// Whether they are told these alone.
    pub external_only: bool,
    /// Relaying connections for others, or being reached through relays.
    pub circuits: Circuits,
    /// Whether to ask peers to dial this node back, so that it knows whether it can be reached, and to do so for them.
    pub autonat: bool,
    /// The identity.
    pub key: NodeKey,
    /// Peers that are dialled at the start and again whenever they are lost. At most 256.
    pub static_peers: Vec<Multiaddr>,
    /// Peers that are preferred for services.
    pub service_nodes: ServiceNodes,
    /// What peers are told about this program, at most 256 bytes.
    pub agent: String,
    /// Largest serialized message in bytes, at most 1 MiB.
    pub max_message_size: usize,
    /// Connections in both directions together, 1 to 10000.
    pub max_connections: u32,
    /// How many of these, at most, are to peers that relay; two thirds of it for those that come, a third for those that
    /// the node looks for. None for half of all.
    pub max_relay_peers: Option<u32>,
    /// Messages that wait in one receiver, 1 to 65536.
    pub receiver_queue: usize,
    /// Whether to publish for light nodes (lightpush).
    pub lightpush: bool,
    /// Whether to push messages to light nodes (filter), and to how many.
    pub filter: Option<FilterConfig>,
    /// Pause between two pings to a filter service that this node has subscribed at, up to a day.
    pub filter_keep_alive: Duration,
    /// Whether to tell peers of others, and to ask them when there are too few (peer exchange).
    pub peer_exchange: bool,
    /// Where to speak discv5 by UDP, by which nodes find each other without a service; port 0 lets the system choose.
    pub discv5: Option<SocketAddr>,
    /// Nodes to begin with, for connections and for discv5; at most 64.
    pub bootstrap: Vec<NodeRecord>,
    /// Lists of nodes in DNS.
    pub dns: DnsConfig,
    /// Peers in each shard up to which the node connects to those that it knows of, at most 100; 0 to leave it to
    /// others.
    pub shard_peers: usize,
    /// Peers that are known at once, connected or not; 1 to 1000.
    pub max_known_peers: usize,
    /// Connections to one IP address, except those over the loopback interface; 0 for any number.
    pub max_peers_per_ip: usize,
    /// Keeps the messages that are relayed, and answers queries of peers from it (store).
    pub store: Option<Archive>,
    /// Compares what was kept with the archives of peers, so that each has what the other has; needs `store`.
    pub store_sync: Option<SyncConfig>,
    /// How often peers may ask the services.
    pub rate_limits: RateLimits,
    /// Stream multiplexers that are offered.
    pub muxers: Muxers,
}

/// Lists of nodes in DNS (EIP-1459).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DnsConfig {
    /// The lists, at most 8. They are read at the start and every half hour.
    pub trees: Vec<TreeUrl>,
    /// The name servers to ask, at most 8; none for those of the system.
    pub name_servers: Vec<SocketAddr>,
}

/// The bounds of a filter service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterConfig {
    /// Subscribers at once, 1 to 10000.
    pub max_peers: usize,
    /// Pairs of pubsub topic and content topic that one of them subscribes to, 1 to 10000.
    pub max_criteria: usize,
    /// A subscription ends when nothing was heard of its peer for this time, up to a day.
    pub subscription_timeout: Duration,
}

impl Default for FilterConfig {
    fn default() -> Self {
        Self {
            max_peers: MAX_FILTER_PEERS,
            max_criteria: MAX_FILTER_CRITERIA,
            subscription_timeout: FILTER_TIMEOUT,
        }
    }
}

/// Stream multiplexers, in the order they are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Muxers {
    /// yamux, then mplex: what every peer finds something in.
    #[default]
    YamuxMplex,
    /// Only yamux. js-waku in a browser can't connect.
    Yamux,
    /// Only mplex.
    Mplex,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            cluster: 0,
            shard_count: 0,
            shards: vec![0],
            protected_shards: Vec::new(),
            relay: true,
            listen: Vec::new(),
            tls: TlsConfig::default(),
            domain: None,
            external_ip: None,
            external: Vec::new(),
            external_only: false,
            circuits: Circuits::default(),
            autonat: false,
            key: NodeKey::random(),
            static_peers: Vec::new(),
            service_nodes: ServiceNodes::default(),
            agent: concat!("backplane-waku/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_message_size: MAX_MESSAGE_SIZE,
            max_connections: MAX_CONNECTIONS,
            max_relay_peers: None,
            receiver_queue: RECEIVER_QUEUE,
            lightpush: false,
            filter: None,
            filter_keep_alive: FILTER_KEEP_ALIVE,
            peer_exchange: false,
            discv5: None,
            bootstrap: Vec::new(),
            dns: DnsConfig::default(),
            shard_peers: SHARD_PEERS,
            max_known_peers: MAX_KNOWN_PEERS,
            max_peers_per_ip: MAX_PEERS_PER_IP,
            store: None,
            store_sync: None,
            rate_limits: RateLimits::default(),
            muxers: Muxers::default(),
        }
    }
}

impl NodeConfig {
    pub(super) fn sharding(&self) -> Shards {
        Shards::new(self.cluster, self.shard_count)
    }

    /// The peers to stay connected to.
    pub(super) fn kept_peers(&self) -> Vec<Multiaddr> {
        let services = self.service_nodes.addresses().into_iter();
        let further = services.filter(|it| !self.static_peers.contains(it));
        self.static_peers.iter().cloned().chain(further).collect()
    }

    /// Most peers that relay.
    pub(super) fn relay_peers(&self) -> usize {
        self.max_relay_peers.unwrap_or(self.max_connections.div_ceil(2)) as usize
    }

    /// The shards that are relayed from the start.
    pub(super) fn relayed(&self) -> Vec<u16> {
        if self.shards.is_empty() {
            (0..self.shard_count).collect()
        } else {
            self.shards.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shards_means_all_of_them_only_with_autosharding() {
        let config = |shard_count| NodeConfig {
            shard_count,
            shards: vec![],
            ..NodeConfig::default()
        };
        assert_eq!(config(3).relayed(), [0, 1, 2]);
        assert!(config(0).relayed().is_empty());
    }
}
