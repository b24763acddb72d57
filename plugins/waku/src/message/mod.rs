//! The Waku message (14/WAKU2-MESSAGE).

mod hash;
mod wire;

pub use hash::{MessageHash, ParseHashError};

use crate::limits::MAX_META;

/// A Waku message.
///
/// Its wire form is the protobuf of 14/WAKU2-MESSAGE. A relay forwards the bytes it received, so unknown
/// fields survive; this type holds what the fields mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WakuMessage {
    /// What the application sends. Relay peers drop a message whose payload is empty.
    pub payload: Vec<u8>,
    /// Names the application and the purpose; see [`ContentTopic`](crate::ContentTopic). Never empty on the
    /// wire.
    pub content_topic: String,
    /// Payload encryption: 0 none or the application's own, 1 the payload of 26/WAKU2-PAYLOAD.
    pub version: u32,
    /// Nanoseconds since the Unix epoch, set by the sender. 0 stands for absent; publishing fills in the
    /// present time.
    pub timestamp: i64,
    /// Application data that takes part in the message hash, at most [`MAX_META`] bytes.
    pub meta: Vec<u8>,
    /// Asks store nodes not to keep the message.
    pub ephemeral: bool,
    /// Serialized rate limit proof (17/WAKU2-RLN-RELAY), carried as it is; empty if none.
    pub proof: Vec<u8>,
}

/// Why bytes are no Waku message. The texts of the last two are those of the deployed nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are no protobuf of this shape.
    #[error("malformed protobuf: {0}")]
    Malformed(String),
    /// A field that deployed nodes insist on is absent. An empty one is present.
    #[error("(kind: MissingRequiredField, field: \"{0}\")")]
    MissingField(&'static str),
    /// `meta` is longer than [`MAX_META`] bytes.
    #[error("(kind: InvalidLengthField, field: \"meta\")")]
    MetaTooLong,
}

impl WakuMessage {
    /// The serialized message. Payload and content topic are written even when empty, because deployed nodes
    /// refuse a message without them; the other fields only when set.
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// Reads a serialized message.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, lack the payload or the content topic, or carry a long
    /// `meta`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let message = wire::decode(bytes)?;
        if message.meta.len() > MAX_META {
            return Err(DecodeError::MetaTooLong);
        }
        Ok(message)
    }

    /// The deterministic hash under the pubsub topic it travels on.
    pub fn hash(&self, pubsub_topic: &str) -> MessageHash {
        MessageHash::of(pubsub_topic, self)
    }
}
