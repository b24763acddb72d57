//! How a node is configured, and the check of it.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use libp2p::{Multiaddr, multiaddr::Protocol};

use super::{Circuits, NodeKey, ServiceNodes, SyncConfig, TlsConfig};
use crate::{
    Archive, NodeRecord, ProtectedShard, RateLimits, Shards, TreeUrl,
    limits::{
        FILTER_KEEP_ALIVE, FILTER_TIMEOUT, MAX_AGENT, MAX_BOOTSTRAP, MAX_CONNECTIONS,
        MAX_CONNECTIONS_CEILING, MAX_DNS_TREES, MAX_DOMAIN, MAX_EXTERNAL_ADDRS, MAX_FILTER_CRITERIA,
        MAX_FILTER_CRITERIA_CEILING, MAX_FILTER_PEERS, MAX_FILTER_PEERS_CEILING, MAX_KNOWN_PEERS,
        MAX_LISTEN_ADDRS, MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE_CEILING, MAX_NAME_SERVERS, MAX_PEERS_PER_IP,
        MAX_PROTECTED_SHARDS, MAX_SHARDS, MAX_STATIC_PEERS, RECEIVER_QUEUE, RECEIVER_QUEUE_CEILING,
        SHARD_PEERS, SHARD_PEERS_CEILING, TIME_CEILING,
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

/// A configuration that is out of bounds. Each text names the field and the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A number outside its range.
    #[error("{field} must be between {min} and {max}, found {found}")]
    OutOfRange {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// Least value.
        min: usize,
        /// Greatest value.
        max: usize,
        /// The value there was.
        found: usize,
    },
    /// A relay on The Waku Network, where peers shun whoever forwards a message without a sound proof.
    #[error(
        "relay: messages of cluster {PROOF_CLUSTER} need rate limit proofs (RLN), which this node neither makes nor \
         checks; a light node (relay = false) may use it"
    )]
    NeedsProofs,
    /// A listener of secure WebSocket without a certificate.
    #[error("{field}: {address} needs a certificate and its key")]
    NeedsCertificate {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// The address.
        address: Multiaddr,
    },
    /// The address of a service that does not name its peer.
    #[error("{field}: {address} does not end in /p2p/ and the id of the peer")]
    NeedsPeer {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// The address.
        address: Multiaddr,
    },
    /// There is no archive to synchronise.
    #[error("store_sync needs store")]
    NeedsStore,
    /// A list or text that is too long.
    #[error("{field} has {found} {unit}, the limit is {max}")]
    TooLong {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// What is counted.
        unit: &'static str,
        /// Most there may be.
        max: usize,
        /// How many there were.
        found: usize,
    },
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

    /// Checks the bounds; what [`Node::start`](crate::Node::start) does first.
    ///
    /// # Errors
    /// [`ConfigError`] for the first field that is out of bounds.
    pub fn check(&self) -> Result<(), ConfigError> {
        let shard_limit = if self.shard_count == 0 {
            MAX_SHARDS
        } else {
            self.shard_count
        };
        if self.relay && self.cluster == PROOF_CLUSTER {
            return Err(ConfigError::NeedsProofs);
        }
        within("shard_count", self.shard_count.into(), 0, MAX_SHARDS.into())?;
        for shard in &self.shards {
            within("shards", (*shard).into(), 0, usize::from(shard_limit) - 1)?;
        }
        within(
            "max_message_size",
            self.max_message_size,
            1,
            MAX_MESSAGE_SIZE_CEILING,
        )?;
        within(
            "max_connections",
            self.max_connections as usize,
            1,
            MAX_CONNECTIONS_CEILING as usize,
        )?;
        within(
            "max_relay_peers",
            self.relay_peers(),
            0,
            self.max_connections as usize,
        )?;
        within("max_known_peers", self.max_known_peers, 1, MAX_KNOWN_PEERS)?;
        self.service_nodes.check()?;
        within("receiver_queue", self.receiver_queue, 1, RECEIVER_QUEUE_CEILING)?;
        within("shard_peers", self.shard_peers, 0, SHARD_PEERS_CEILING)?;
        within_time("filter_keep_alive", self.filter_keep_alive)?;
        if let Some(filter) = &self.filter {
            filter.check()?;
        }
        if let Some(sync) = &self.store_sync {
            within_time("store_sync.interval", sync.interval)?;
            within_time("store_sync.range", sync.range)?;
            if !sync.relay_jitter.is_zero() {
                within_time("store_sync.relay_jitter", sync.relay_jitter)?;
            }
        }
        at_most(
            "protected_shards",
            "entries",
            self.protected_shards.len(),
            MAX_PROTECTED_SHARDS,
        )?;
        let domain = self.domain.as_ref().map_or(0, String::len);
        at_most("domain", "bytes", domain, MAX_DOMAIN)?;
        if let Some(address) = self.listen.iter().find(|it| is_secure(it))
            && self.tls.identity.is_none()
        {
            return Err(ConfigError::NeedsCertificate {
                field: "listen",
                address: address.clone(),
            });
        }
        at_most("listen", "addresses", self.listen.len(), MAX_LISTEN_ADDRS)?;
        at_most("bootstrap", "records", self.bootstrap.len(), MAX_BOOTSTRAP)?;
        at_most("dns.trees", "lists", self.dns.trees.len(), MAX_DNS_TREES)?;
        at_most(
            "dns.name_servers",
            "addresses",
            self.dns.name_servers.len(),
            MAX_NAME_SERVERS,
        )?;
        at_most("external", "addresses", self.external.len(), MAX_EXTERNAL_ADDRS)?;
        at_most(
            "static_peers",
            "addresses",
            self.static_peers.len(),
            MAX_STATIC_PEERS,
        )?;
        at_most("agent", "bytes", self.agent.len(), MAX_AGENT)
    }
}

