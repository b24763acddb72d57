//! The configuration of the module.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use backplane_sdk::record;
use libp2p::multiaddr::Protocol;
use zeroize::Zeroize;

use super::preset::{self, Preset};
use crate::{
    ConfigError, DnsConfig, FilterConfig, KeyError, Multiaddr, NodeConfig, NodeKey, NodeRecord,
    RateLimitError, RateLimits, RecordError, Retention, RetentionError, TreeUrlError,
    limits::MAX_RATE_LIMITS,
};

const DNS_PORT: u16 = 53;

/// The configuration of the module.
#[record]
#[derive(Debug, Clone)]
pub struct WakuConfig {
    /// The network, by its name: `twn`, `logos.test`, `logos.dev` or `status.prod`. It stands for the cluster, the
    /// number of shards, the message size and nodes to begin with, as far as the other keys do not say them.
    pub preset: Option<String>,
    /// The cluster, 0 to 65535. Peers of another one are refused. Default: that of the preset, else 0.
    pub cluster_id: Option<u16>,
    /// Shards that autosharding spreads over, at most 1024. 0 for static sharding: then senders name the shard. Default:
    /// that of the preset, else 8.
    pub num_shards_in_network: Option<u16>,
    /// Shards that are relayed from the start. Empty: all of them with autosharding, none with static sharding.
    #[default([])]
    pub shards: Vec<u16>,
    /// Where to listen: `/ip4/ADDRESS/tcp/PORT`, or the same with `/ws` behind for WebSocket; at most 16. Port 0 lets
    /// the system choose; its choice is used again at the next start if it is still free.
    #[default(["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"])]
    pub listen_addresses: Vec<String>,
    /// Multiaddrs by which others reach the node, where those that it listens on are not the ones, as behind a
    /// router; at most 16. Peers and the node record are told these.
    #[default([])]
    pub external_addresses: Vec<String>,
    /// The node key, a secp256k1 private key: 64 hexadecimal digits, with or without `0x`. Without it the key is in a
    /// file.
    pub node_key: Option<NodeKeyText>,
    /// The file of the node key, made when there is none; only its owner may have access to it. A relative path begins
    /// at the module's folder. Default: `nodekey`.
    pub node_key_file: Option<String>,
    /// Multiaddrs of peers that are dialled at the start and again whenever they are lost; at most 256.
    #[default([])]
    pub static_peers: Vec<String>,
    /// What peers are told about this program, at most 256 bytes. Default: its name and version.
    pub agent: Option<String>,
    /// The largest serialized message in bytes, at most 1048576. Default: that of the preset, else 153600.
    pub max_message_size: Option<u32>,
    /// Connections in both directions together, 1 to 10000.
    #[default(150)]
    pub max_connections: u32,
    /// Messages that wait until the subscribers of the event have room, 1 to 65536. Further ones are left out, and
    /// the next message says how many.
    #[default(1024)]
    pub message_queue: u32,
    /// Whether to take part in shards at all. A light node does not: it publishes and receives through peers that do.
    #[default(true)]
    pub relay: bool,
    /// Whether to tell peers of others on request, and to ask them when there are too few (peer exchange).
    #[default(false)]
    pub peer_exchange: bool,
    /// Where to speak discv5, by which nodes find each other: `/ip4/ADDRESS/udp/PORT`. Port 0 lets the system choose;
    /// its choice is used again at the next start if it is still free. Without it there is no discv5.
    pub discv5_address: Option<String>,
    /// The records (`enr:…`) of nodes to begin with, for connections and discv5; at most 64.
    #[default([])]
    pub bootstrap_nodes: Vec<String>,
    /// Lists of nodes in DNS (EIP-1459), `enrtree://KEY@DOMAIN`; at most 8. They are read at the start and every half
    /// hour.
    #[default([])]
    pub dns_discovery: Vec<String>,
    /// The name servers that are asked for these lists, `ADDRESS` or `ADDRESS:PORT`; at most 8. Without any, those of
    /// the system are asked.
    #[default([])]
    pub dns_name_servers: Vec<String>,
    /// Peers in each shard up to which the node connects to those that it knows of, at most 100; 0 to leave it to
    /// others.
    #[default(8)]
    pub shard_peers: u32,
    /// Connections to one IP address, except those over the loopback interface; 0 for any number.
    #[default(5)]
    pub ip_colocation_limit: u32,
    /// Whether to publish for light nodes (lightpush).
    #[default(false)]
    pub lightpush: bool,
    /// Whether to push messages to light nodes (filter).
    #[default(false)]
    pub filter: bool,
    /// Whether to keep messages in an archive and answer queries of peers from it (store). Needs `storage.kv`.
    #[default(false)]
    pub store: bool,
    /// What the archive removes: `time:SECONDS`, `capacity:MESSAGES`, `size:NUMBERMB` or `…GB`, several of them with
    /// `;` between; `none` for nothing.
    #[default("time:172800")]
    pub store_retention: String,
    /// Whether the archive fetches from connected store nodes what it has missed since the node was last online, six
    /// hours at most.
    #[default(false)]
    pub store_resume: bool,
    /// How often peers may ask the services, as `PROTOCOL:REQUESTS/PERIOD` with the protocols `store`, `lightpush`,
    /// `filter` and `px`, and the units `h`, `m`, `s` and `ms`; without a protocol for all that are not named. At most
    /// 32. Empty: `filter:100/1s`, `lightpush:5/1s` and `px:5/1s`.
    #[default([])]
    pub rate_limits: Vec<String>,
}

