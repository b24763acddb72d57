//! The configuration of the module.

mod addresses;
mod dns;
mod fault;
mod key;
mod nat;
mod node;
mod ratio;
mod sync;
#[cfg(test)]
mod tests;
mod transports;

use backplane_sdk::record;

pub(super) use addresses::udp_socket;
pub use fault::ConfigFault;
pub use key::NodeKeyText;
pub use nat::NatError;
pub use ratio::RatioError;

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
    /// Shards on which only messages with a signature of their key count, as `SHARD:KEY`: the number of the shard, and
    /// a secp256k1 public key of 33 or 65 bytes in hexadecimal digits. At most 1024.
    #[default([])]
    pub protected_shards: Vec<String>,
    /// Where to listen: `/ip4/ADDRESS/tcp/PORT`, or the same with `/ws` behind for WebSocket, `/wss` or `/tls/ws` for
    /// secure WebSocket; at most 16. Port 0 lets the system choose; its choice is used again at the next start if it is
    /// still free.
    #[default(["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"])]
    pub listen_addresses: Vec<String>,
    /// Multiaddrs by which others reach the node, where those that it listens on are not the ones, as behind a
    /// router; at most 16. Peers and the node record are told these.
    #[default([])]
    pub external_addresses: Vec<String>,
    /// Whether peers and the node record are told these addresses alone.
    #[default(false)]
    pub external_addresses_only: bool,
    /// The name of this node in DNS. It takes the place of the addresses that the node listens on, in what peers and the
    /// node record are told.
    pub dns4_domain_name: Option<String>,
    /// How others reach the node behind a router: `extip:IP` for an address that takes the place of those that it
    /// listens on; `none` or `any` for as the other keys say. The node asks no router for a port.
    #[default("none")]
    pub nat: String,
    /// The file of the private key for secure WebSocket, in the format PEM and not encrypted. A relative path begins at
    /// the module's folder. Both files are looked at every 5 s, and used anew when they have changed.
    pub websocket_secure_key_path: Option<String>,
    /// The file of the certificate that goes with it, and behind it of those up to the authority.
    pub websocket_secure_cert_path: Option<String>,
    /// A file with certificates of authorities that are trusted beside those of the web, when secure WebSocket is
    /// dialled.
    pub websocket_trust_path: Option<String>,
    /// Whether to relay connections for nodes that others cannot reach (circuit relay). Not with `relay_client`.
    #[default(false)]
    pub circuit_relay: bool,
    /// Whether to be reached through connected peers that relay connections, up to two at once.
    #[default(false)]
    pub relay_client: bool,
    /// Whether to find out if others can reach the node, by asking peers to dial it, and to do so for them.
    #[default(false)]
    pub autonat: bool,
    /// The node key, a secp256k1 private key: 64 hexadecimal digits, with or without `0x`. Without it the key is in a
    /// file.
    pub node_key: Option<NodeKeyText>,
    /// The file of the node key, made when there is none; only its owner may have access to it. A relative path begins
    /// at the module's folder. Default: `nodekey`.
    pub node_key_file: Option<String>,
    /// Multiaddrs of peers that are dialled at the start and again whenever they are lost; at most 256.
    #[default([])]
    pub static_peers: Vec<String>,
    /// The peer whose store is queried first, a multiaddr with `/p2p/` and its id at the end. The node stays connected to
    /// it as to a static peer; so it does to the next three.
    pub storenode: Option<String>,
    /// The peer that is asked first to push messages.
    pub filternode: Option<String>,
    /// The peer that is asked first to publish messages.
    pub lightpushnode: Option<String>,
    /// The peer that is asked for others, whether or not `peer_exchange` is on.
    pub peer_exchange_node: Option<String>,
    /// What peers are told about this program, at most 256 bytes. Default: its name and version.
    pub agent: Option<String>,
    /// The largest serialized message in bytes, at most 1048576. Default: that of the preset, else 153600.
    pub max_message_size: Option<u32>,
    /// Connections in both directions together, 1 to 10000.
    #[default(150)]
    pub max_connections: u32,
    /// How many connections of 100, at most, are to peers that relay, and how many to those that are served: `X:Y`. Of
    /// the former, two thirds are for those that come, and a third for those that the node looks for.
    #[default("50:50")]
    pub relay_service_ratio: String,
    /// Most peers that relay; in the place of the ratio.
    pub max_relay_peers: Option<u32>,
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
    /// Peers that are known at once, connected or not; 1 to 1000.
    #[default(1000)]
    pub peer_store_capacity: u32,
    /// Connections to one IP address, except those over the loopback interface; 0 for any number.
    #[default(5)]
    pub ip_colocation_limit: u32,
    /// Whether to publish for light nodes (lightpush).
    #[default(false)]
    pub lightpush: bool,
    /// Whether to push messages to light nodes (filter).
    #[default(false)]
    pub filter: bool,
    /// Filter subscribers at once, 1 to 10000.
    #[default(1000)]
    pub filter_max_peers: u32,
    /// Pairs of pubsub topic and content topic that one filter subscriber may ask for, 1 to 10000.
    #[default(1000)]
    pub filter_max_criteria: u32,
    /// A filter subscription ends when nothing was heard of its peer for so long, in milliseconds, up to a day.
    #[default(300000)]
    pub filter_timeout_ms: u32,
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
    /// Whether to compare the archive with those of peers, so that each gets what it lacks (store sync). Needs `store`.
    #[default(false)]
    pub store_sync: bool,
    /// Seconds between two times, 1 to 86400; each with a connected peer chosen at random.
    #[default(300)]
    pub store_sync_interval: u32,
    /// How many seconds back archives are compared, 1 to 86400.
    #[default(3600)]
    pub store_sync_range: u32,
    /// Messages of the last so many seconds are left to the relay, 0 to 86400.
    #[default(20)]
    pub store_sync_relay_jitter: u32,
    /// How often peers may ask the services, as `PROTOCOL:REQUESTS/PERIOD` with the protocols `store`, `lightpush`,
    /// `filter` and `px`, and the units `h`, `m`, `s` and `ms`; without a protocol for all that are not named. At most
    /// 32. Empty: `filter:100/1s`, `lightpush:5/1s` and `px:5/1s`.
    #[default([])]
    pub rate_limits: Vec<String>,
}
