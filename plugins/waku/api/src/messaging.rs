//! The interface `waku.messaging`.

use backplane_sdk::prelude::*;

use crate::{
    ConnectionStatus, MessageFailure, MessageReceipt, MessagingError, MessagingHealth, NodeError,
    ReceivedMessage, SubscribeError, TopicHealth, WakuMessage,
};

/// Sends and receives messages whichever way there is: a relay publishes to the shard, and through peers where it knows
/// nobody there; a light node publishes by lightpush and receives by filter. What goes wrong on the way is tried again,
/// and what was missed while no peer was there is fetched from a store.
///
/// Subscriptions belong to the calling module, by its name, as those of `waku.relay` do. Events go to all who want them.
#[interface(id = "waku.messaging", version = "1.0.0")]
pub trait Messaging {
    /// Takes a message and answers at once; events with the same `request_id` tell what becomes of it. Without
    /// `pubsub_topic` the shard follows from the content topic. It is tried for a minute until it is propagated, and then
    /// looked for in stores for a minute, while it is sent again. At most 1024 messages wait, of 64 MiB together.
    async fn send(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<MessageReceipt, MessagingError>;

    /// Asks for the messages of these content topics. Subscribing twice is the same as once. With static sharding a
    /// light node cannot.
    async fn subscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// Takes content topics back. Unknown ones are no error.
    async fn unsubscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// How well messages come and go at present.
    async fn health(&self) -> Result<MessagingHealth, NodeError>;

    /// A message was handed to a peer, for the first time. Of an ephemeral one this is the last that is told.
    #[event]
    fn propagated(receipt: MessageReceipt);

    /// A message was found in the store of a peer.
    #[event]
    fn sent(receipt: MessageReceipt);

    /// A message is not tried any more.
    #[event]
    fn error(failure: MessageFailure);

    /// A message of a content topic that somebody subscribed to here. Each is told once; its hash is remembered for seven
    /// minutes.
    #[event]
    fn message(message: ReceivedMessage);

    /// The node is connected better or worse than before.
    #[event(retained)]
    fn connection_status(status: ConnectionStatus);

    /// A shard is connected better or worse than before.
    #[event]
    fn topic_health(health: TopicHealth);
}
