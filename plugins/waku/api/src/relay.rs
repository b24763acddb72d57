//! The interface `waku.relay`.

use backplane_sdk::prelude::*;

use crate::{
    MessageHash, PublishError, ReceivedMessage, RelayStarted, SubscribeError, TopicError, WakuMessage,
};

/// Carries messages over the relay protocol (11/WAKU2-RELAY).
///
/// Subscriptions belong to the calling module, by its name: they stay when it is replaced by another version, and
/// what one module takes back another keeps. They end with the relay; `started` tells of its beginning. A node takes
/// at most 4096 content topics.
///
/// The event `message` goes to all who want it, with the messages of all subscriptions: look at its topics.
#[interface(id = "waku.relay", version = "1.0.0")]
pub trait Relay {
    /// Publishes a message and answers its hash once it is queued to the peers of its shard. Without
    /// `pubsub_topic` the shard follows from the content topic. Nothing need be subscribed.
    ///
    /// The message is also delivered here if somebody subscribed to its topic, with the origin `local`, even when no
    /// peer could be reached. At most 150 KiB serialized, unless the node is configured otherwise.
    async fn publish(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<MessageHash, PublishError>;

    /// The pubsub topic of a content topic by autosharding (51/WAKU2-RELAY-SHARDING): where `publish` sends it
    /// if no pubsub topic is named.
    fn pubsub_topic(&self, content_topic: String) -> Result<String, TopicError>;

    /// Asks for the messages of these content topics, on whichever shard they come. With autosharding the node
    /// joins their shards. Subscribing twice is the same as once.
    async fn subscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// Takes content topics back. Unknown ones are no error.
    async fn unsubscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// Joins the shards of these pubsub topics, and asks for all of their messages. Subscribing twice is the same as
    /// once.
    async fn subscribe_shards(&self, pubsub_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// Takes shards back. Those of the node's configuration are still relayed. Unknown ones are no error.
    async fn unsubscribe_shards(&self, pubsub_topics: Vec<String>) -> Result<(), SubscribeError>;

    /// A message of a topic that somebody subscribed to. Each is delivered once; its hash is remembered for seven
    /// minutes.
    #[event]
    fn message(message: ReceivedMessage);

    /// The relay began, or began anew: as another version, which keeps the subscriptions, or after a failure, and then
    /// without them. Subscribing again does no harm.
    #[event(retained)]
    fn started(started: RelayStarted);
}