/// A node key as the configuration has it. `Debug` does not show it, and its memory is wiped in the end.
#[record]
#[derive(Clone)]
pub struct NodeKeyText(String);

/// What is wrong with the configuration. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// A number, list or text out of its bounds.
    #[error(transparent)]
    Bounds(ConfigError),
    /// A text that is no multiaddr, or one of a kind that cannot be used here.
    #[error("{field}[{index}]: {text:?} {reason}")]
    Address {
        /// The field.
        field: &'static str,
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that is no node record.
    #[error("{field}[{index}]: {source}")]
    Record {
        /// The field.
        field: &'static str,
        /// The place in the list, counted from 0.
        index: usize,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The address of discv5 is none of UDP; carries the text.
    #[error("discv5_address: {0:?} is not of the form /ip4/ADDRESS/udp/PORT")]
    Udp(String),
    /// A text that names no list in DNS.
    #[error("dns_discovery[{index}]: {text:?} {source}")]
    Tree {
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
        /// What is wrong with it.
        source: TreeUrlError,
    },
    /// A text that is no address of a name server.
    #[error("dns_name_servers[{index}]: {text:?} is not of the form ADDRESS or ADDRESS:PORT")]
    NameServer {
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
    },
    /// A network that is not known; carries its name.
    #[error("preset: {0:?} is none of twn, logos.test, logos.dev and status.prod")]
    Preset(String),
    /// A retention policy that makes no sense.
    #[error("store_retention: {0}")]
    Retention(#[from] RetentionError),
    /// A rate limit that makes no sense.
    #[error("rate_limits: {0}")]
    RateLimit(#[from] RateLimitError),
    /// The node key is no key.
    #[error("node_key: {0}")]
    Key(#[from] KeyError),
    /// The node key is given twice.
    #[error("node_key and node_key_file exclude each other")]
    TwoKeys,
}

impl WakuConfig {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        if self.node_key.is_some() && self.node_key_file.is_some() {
            return Err(ConfigFault::TwoKeys);
        }
        Retention::parse(&self.store_retention)?;
        let key = match &self.node_key {
            Some(text) => text.key()?,
            None => NodeKey::random(),
        };
        self.node(key)?
            .check()
            .map_err(|error| ConfigFault::Bounds(renamed(error)))
    }

    fn rate_limits(&self) -> Result<RateLimits, ConfigFault> {
        let found = self.rate_limits.len();
        if found > MAX_RATE_LIMITS {
            return Err(ConfigFault::Bounds(ConfigError::TooLong {
                field: "rate_limits",
                unit: "entries",
                max: MAX_RATE_LIMITS,
                found,
            }));
        }
        Ok(RateLimits::parse(&self.rate_limits)?)
    }

    /// The node's own configuration, but for the archive.
    pub(super) fn node(&self, key: NodeKey) -> Result<NodeConfig, ConfigFault> {
        let defaults = NodeConfig::default();
        let preset = self.preset()?.unwrap_or(&preset::NONE);
        let max_message_size = self.max_message_size.unwrap_or(preset.max_message_size);
        let mut static_peers = addresses("static_peers", &self.static_peers, |_| true)?;
        static_peers.extend(preset.peers.iter().filter_map(|text| text.parse().ok()));
        Ok(NodeConfig {
            cluster: self.cluster_id.unwrap_or(preset.cluster),
            shard_count: self.num_shards_in_network.unwrap_or(preset.shard_count),
            shards: self.shards.clone(),
            listen: addresses("listen_addresses", &self.listen_addresses, listenable)?,
            external: addresses("external_addresses", &self.external_addresses, |_| true)?,
            key,
            static_peers,
            agent: self.agent.clone().unwrap_or(defaults.agent),
            max_message_size: max_message_size as usize,
            max_connections: self.max_connections,
            receiver_queue: self.message_queue as usize,
            relay: self.relay,
            lightpush: self.lightpush,
            filter: self.filter.then(FilterConfig::default),
            peer_exchange: self.peer_exchange,
            discv5: self.discv5()?,
            bootstrap: self.bootstrap(preset.records)?,
            dns: self.dns(preset.lists)?,
            shard_peers: self.shard_peers as usize,
            max_peers_per_ip: self.ip_colocation_limit as usize,
            filter_keep_alive: defaults.filter_keep_alive,
            store: None,
            rate_limits: self.rate_limits()?,
            muxers: defaults.muxers,
        })
    }
}

impl WakuConfig {
    fn preset(&self) -> Result<Option<&'static Preset>, ConfigFault> {
        let Some(name) = &self.preset else { return Ok(None) };
        let found = preset::named(name);
        found.map(Some).ok_or_else(|| ConfigFault::Preset(name.clone()))
    }

    fn discv5(&self) -> Result<Option<SocketAddr>, ConfigFault> {
        let Some(text) = &self.discv5_address else {
            return Ok(None);
        };
        let listen = text.parse().ok().as_ref().and_then(udp_socket);
        listen.map(Some).ok_or_else(|| ConfigFault::Udp(text.clone()))
    }

    fn bootstrap(&self, preset: &[&str]) -> Result<Vec<NodeRecord>, ConfigFault> {
        let texts = self
            .bootstrap_nodes
            .iter()
            .map(String::as_str)
            .chain(preset.iter().copied());
        let records = texts.enumerate().map(|(index, text)| {
            text.parse().map_err(|source| ConfigFault::Record {
                field: "bootstrap_nodes",
                index,
                source,
            })
        });
        records.collect()
    }
}

impl WakuConfig {
    fn dns(&self, preset: &[&str]) -> Result<DnsConfig, ConfigFault> {
        let texts = self
            .dns_discovery
            .iter()
            .map(String::as_str)
            .chain(preset.iter().copied());
        let trees = texts.enumerate().map(|(index, text)| {
            text.parse().map_err(|source| ConfigFault::Tree {
                index,
                text: text.to_owned(),
                source,
            })
        });
        let servers = self.dns_name_servers.iter().enumerate().map(|(index, text)| {
            let plain = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS_PORT));
            text.parse()
                .or_else(|_| plain())
                .map_err(|_| ConfigFault::NameServer {
                    index,
                    text: text.clone(),
                })
        });
        Ok(DnsConfig {
            trees: trees.collect::<Result<_, _>>()?,
            name_servers: servers.collect::<Result<_, _>>()?,
        })
    }
}

