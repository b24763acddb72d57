//! Between the types of the node and those of the contract.

use std::sync::Arc;

use backplane_sdk::Bytes;
use waku_api as api;

use crate::{
    ConnectError, Direction, NodeStats, Origin, PeerInfo, PublishError, PubsubTopic, Reachability,
    ReceivedMessage, ShardError, ShardInfo, Stopped, SubscribeError, SyncStats, WakuMessage,
    limits::MAX_META,
};

/// A count that no node reaches the end of.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn present(bytes: Vec<u8>) -> Option<Bytes> {
    (!bytes.is_empty()).then_some(Bytes(bytes))
}

impl From<api::WakuMessage> for WakuMessage {
    fn from(message: api::WakuMessage) -> Self {
        Self {
            payload: message.payload.0,
            content_topic: message.content_topic,
            version: message.version,
            timestamp: message.timestamp,
            meta: message.meta.unwrap_or_default().0,
            ephemeral: message.ephemeral,
            proof: message.proof.unwrap_or_default().0,
        }
    }
}

impl From<WakuMessage> for api::WakuMessage {
    fn from(message: WakuMessage) -> Self {
        Self {
            payload: Bytes(message.payload),
            content_topic: message.content_topic,
            version: message.version,
            timestamp: message.timestamp,
            meta: present(message.meta),
            ephemeral: message.ephemeral,
            proof: present(message.proof),
        }
    }
}

impl From<crate::MessageHash> for api::MessageHash {
    fn from(hash: crate::MessageHash) -> Self {
        Self((*hash.as_bytes()).into())
    }
}

impl From<ReceivedMessage> for api::ReceivedMessage {
    fn from(received: ReceivedMessage) -> Self {
        Self {
            hash: received.hash.into(),
            pubsub_topic: received.pubsub_topic.to_string(),
            message: Arc::unwrap_or_clone(received.message).into(),
            origin: match received.origin {
                Origin::Local => api::Origin::Local,
                Origin::Peer(peer) => api::Origin::Peer(peer.to_string()),
            },
            missed_before: received.missed_before,
        }
    }
}

/// Reads a pubsub topic.
pub(super) fn pubsub_topic(text: &str) -> Result<PubsubTopic, api::TopicError> {
    text.parse()
        .map_err(|error: crate::TopicError| api::TopicError::Malformed {
            topic: text.to_owned(),
            reason: error.to_string(),
        })
}

/// Why the content topic `topic` has no shard.
pub(super) fn no_shard(topic: String, error: ShardError) -> api::TopicError {
    match error {
        ShardError::StaticSharding => api::TopicError::StaticSharding,
        ShardError::Generation => api::TopicError::Generation { topic },
        ShardError::Topic(error) => api::TopicError::Malformed {
            topic,
            reason: error.to_string(),
        },
    }
}

/// Why a message with this content topic was not published.
pub(super) fn not_published(content_topic: String, error: PublishError) -> api::PublishError {
    match error {
        PublishError::EmptyPayload => api::PublishError::EmptyPayload,
        PublishError::EmptyContentTopic => api::PublishError::EmptyContentTopic,
        PublishError::MetaTooLong(size) => api::PublishError::MetaTooLong {
            size: size as u64,
            limit: MAX_META as u64,
        },
        PublishError::NeedsProof(topic) => api::PublishError::Topic(api::TopicError::Malformed {
            topic: topic.to_string(),
            reason: "messages of its cluster need a rate limit proof (RLN), and this one has none".to_owned(),
        }),
        PublishError::NotSigned(topic) => api::PublishError::Topic(api::TopicError::Malformed {
            topic: topic.to_string(),
            reason: "the shard is protected, and this message has no signature of its key, made within five minutes"
                .to_owned(),
        }),
        PublishError::NegativeTimestamp(timestamp) => api::PublishError::NegativeTimestamp { timestamp },
        PublishError::Shard(error) => api::PublishError::Topic(no_shard(content_topic, error)),
        PublishError::WrongCluster { found, ours } => {
            api::PublishError::Topic(api::TopicError::WrongCluster { found, ours })
        }
        PublishError::TooLarge(limit) => api::PublishError::TooLarge { limit: limit as u64 },
        PublishError::Duplicate(hash) => api::PublishError::Duplicate { hash: hash.into() },
        PublishError::NoPeers(hash) => api::PublishError::NoPeers { hash: hash.into() },
        PublishError::Busy(hash) => api::PublishError::Busy { hash: hash.into() },
        PublishError::Stopped(Stopped) => api::PublishError::Stopped,
    }
}

