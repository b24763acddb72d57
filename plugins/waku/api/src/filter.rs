//! The interface `waku.filter`.

use backplane_sdk::prelude::*;

use crate::{FilterError, SubscribeError};

/// Has peers push the messages of content topics (12/WAKU2-FILTER): for a light node, which takes part in no shard.
///
/// The messages come by the event `message` of `waku.relay`, each once, from however many peers. A subscription is
/// kept up: by pings, and by subscribing again when the peer has lost it or is connected again. Subscriptions belong
/// to the node, whoever made them; they stay when it is replaced by another version.
#[interface(id = "waku.filter", version = "1.1.0")]
pub trait Filter {
    /// Subscribes at the connected peer of this id. Without `pubsub_topic` the shards follow from the content topics.
    /// Subscribing twice is the same as once. At most 1000 content topics at one peer, and 64 peers; a peer may have
    /// lower limits. More than 100 topics take several requests: when a later one fails, the former ones hold.
    #[deadline(60000)]
    async fn subscribe(
        &self,
        peer_id: String,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), FilterError>;

    /// Takes content topics back. Their messages end also if the peer cannot be told.
    #[deadline(60000)]
    async fn unsubscribe(
        &self,
        peer_id: String,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), FilterError>;

    /// Takes back everything that is subscribed to at a peer.
    #[deadline(30000)]
    async fn unsubscribe_all(&self, peer_id: String) -> Result<(), FilterError>;

    /// Asks a peer whether it has a subscription of this node. The node does so by itself, too.
    #[deadline(30000)]
    async fn ping(&self, peer_id: String) -> Result<(), FilterError>;

    /// Follows content topics at two of the connected peers that push, whichever they are, and at others when these
    /// are lost or fail. Answers before any is subscribed at; they need not be connected yet. At most 1000 topics.
    async fn follow(
        &self,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), SubscribeError>;

    /// No longer follows content topics; unknown ones are no error.
    async fn unfollow(
        &self,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), SubscribeError>;
}
