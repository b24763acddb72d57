//! What goes in and comes out.

use std::fmt;

use backplane_sdk::{Bytes, Fixed, record};

/// A Waku message (14/WAKU2-MESSAGE).
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakuMessage {
    /// What the application sends. Peers drop a message whose payload is empty.
    pub payload: Bytes,
    /// Names the application and the purpose: `/APPLICATION/VERSION/NAME/ENCODING`.
    pub content_topic: String,
    /// Payload encryption: 0 none or the application's own, 1 the payload of 26/WAKU2-PAYLOAD.
    #[default(0)]
    pub version: u32,
    /// Nanoseconds since the Unix epoch, set by the sender. 0 for absent; publishing fills in the present time.
    #[default(0)]
    pub timestamp: i64,
    /// Data of the application that take part in the hash, at most 64 bytes; null is the same as none.
    pub meta: Option<Bytes>,
    /// Asks store nodes not to keep the message.
    #[default(false)]
    pub ephemeral: bool,
    /// Serialized rate limit proof (17/WAKU2-RLN-RELAY), carried as it is.
    pub proof: Option<Bytes>,
}

/// The deterministic hash of a message on its pubsub topic (14/WAKU2-MESSAGE); its name everywhere.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash(pub Fixed<32>);

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message as a subscriber gets it.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Its hash.
    pub hash: MessageHash,
    /// The shard on which it travelled.
    pub pubsub_topic: String,
    /// The message.
    pub message: WakuMessage,
    /// Who sent it.
    pub origin: Origin,
    /// How many messages the relay left out just before this one, because its subscribers were slower than the
    /// network.
    #[default(0)]
    pub missed_before: u64,
}

/// Who sent a message.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was published here.
    Local,
    /// The peer with this id forwarded it; the author is not known.
    Peer(String),
}

/// What a peer says of a message that it has published.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LightPushReceipt {
    /// The hash of the message.
    pub hash: MessageHash,
    /// To how many peers it was relayed; null if the peer speaks version 2, which does not tell.
    pub relay_peers: Option<u32>,
}

/// How a relay began.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayStarted {
    /// The cluster of the node.
    pub cluster: u16,
    /// How many shards autosharding spreads over; 0 for static sharding.
    pub shard_count: u16,
}

/// What a node is and where it stands.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its peer id.
    pub peer_id: String,
    /// Where it listens; each multiaddr ends in `/p2p/` and the peer id, so that others can dial it as it stands.
    pub listen_addresses: Vec<String>,
    /// What peers are told about this program.
    pub agent: String,
    /// The cluster.
    pub cluster: u16,
    /// How many shards autosharding spreads over; 0 for static sharding.
    pub shard_count: u16,
    /// The shards in which it takes part, in their order.
    pub shards: Vec<ShardInfo>,
    /// How many peers are connected.
    pub connected_peers: u32,
    /// Counts since the start.
    pub stats: NodeStats,
    /// Its node record (EIP-778), by which others find it where there is no connection yet: `enr:` and base64url. Null
    /// from a provider before 1.1.0.
    pub enr: Option<String>,
    /// Where others reach it, as they are told, the best first; multiaddrs as those before. None from a provider before
    /// 1.2.0.
    #[default([])]
    pub announced_addresses: Vec<String>,
    /// Whether others can reach it, as far as peers were asked to try (AutoNAT). Null from a provider before 1.2.0.
    pub reachability: Option<Reachability>,
}

/// Whether others can reach a node.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachability {
    /// Nobody has tried, or the node does not ask.
    Unknown,
    /// Peers have reached it at this multiaddr.
    Public(String),
    /// Peers have tried in vain.
    Private,
}

/// How well a shard is connected.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardInfo {
    /// The shard.
    pub pubsub_topic: String,
    /// Connected peers that take part in it.
    pub peers: u32,
    /// Those among them that are neighbours in the mesh.
    pub mesh: u32,
}

/// What a node has counted since it started.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeStats {
    /// Messages handed to at least one peer.
    pub published: u64,
    /// Messages of peers that were sound, and so forwarded.
    pub relayed: u64,
    /// Messages of peers with an empty payload or content topic, which were dropped.
    pub ignored: u64,
    /// Messages of peers that were malformed or too large; these cost the peer its score.
    pub rejected: u64,
    /// Messages handed on to subscribers.
    pub delivered: u64,
    /// Messages left out because subscribers were slower than the network.
    pub missed: u64,
    /// Peers that were refused because of their cluster.
    pub refused_peers: u64,
    /// How often the queue to a peer was full.
    pub slow_peers: u64,
    /// What was synchronised with the archives of others; zeros without store sync. Null from a provider before 1.3.0.
    pub sync: Option<SyncFigures>,
}

/// What a node has counted of store sync since it started.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncFigures {
    /// Conversations that are over, whoever had begun them.
    pub sessions: u64,
    /// Those among them that broke off.
    pub failed: u64,
    /// Payloads that peers sent to compare archives.
    pub roundtrips: u64,
    /// Messages that were found on one side only.
    pub differences: u64,
    /// Messages that were sent to other archives.
    pub messages_sent: u64,
    /// Messages that other archives sent.
    pub messages_received: u64,
    /// Those among them that were malformed, of another cluster or of a time that is not synchronised.
    pub messages_refused: u64,
    /// Those among them that the archive did not have.
    pub messages_fresh: u64,
    /// Bytes that were sent, to compare archives and of messages.
    pub bytes_sent: u64,
    /// Bytes that were received.
    pub bytes_received: u64,
}

/// A peer: a connected one, or a static one that is not connected.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct PeerInfo {
    /// Its id; null for a static peer that never answered and whose address does not name it.
    pub peer_id: Option<String>,
    /// Where it is connected from or to, or would be dialled.
    pub address: String,
    /// Who made the connection; null if there is none.
    pub direction: Option<Direction>,
    /// Whether it is a static peer of the configuration.
    pub is_static: bool,
    /// What it calls its program, once it has said so; cut at 256 bytes.
    pub agent: Option<String>,
    /// The protocols that it speaks, once it has said so; at most 128.
    pub protocols: Vec<String>,
    /// The shards in which it takes part.
    pub shards: Vec<u16>,
    /// The shards in which it is a neighbour in the mesh.
    pub mesh: Vec<u16>,
    /// The relay's score of it.
    pub score: Option<f64>,
    /// Why the last dial of a static peer failed.
    pub last_error: Option<String>,
}

/// Who made a connection.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The peer.
    Inbound,
    /// This node.
    Outbound,
}

/// How many peers there are.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerCount {
    /// Peers that are connected.
    pub connected: u32,
}
