//! The interface `waku.lightpush`.

use backplane_sdk::prelude::*;

use crate::{LightPushError, LightPushReceipt, SendError, WakuMessage};

/// Has peers publish messages (19/WAKU2-LIGHTPUSH): for a light node, which takes part in no shard, or where this
/// node knows nobody in a shard.
#[interface(id = "waku.lightpush", version = "1.1.0")]
pub trait LightPush {
    /// Has the connected peer of this id publish a message, by version 3 of the protocol or else 2, and answers once
    /// the peer says that it has. Without `pubsub_topic` the shard follows from the content topic. Takes at most
    /// about 20 s.
    #[deadline(30000)]
    async fn publish(
        &self,
        peer_id: String,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<LightPushReceipt, LightPushError>;

    /// Has one of the connected peers that serve it publish a message, chosen at random; if that fails, up to two
    /// others. What is wrong with the message itself is not tried again. Takes at most about a minute.
    #[deadline(90000)]
    async fn publish_anywhere(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<LightPushReceipt, SendError>;
}