impl FilterConfig {
    fn check(&self) -> Result<(), ConfigError> {
        within("filter.max_peers", self.max_peers, 1, MAX_FILTER_PEERS_CEILING)?;
        within(
            "filter.max_criteria",
            self.max_criteria,
            1,
            MAX_FILTER_CRITERIA_CEILING,
        )?;
        within_time("filter.subscription_timeout", self.subscription_timeout)
    }
}

fn is_secure(address: &Multiaddr) -> bool {
    address
        .iter()
        .any(|part| matches!(part, Protocol::Wss(_) | Protocol::Tls))
}

/// From a millisecond to a day.
fn within_time(field: &'static str, found: Duration) -> Result<(), ConfigError> {
    let millis = |time: Duration| usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
    within(field, millis(found), 1, millis(TIME_CEILING))
}

fn within(field: &'static str, found: usize, min: usize, max: usize) -> Result<(), ConfigError> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange {
            field,
            min,
            max,
            found,
        })
    }
}

fn at_most(field: &'static str, unit: &'static str, found: usize, max: usize) -> Result<(), ConfigError> {
    if found <= max {
        Ok(())
    } else {
        Err(ConfigError::TooLong {
            field,
            unit,
            max,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(change: impl FnOnce(&mut NodeConfig)) -> String {
        let mut config = NodeConfig::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn errors_name_field_and_limit() {
        assert_eq!(NodeConfig::default().check(), Ok(()));
        assert_eq!(
            text(|c| c.shard_count = 1025),
            "shard_count must be between 0 and 1024, found 1025"
        );
        assert_eq!(
            text(|c| c.shards = vec![1024]),
            "shards must be between 0 and 1023, found 1024"
        );
        assert_eq!(
            text(|c| (c.shard_count, c.shards) = (8, vec![0, 8])),
            "shards must be between 0 and 7, found 8"
        );
        assert_eq!(
            text(|c| c.max_message_size = 0),
            "max_message_size must be between 1 and 1048576, found 0"
        );
        assert_eq!(
            text(|c| c.max_connections = 0),
            "max_connections must be between 1 and 10000, found 0"
        );
        assert_eq!(
            text(|c| c.receiver_queue = 0),
            "receiver_queue must be between 1 and 65536, found 0"
        );
        assert_eq!(
            text(|c| c.shard_peers = 101),
            "shard_peers must be between 0 and 100, found 101"
        );
        assert_eq!(
            text(|c| c.agent = "a".repeat(257)),
            "agent has 257 bytes, the limit is 256"
        );
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
        let many = vec![address; 257];
        assert_eq!(
            text(|c| c.listen = many[..17].to_vec()),
            "listen has 17 addresses, the limit is 16"
        );
        assert_eq!(
            text(|c| c.external = many[..17].to_vec()),
            "external has 17 addresses, the limit is 16"
        );
        assert_eq!(
            text(|c| c.static_peers = many),
            "static_peers has 257 addresses, the limit is 256"
        );
    }

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