/// The socket of `/ip4/ADDRESS/udp/PORT`.
pub(super) fn udp_socket(address: &Multiaddr) -> Option<SocketAddr> {
    let parts: Vec<_> = address.iter().collect();
    match parts[..] {
        [Protocol::Ip4(ip), Protocol::Udp(port)] => Some((ip, port).into()),
        [Protocol::Ip6(ip), Protocol::Udp(port)] => Some((ip, port).into()),
        _ => None,
    }
}

fn addresses(
    field: &'static str,
    texts: &[String],
    usable: fn(&Multiaddr) -> bool,
) -> Result<Vec<Multiaddr>, ConfigFault> {
    let parse = |(index, text): (usize, &String)| {
        let fault = |reason: String| ConfigFault::Address {
            field,
            index,
            text: text.clone(),
            reason,
        };
        let address: Multiaddr = text
            .parse()
            .map_err(|error| fault(format!("is not a multiaddr: {error}")))?;
        if usable(&address) {
            Ok(address)
        } else {
            Err(fault(
                "is not of the form /ip4/ADDRESS/tcp/PORT or /ip4/ADDRESS/tcp/PORT/ws".to_owned(),
            ))
        }
    };
    texts.iter().enumerate().map(parse).collect()
}

fn listenable(address: &Multiaddr) -> bool {
    let parts: Vec<_> = address.iter().collect();
    match &parts[..] {
        [Protocol::Ip4(_) | Protocol::Ip6(_), Protocol::Tcp(_), rest @ ..] => match rest {
            [] => true,
            [Protocol::Ws(path)] => path == "/",
            _ => false,
        },
        _ => false,
    }
}

