//! What goes in and out of `waku.messaging`.

use backplane_sdk::record;

use crate::{MessageHash, PublishError};

/// A message that was taken, by which its events are told apart.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReceipt {
    /// Another one for each call.
    pub request_id: String,
    /// The hash of the message.
    pub hash: MessageHash,
}

/// A message that is not tried any more.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFailure {
    /// The id of the receipt.
    pub request_id: String,
    /// The hash of the message.
    pub hash: MessageHash,
    /// Why.
    pub reason: FailureReason,
}

/// Why a message is not tried any more.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureReason {
    /// No peer has taken it; carries what was said last.
    NotPropagated(String),
    /// Peers have taken it, and within a minute it was in no store that could be asked. It may have arrived all the same.
    NotConfirmed,
}

/// Why a message was not taken.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessagingError {
    /// The message will not do.
    #[error("{0}")]
    Message(PublishError),
    /// Too many messages, or bytes of them, wait.
    #[error("more than {limit} messages are waiting, or too large ones")]
    TooMany {
        /// The limit of messages.
        limit: u64,
    },
}

/// How well the node is connected.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Nothing comes or goes.
    Disconnected,
    /// Messages come and go, over few peers.
    PartiallyConnected,
    /// At least four peers relay, or for a light node, two peers offer each service.
    Connected,
}

/// How well a shard is connected.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicHealth {
    /// The shard.
    pub pubsub_topic: String,
    /// How well.
    pub health: Health,
}

/// How well something is connected.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No neighbour in the mesh; for a light node, no filter service.
    Unhealthy,
    /// Fewer than four; for a light node, one.
    Minimal,
    /// Enough.
    Sufficient,
}

/// How well messages come and go.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagingHealth {
    /// How well the node is connected.
    pub status: ConnectionStatus,
    /// The shards of the subscriptions, in their order.
    pub topics: Vec<TopicHealth>,
    /// Messages that wait to be propagated or confirmed.
    pub pending: u32,
    /// Shards of which something may be missing that is not fetched from a store yet.
    pub gaps: u32,
}
