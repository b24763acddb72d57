//! What an operator asks of a node: its health, whom it knows, what it has measured.

use backplane_sdk::record;

use crate::ConnectionStatus;

/// Where a node stands.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
    /// How well it is connected.
    pub connection: ConnectionStatus,
    /// Its protocols, each once.
    pub protocols: Vec<ProtocolHealth>,
}

/// Where a protocol stands.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolHealth {
    /// Its name, as operators know it: `Relay`, `Store Client` and so on.
    pub protocol: String,
    /// Its state.
    pub state: HealthState,
    /// Why it is not ready.
    pub reason: Option<String>,
}

/// The state of a protocol.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthState {
    /// It works.
    Ready,
    /// It lacks something, peers for example.
    NotReady,
    /// The node does not speak it.
    NotMounted,
}

/// A peer that the node knows of, connected or not.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct KnownPeer {
    /// Its id.
    pub peer_id: String,
    /// Where it is connected from or to, or can be dialled; the best first, without the id behind it.
    pub addresses: Vec<String>,
    /// The protocols that it speaks, if it is connected and has said so; else those that its record tells of.
    pub protocols: Vec<String>,
    /// The shards in which it takes part, as far as that is known.
    pub shards: Vec<u16>,
    /// Whether there is a connection.
    pub connectedness: Connectedness,
    /// What it calls its program, once it has said so.
    pub agent: Option<String>,
    /// Who told of it.
    pub origin: PeerOrigin,
    /// The shards in which it is a neighbour in the mesh.
    pub mesh: Vec<u16>,
    /// Whether it has announced to relay; then `shards` are those that it relays.
    pub relays: bool,
    /// The relay's score of it.
    pub score: Option<f64>,
}

/// Whether there is a connection to a peer, or could be one.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectedness {
    /// There is none, and none was tried.
    NotConnected,
    /// There is none, because the last dial failed or the peer is unwanted for a while.
    CannotConnect,
    /// There was one, and could be one again.
    CanConnect,
    /// There is one.
    Connected,
}

/// Who told of a peer.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerOrigin {
    /// It came by itself.
    Unknown,
    /// The operator, by an address or a record.
    Static,
    /// Discv5.
    Discv5,
    /// Another peer.
    PeerExchange,
    /// A list in DNS.
    Dns,
}

/// A peer that has subscribed to the filter service of the node.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterSubscriber {
    /// The peer.
    pub peer_id: String,
    /// What it has subscribed to.
    pub criteria: Vec<FilterCriterion>,
}

/// What a filter subscriber wants.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterCriterion {
    /// The shard.
    pub pubsub_topic: String,
    /// The content topic.
    pub content_topic: String,
}

/// Measurements of one kind.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFamily {
    /// Whose names these are.
    pub scope: MetricScope,
    /// The name without the prefix of its scope, and of a counter without `_total`.
    pub name: String,
    /// What it says, in a line.
    pub help: String,
    /// How to read the values.
    pub kind: MetricKind,
    /// The values, each with labels of its own.
    pub samples: Vec<MetricSample>,
}

/// Whose names metrics have.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricScope {
    /// Those of Waku nodes; exported under the prefixes `waku_` and `logos_delivery_`.
    Waku,
    /// Those of libp2p; exported under `libp2p_`.
    Libp2p,
}

/// How values are to be read.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows, from 0 at the start.
    Counter,
    /// A number that may do anything.
    Gauge,
    /// Observations by their size.
    Histogram,
}

/// A value and what it is of.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSample {
    /// The labels in their order.
    pub labels: Vec<MetricLabel>,
    /// The value.
    pub value: MetricValue,
}

/// What a value is of.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricLabel {
    /// The name of the label.
    pub name: String,
    /// Its value: any text, also of peers.
    pub value: String,
}

/// A value.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// Of a counter or gauge.
    Number(f64),
    /// Of a histogram.
    Histogram(MetricHistogram),
}

/// Observations by their size.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct MetricHistogram {
    /// The upper ends of the buckets, rising.
    pub bounds: Vec<f64>,
    /// Observations in each bucket alone, and at the end those above the last bound.
    pub counts: Vec<u64>,
    /// The sum of all observations.
    pub sum: f64,
}