/// The names that the node has for its fields, as the module's configuration has them.
fn renamed(error: ConfigError) -> ConfigError {
    let name = |field| match field {
        "shard_count" => "num_shards_in_network",
        "listen" => "listen_addresses",
        "dns.trees" => "dns_discovery",
        "dns.name_servers" => "dns_name_servers",
        "bootstrap" => "bootstrap_nodes",
        "external" => "external_addresses",
        "receiver_queue" => "message_queue",
        other => other,
    };
    match error {
        ConfigError::NeedsProofs => error,
        ConfigError::OutOfRange {
            field,
            min,
            max,
            found,
        } => ConfigError::OutOfRange {
            field: name(field),
            min,
            max,
            found,
        },
        ConfigError::TooLong {
            field,
            unit,
            max,
            found,
        } => ConfigError::TooLong {
            field: name(field),
            unit,
            max,
            found,
        },
    }
}

impl NodeKeyText {
    pub(super) fn key(&self) -> Result<NodeKey, ConfigFault> {
        Ok(NodeKey::from_hex(&self.0)?)
    }
}

impl fmt::Debug for NodeKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKeyText(…)")
    }
}

impl Drop for NodeKeyText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::Value;

    fn default() -> WakuConfig {
        // An empty map: every field has a default.
        WakuConfig::decode(&[0xa0]).unwrap()
    }

    fn text(change: impl FnOnce(&mut WakuConfig)) -> String {
        let mut config = default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn every_key_has_a_default_and_these_are_sound() {
        let config = default();
        config.check().unwrap();
        let node = config.node(NodeKey::random()).unwrap();
        assert_eq!((node.cluster, node.shard_count), (0, 8));
        assert_eq!(node.listen.len(), 2);
        assert_eq!(node.max_message_size, crate::limits::MAX_MESSAGE_SIZE);
        assert_eq!(node.max_connections, crate::limits::MAX_CONNECTIONS);
        assert_eq!(node.receiver_queue, crate::limits::RECEIVER_QUEUE);
    }

    #[test]
    fn faults_name_the_key_as_the_user_wrote_it() {
        assert_eq!(
            text(|c| c.num_shards_in_network = Some(1025)),
            "num_shards_in_network must be between 0 and 1024, found 1025"
        );
        assert_eq!(
            text(|c| c.shards = vec![8]),
            "shards must be between 0 and 7, found 8"
        );
        assert_eq!(
            text(|c| c.message_queue = 0),
            "message_queue must be between 1 and 65536, found 0"
        );
        assert_eq!(
            text(|c| c.listen_addresses = vec!["/ip4/127.0.0.1/tcp/0".into(); 17]),
            "listen_addresses has 17 addresses, the limit is 16"
        );
        assert_eq!(
            text(|c| c.listen_addresses.push("/ip4/127.0.0.1/udp/1".into())),
            "listen_addresses[2]: \"/ip4/127.0.0.1/udp/1\" is not of the form /ip4/ADDRESS/tcp/PORT or \
             /ip4/ADDRESS/tcp/PORT/ws"
        );
        assert_eq!(
            text(|c| c.store_retention = "age:1".into()),
            "store_retention: unknown retention policy"
        );
        assert_eq!(
            text(|c| c.rate_limits = vec!["store".into()]),
            "rate_limits: Invalid rate-limit setting: store"
        );
        assert_eq!(
            text(|c| c.rate_limits = vec!["px:1/1s".into(); 33]),
            "rate_limits has 33 entries, the limit is 32"
        );
        let fault = text(|c| c.static_peers = vec!["localhost:60000".into()]);
        assert!(
            fault.starts_with("static_peers[0]: \"localhost:60000\" is not a multiaddr: "),
            "{fault}"
        );
    }

    #[test]
    fn discv5_has_an_address_of_udp_and_nodes_to_begin_with_are_records() {
        let at = |address: &str| {
            let mut config = default();
            config.discv5_address = Some(address.to_owned());
            config
        };
        let node = at("/ip4/127.0.0.1/udp/0").node(NodeKey::random()).unwrap();
        assert_eq!(node.discv5, Some("127.0.0.1:0".parse().unwrap()));
        assert_eq!(
            at("/ip4/127.0.0.1/tcp/0").check().unwrap_err().to_string(),
            "discv5_address: \"/ip4/127.0.0.1/tcp/0\" is not of the form /ip4/ADDRESS/udp/PORT"
        );
        assert_eq!(
            text(|c| c.bootstrap_nodes = vec!["enr:-x=".into()]),
            "bootstrap_nodes[0]: node record is not \"enr:\" and base64url"
        );
        let record = crate::enr::sample(1).to_string();
        assert_eq!(
            text(|c| c.bootstrap_nodes = vec![record; 65]),
            "bootstrap_nodes has 65 records, the limit is 64"
        );
    }

    #[test]
    fn a_preset_says_what_the_other_keys_do_not() {
        for preset in &preset::PRESETS {
            let mut config = default();
            config.preset = Some(preset.name.to_owned());
            config.relay = false;
            config.check().unwrap();
            let node = config.node(NodeKey::random()).unwrap();
            assert_eq!(
                (node.cluster, node.shard_count),
                (preset.cluster, preset.shard_count)
            );
            assert_eq!(node.max_message_size, preset.max_message_size as usize);
            assert_eq!(node.static_peers.len(), preset.peers.len());
            assert_eq!(node.bootstrap.len(), preset.records.len());
            assert_eq!(node.dns.trees.len(), preset.lists.len());
            assert!(
                node.bootstrap
                    .iter()
                    .all(|record| record.shards().unwrap().cluster == preset.cluster)
            );
        }
        let mut config = default();
        config.preset = Some("logos.test".to_owned());
        (config.cluster_id, config.static_peers) = (Some(99), vec!["/ip4/127.0.0.1/tcp/1".to_owned()]);
        let node = config.node(NodeKey::random()).unwrap();
        assert_eq!(
            (node.cluster, node.static_peers.len()),
            (99, 7),
            "lists are added"
        );
        assert_eq!(
            text(|c| c.preset = Some("mainnet".into())),
            "preset: \"mainnet\" is none of twn, logos.test, logos.dev and status.prod"
        );
    }

    #[test]
    fn a_network_that_demands_proofs_is_refused_to_a_relay() {
        let refusal = "relay: messages of cluster 1 need rate limit proofs (RLN), which this node neither makes nor \
                       checks; a light node (relay = false) may use it";
        assert_eq!(text(|c| c.cluster_id = Some(1)), refusal);
        assert_eq!(text(|c| c.preset = Some("twn".into())), refusal);
    }

    #[test]
    fn lists_in_dns_have_a_key_and_name_servers_an_address() {
        let tree = "enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@example.org";
        let mut config = default();
        config.dns_discovery = vec![tree.to_owned()];
        config.dns_name_servers = vec!["1.1.1.1".to_owned(), "[::1]:5353".to_owned()];
        let dns = config.node(NodeKey::random()).unwrap().dns;
        assert_eq!(dns.trees[0].to_string(), tree);
        let servers = ["1.1.1.1:53", "[::1]:5353"].map(|text| text.parse().unwrap());
        assert_eq!(dns.name_servers, servers);
        assert_eq!(
            text(|c| c.dns_discovery = vec!["example.org".into()]),
            "dns_discovery[0]: \"example.org\" is not of the form enrtree://KEY@DOMAIN"
        );
        assert_eq!(
            text(|c| c.dns_name_servers = vec!["localhost".into()]),
            "dns_name_servers[0]: \"localhost\" is not of the form ADDRESS or ADDRESS:PORT"
        );
        assert_eq!(
            text(|c| c.dns_discovery = vec![tree.to_owned(); 9]),
            "dns_discovery has 9 lists, the limit is 8"
        );
    }

    #[test]
    fn the_node_key_is_checked_and_never_shown() {
        const KEY: &str = "00000000000000000000000000000000000000000000000000000000000000zz";
        let with_key = |config: &mut WakuConfig| config.node_key = Some(NodeKeyText(KEY.to_owned()));
        assert_eq!(
            text(with_key),
            "node_key: node key has a character that is not a hex digit"
        );
        let mut config = default();
        with_key(&mut config);
        let shown = format!("{config:?}");
        assert!(
            shown.contains("node_key: Some(NodeKeyText(…))") && !shown.contains("zz"),
            "{shown}"
        );
        config.node_key_file = Some("key".into());
        assert_eq!(
            config.check().unwrap_err().to_string(),
            "node_key and node_key_file exclude each other"
        );
    }
}
