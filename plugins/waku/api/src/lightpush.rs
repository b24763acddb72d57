//! The interface `waku.lightpush`.

use backplane_sdk::prelude::*;

use crate::{LightPushError, LightPushReceipt, WakuMessage};

/// Has peers publish messages (19/WAKU2-LIGHTPUSH): for a light node, which takes part in no shard, or where this
/// node knows nobody in a shard.
#[interface(id = "waku.lightpush", version = "1.0.0")]
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
}
