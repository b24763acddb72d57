//! What can go wrong with a node.

use libp2p::{Multiaddr, PeerId, request_response::OutboundFailure};

use super::{ConfigError, TlsError};
use crate::{
    ArchiveError, MessageHash, PubsubTopic, Refusal, ShardError, TopicError, exchange, limits::MAX_META,
};

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration is out of bounds.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Encryption, resolver or gossipsub could not be set up.
    #[error("cannot set up {part}: {reason}")]
    Setup {
        /// Which part.
        part: &'static str,
        /// What it says.
        reason: String,
    },
    /// The files of secure WebSocket are of no use.
    #[error("secure websocket: {0}")]
    Tls(#[from] TlsError),
    /// The name of this node in DNS leads nowhere.
    #[error("{name} has no address: {reason}")]
    Unresolved {
        /// The name.
        name: String,
        /// What the resolver says.
        reason: String,
    },
    /// An address can't be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address of the configuration.
        address: Multiaddr,
        /// What the system says, or that it took too long.
        reason: String,
    },
}

/// The node was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

/// Why a message was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Peers drop a message without a payload.
    #[error("payload is empty")]
    EmptyPayload,
    /// Peers drop a message without a content topic.
    #[error("content topic is empty")]
    EmptyContentTopic,
    /// `meta` exceeds its limit; carries its length.
    #[error("meta has {0} bytes, the limit is {MAX_META}")]
    MetaTooLong(usize),
    /// The message has no rate limit proof, without which the peers of this cluster drop it; carries the shard.
    #[error("{0}: messages of its cluster need a rate limit proof (RLN), and this one has none")]
    NeedsProof(PubsubTopic),
    /// The shard is protected, and the message has no signature of its key in `meta`, or its timestamp is not of the
    /// last or next five minutes; carries the shard. The text is that of the deployed nodes.
    #[error("signed shard validation failed")]
    NotSigned(PubsubTopic),
    /// The timestamp lies before 1970.
    #[error("timestamp is negative: {0}")]
    NegativeTimestamp(i64),
    /// No pubsub topic was given and none can be derived.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The pubsub topic belongs to another cluster.
    #[error("pubsub topic is of cluster {found}, the node is of cluster {ours}")]
    WrongCluster {
        /// The cluster of the topic.
        found: u16,
        /// The cluster of the node.
        ours: u16,
    },
    /// The serialized message is too large; carries the limit in bytes.
    #[error("Message size exceeded maximum of {0} bytes")]
    TooLarge(usize),
    /// The same bytes were published or relayed within the last two minutes.
    #[error("message was published already: {0}")]
    Duplicate(MessageHash),
    /// No connected peer takes part in the shard. Local subscribers have the message all the same.
    #[error("no peers to publish {0} to")]
    NoPeers(MessageHash),
    /// The queues to all peers are full. Local subscribers have the message all the same; it counts as
    /// published, so that the same bytes are a duplicate from now on.
    #[error("the queues of all peers are full, {0} was not sent")]
    Busy(MessageHash),
    /// The node was shut down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The peer can't be reached, or is not whom the address names; carries what the transports say.
    #[error("cannot connect to {address}: {reason}")]
    Dial {
        /// The address that was dialled.
        address: Multiaddr,
        /// What went wrong with it.
        reason: String,
    },
    /// The peer is of another cluster, or of none that it would tell.
    #[error("peer is of {}, this node is of cluster {ours}", cluster_text(*.theirs))]
    WrongCluster {
        /// The cluster the peer told.
        theirs: Option<u32>,
        /// The cluster of the node.
        ours: u16,
    },
    /// The connection ended before the peer had told its cluster.
    #[error("the peer closed the connection")]
    Closed,
    /// Too many calls are waiting for connections to open or close; carries the limit.
    #[error("more than {0} calls are waiting for connections")]
    TooMany(usize),
    /// No connection matches the address that shall be disconnected.
    #[error("not connected to {0}")]
    NotConnected(Multiaddr),
    /// The node was shut down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

fn cluster_text(cluster: Option<u32>) -> String {
    cluster.map_or_else(|| "no cluster".to_owned(), |cluster| format!("cluster {cluster}"))
}

/// Why a subscription was refused. Nothing of the call has taken effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// A content topic that is malformed or has no shard.
    #[error("content topic {topic}: {source}")]
    ContentTopic {
        /// The topic.
        topic: String,
        /// What is wrong with it.
        source: ShardError,
    },
    /// A shard of another cluster.
    #[error("pubsub topic is of cluster {found}, the node is of cluster {ours}")]
    WrongCluster {
        /// The cluster of the topic.
        found: u16,
        /// The cluster of the node.
        ours: u16,
    },
    /// More content topics than a node takes; carries the limit.
    #[error("more than {0} content topics")]
    TooManyTopics(usize),
    /// More receivers than a node takes; carries the limit.
    #[error("more than {0} receivers")]
    TooManyReceivers(usize),
    /// The node was shut down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<TopicError> for PublishError {
    fn from(error: TopicError) -> Self {
        Self::Shard(error.into())
    }
}

/// Why a service of a peer was of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// There is no connection to the peer; services are asked only of connected ones.
    #[error("not connected to {0}")]
    NotConnected(PeerId),
    /// The peer does not serve it.
    #[error("{0} does not serve this")]
    Unsupported(PeerId),
    /// The connection was lost, or the answer did not come in time.
    #[error("no answer of {peer}: {reason}")]
    Failed {
        /// The peer.
        peer: PeerId,
        /// What went wrong.
        reason: String,
    },
    /// The peer refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many calls are waiting for answers of peers; carries the limit.
    #[error("more than {0} calls are waiting for answers")]
    TooMany(usize),
    /// The node was shut down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl ServiceError {
    pub(super) fn of(peer: PeerId, failure: &OutboundFailure) -> Self {
        if exchange::is_unsupported(failure) {
            return Self::Unsupported(peer);
        }
        let reason = failure.to_string();
        Self::Failed { peer, reason }
    }
}

/// Why a history does not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// No connected peer serves the store.
    #[error("no connected peer serves the store")]
    NoStore,
    /// The last store that was asked did not answer.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<Stopped> for HistoryError {
    fn from(stopped: Stopped) -> Self {
        Self::Service(stopped.into())
    }
}

/// Why an archive was not compared with that of a peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// The node is not configured to synchronise an archive.
    #[error("store sync is off")]
    Off,
    /// No connected peer synchronises its archive.
    #[error("no connected peer synchronises its archive")]
    NoPeer,
    /// The peer does not do its part.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The own archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl From<Stopped> for SyncError {
    fn from(stopped: Stopped) -> Self {
        Self::Service(stopped.into())
    }
}

/// Why a message was not published by a peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LightPushError {
    /// The message can't be published at all; the peer was not asked.
    #[error(transparent)]
    Message(#[from] PublishError),
    /// The peer did not publish it.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<Stopped> for LightPushError {
    fn from(stopped: Stopped) -> Self {
        Self::Service(stopped.into())
    }
}

/// Why a filter subscription did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The topics can't be subscribed to; the peer was not asked.
    #[error(transparent)]
    Topics(#[from] SubscribeError),
    /// There are subscriptions at too many peers; carries the limit.
    #[error("subscriptions at more than {0} peers")]
    TooManyServices(usize),
    /// The peer did not do it.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<Stopped> for FilterError {
    fn from(stopped: Stopped) -> Self {
        Self::Service(stopped.into())
    }
}