impl From<SubscribeError> for api::SubscribeError {
    fn from(error: SubscribeError) -> Self {
        match error {
            SubscribeError::ContentTopic { topic, source } => Self::Topic(no_shard(topic, source)),
            SubscribeError::WrongCluster { found, ours } => {
                Self::Topic(api::TopicError::WrongCluster { found, ours })
            }
            SubscribeError::TooManyTopics(limit) | SubscribeError::TooManyReceivers(limit) => {
                Self::TooManyTopics { limit: limit as u64 }
            }
            SubscribeError::Stopped(Stopped) => Self::Stopped,
        }
    }
}

impl From<ConnectError> for api::ConnectError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Dial { address, reason } => Self::Dial {
                address: address.to_string(),
                reason,
            },
            ConnectError::WrongCluster { theirs, ours } => Self::WrongCluster { theirs, ours },
            ConnectError::Closed => Self::Closed,
            ConnectError::TooMany(limit) => Self::TooMany { limit: limit as u64 },
            ConnectError::NotConnected(address) => Self::NotConnected {
                address: address.to_string(),
            },
            ConnectError::Stopped(Stopped) => Self::Stopped,
        }
    }
}

impl From<PeerInfo> for api::PeerInfo {
    fn from(peer: PeerInfo) -> Self {
        Self {
            peer_id: peer.peer_id.map(|id| id.to_string()),
            address: peer.address.to_string(),
            direction: peer.direction.map(|direction| match direction {
                Direction::Inbound => api::Direction::Inbound,
                Direction::Outbound => api::Direction::Outbound,
            }),
            is_static: peer.is_static,
            agent: peer.agent,
            protocols: peer.protocols,
            shards: peer.shards,
            mesh: peer.mesh,
            score: peer.score,
            last_error: peer.last_error,
        }
    }
}

impl From<ShardInfo> for api::ShardInfo {
    fn from(shard: ShardInfo) -> Self {
        Self {
            pubsub_topic: shard.topic.to_string(),
            peers: count(shard.peers),
            mesh: count(shard.mesh),
        }
    }
}

impl From<Reachability> for api::Reachability {
    fn from(reachability: Reachability) -> Self {
        match reachability {
            Reachability::Unknown => Self::Unknown,
            Reachability::Public(address) => Self::Public(address.to_string()),
            Reachability::Private => Self::Private,
        }
    }
}

impl From<NodeStats> for api::NodeStats {
    fn from(stats: NodeStats) -> Self {
        Self {
            published: stats.published,
            relayed: stats.relayed,
            ignored: stats.ignored,
            rejected: stats.rejected,
            delivered: stats.delivered,
            missed: stats.missed,
            refused_peers: stats.refused_peers,
            slow_peers: stats.slow_peers,
            sync: Some(stats.sync.into()),
        }
    }
}

impl From<SyncStats> for api::SyncFigures {
    fn from(stats: SyncStats) -> Self {
        Self {
            sessions: stats.sessions,
            failed: stats.failed,
            roundtrips: stats.roundtrips,
            differences: stats.differences,
            messages_sent: stats.messages_sent,
            messages_received: stats.messages_received,
            messages_refused: stats.messages_refused,
            messages_fresh: stats.messages_fresh,
            bytes_sent: stats.bytes_sent + stats.transfer_bytes_sent,
            bytes_received: stats.bytes_received + stats.transfer_bytes_received,
        }
    }
}
