//! Why a call failed.

use backplane_sdk::record;

use crate::MessageHash;

/// Why a topic will not do.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The text is no topic of its kind.
    #[error("{topic:?}: {reason}")]
    Malformed {
        /// The text.
        topic: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// The content topic is of a generation of the sharding rule that is not known.
    #[error("{topic:?} is of a generation above 0")]
    Generation {
        /// The content topic.
        topic: String,
    },
    /// The node shards statically, so that no shard follows from a content topic: name the pubsub topic.
    #[error("the pubsub topic must be named, because the node shards statically")]
    StaticSharding,
    /// The pubsub topic belongs to another cluster.
    #[error("the pubsub topic is of cluster {found}, the node is of cluster {ours}")]
    WrongCluster {
        /// The cluster of the topic.
        found: u16,
        /// The cluster of the node.
        ours: u16,
    },
}

/// Why a message was not published.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Peers drop a message without a payload.
    #[error("payload is empty")]
    EmptyPayload,
    /// Peers drop a message without a content topic.
    #[error("content topic is empty")]
    EmptyContentTopic,
    /// The application's data are too long.
    #[error("meta has {size} bytes, the limit is {limit}")]
    MetaTooLong {
        /// Their length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The timestamp lies before 1970.
    #[error("timestamp is negative: {timestamp}")]
    NegativeTimestamp {
        /// The timestamp.
        timestamp: i64,
    },
    /// The pubsub topic will not do, or none was given and none follows from the content topic.
    #[error("{0}")]
    Topic(TopicError),
    /// The serialized message is too large.
    #[error("the message is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The same bytes were published or relayed within the last two minutes.
    #[error("message {hash} was published already")]
    Duplicate {
        /// The hash of the message.
        hash: MessageHash,
    },
    /// No connected peer takes part in the shard. Local subscribers have the message all the same, and it may be
    /// published again.
    #[error("no peers to publish {hash} to")]
    NoPeers {
        /// The hash of the message.
        hash: MessageHash,
    },
    /// The queues to all peers are full. Local subscribers have the message all the same, and for two minutes it
    /// is a duplicate.
    #[error("the queues of all peers are full, {hash} was not sent")]
    Busy {
        /// The hash of the message.
        hash: MessageHash,
    },
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

/// Why a subscription did not change. Nothing of the call has taken effect.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// One of the topics will not do.
    #[error("{0}")]
    Topic(TopicError),
    /// More topics than a node takes.
    #[error("more than {limit} topics")]
    TooManyTopics {
        /// The limit.
        limit: u64,
    },
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

/// Why there is no connection, or no end of one.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The address is no multiaddr.
    #[error("{address:?} is not a multiaddr: {reason}")]
    InvalidAddress {
        /// The text.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The peer cannot be reached, or is not whom the address names.
    #[error("cannot connect to {address}: {reason}")]
    Dial {
        /// The address that was dialled.
        address: String,
        /// What the transports say.
        reason: String,
    },
    /// The peer is of another cluster, or of none that it would tell.
    #[error("the peer is of {}, this node is of cluster {ours}", cluster(*.theirs))]
    WrongCluster {
        /// The cluster that the peer told, if any.
        theirs: Option<u32>,
        /// The cluster of the node.
        ours: u16,
    },
    /// The connection ended before the peer had told its cluster.
    #[error("the peer closed the connection")]
    Closed,
    /// Too many calls wait for connections to open or close.
    #[error("more than {limit} calls are waiting for connections")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// No connection matches the address.
    #[error("not connected to {address}")]
    NotConnected {
        /// The address.
        address: String,
    },
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

/// Why the node does not answer.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// It has stopped.
    #[error("the node has stopped")]
    Stopped,
}

/// Why a service of a peer was of no use.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The text is no peer id.
    #[error("{peer_id:?} is not a peer id: {reason}")]
    InvalidPeer {
        /// The text.
        peer_id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no connection to the peer.
    #[error("not connected to {peer_id}")]
    NotConnected {
        /// The peer.
        peer_id: String,
    },
    /// The peer does not serve it.
    #[error("{peer_id} does not serve this")]
    Unsupported {
        /// The peer.
        peer_id: String,
    },
    /// The connection was lost, or the answer did not come in time.
    #[error("no answer of {peer_id}: {reason}")]
    Failed {
        /// The peer.
        peer_id: String,
        /// What went wrong.
        reason: String,
    },
    /// The peer refused.
    #[error("the peer refused with status {status}: {text}")]
    Refused {
        /// The status code of the protocol.
        status: u32,
        /// The peer's description.
        text: String,
    },
    /// Too many calls wait for answers of peers.
    #[error("more than {limit} calls are waiting for answers")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// The node has stopped.
    #[error("the node has stopped")]
    Stopped,
}

/// Why a message was not published by a peer.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LightPushError {
    /// The message cannot be published at all; the peer was not asked.
    #[error("{0}")]
    Message(PublishError),
    /// The peer did not publish it.
    #[error("{0}")]
    Service(ServiceError),
}

/// Why no peer has published a message.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The message cannot be published at all; no peer was asked.
    #[error("{0}")]
    Message(PublishError),
    /// No connected peer serves lightpush.
    #[error("no connected peer serves lightpush")]
    NoService,
    /// The peers that were asked did not publish it; this says the last of them.
    #[error("{0}")]
    Service(ServiceError),
}

/// Why a filter subscription did not change.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The topics will not do; the peer was not asked.
    #[error("{0}")]
    Topics(SubscribeError),
    /// There are subscriptions at too many peers.
    #[error("subscriptions at more than {limit} peers")]
    TooManyPeers {
        /// The limit.
        limit: u64,
    },
    /// The peer did not do it.
    #[error("{0}")]
    Service(ServiceError),
}

/// Why there is no history.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// This node keeps no archive, and no connected peer serves the store.
    #[error("no store is known")]
    NoStore,
    /// The archive of this node does not answer, or the query makes no sense to it.
    #[error("{reason}")]
    Archive {
        /// What it says.
        reason: String,
    },
    /// The peer does not answer, or has refused.
    #[error("{0}")]
    Service(ServiceError),
}

fn cluster(cluster: Option<u32>) -> String {
    cluster.map_or_else(|| "no cluster".to_owned(), |cluster| format!("cluster {cluster}"))
}
