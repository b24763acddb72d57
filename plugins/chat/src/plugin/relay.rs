//! The relay port over `waku.relay`.

use backplane_sdk::{Bytes, CallError};
use waku_api::{PublishError, RelayClient, SubscribeError, TopicError};

use super::answers::{Failure, port_error};
use crate::{PortError, Relay, WakuMessage};

/// Carries messages through the module that provides `waku.relay`.
pub(crate) struct WakuRelay {
    client: RelayClient,
    joins_shard: bool,
}

impl WakuRelay {
    /// With `joins_shard`, a subscription also joins the shard of its pubsub topic. Without, the node knows by
    /// autosharding which one that is.
    pub(crate) const fn new(client: RelayClient, joins_shard: bool) -> Self {
        Self { client, joins_shard }
    }

    /// The pubsub topic that follows from a content topic.
    ///
    /// # Errors
    /// The module's refusal, with the field of the configuration that helps.
    pub(crate) async fn pubsub_topic(&self, content_topic: &str) -> Result<String, String> {
        let answer = self.client.pubsub_topic(&content_topic.to_owned()).await;
        answer.map_err(no_pubsub_topic)
    }
}

impl Relay for WakuRelay {
    async fn subscribe(&self, pubsub_topic: &str, content_topic: &str) -> Result<(), PortError> {
        if self.joins_shard {
            let shards = vec![pubsub_topic.to_owned()];
            self.client.subscribe_shards(&shards).await.map_err(port_error)?;
        }
        let topics = vec![content_topic.to_owned()];
        self.client.subscribe(&topics).await.map_err(port_error)
    }

    async fn publish(&self, pubsub_topic: &str, message: &WakuMessage) -> Result<(), PortError> {
        let pubsub_topic = Some(pubsub_topic.to_owned());
        let answer = self.client.publish(&outgoing(message), &pubsub_topic).await;
        published(answer.map(drop))
    }
}

fn no_pubsub_topic(error: CallError<TopicError>) -> String {
    match error {
        CallError::Interface(TopicError::StaticSharding) => {
            "pubsub_topic must be set, because the node of waku.relay shards statically".to_owned()
        }
        other => format!("content_topic: {}", port_error(other)),
    }
}

/// A message that the network has already is published.
fn published(answer: Result<(), CallError<PublishError>>) -> Result<(), PortError> {
    match answer {
        Err(CallError::Interface(PublishError::Duplicate { .. })) => Ok(()),
        other => other.map_err(port_error),
    }
}

fn outgoing(message: &WakuMessage) -> waku_api::WakuMessage {
    let meta = &message.meta;
    waku_api::WakuMessage {
        payload: Bytes(message.payload.clone()),
        content_topic: message.content_topic.clone(),
        version: message.version,
        timestamp: message.timestamp,
        meta: (!meta.is_empty()).then(|| Bytes(meta.clone())),
        ephemeral: false,
        proof: None,
    }
}

/// What the engine reads of a message that came in.
pub(crate) fn received(message: waku_api::WakuMessage) -> WakuMessage {
    WakuMessage {
        payload: message.payload.0,
        content_topic: message.content_topic,
        version: message.version,
        timestamp: message.timestamp,
        meta: message.meta.map(|Bytes(meta)| meta).unwrap_or_default(),
    }
}

impl Failure for PublishError {
    const INTERFACE: &'static str = "waku.relay";

    fn is_away(&self) -> bool {
        *self == Self::Stopped
    }
}

impl Failure for SubscribeError {
    const INTERFACE: &'static str = "waku.relay";

    fn is_away(&self) -> bool {
        *self == Self::Stopped
    }
}

impl Failure for TopicError {
    const INTERFACE: &'static str = "waku.relay";
}

#[cfg(test)]
mod tests {
    use backplane_sdk::Fixed;
    use waku_api::MessageHash;

    use super::*;

    fn message() -> WakuMessage {
        WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a/1/b/proto".into(),
            version: 1,
            timestamp: 7,
            meta: vec![3],
        }
    }

    #[test]
    fn a_message_keeps_what_its_hash_covers() {
        for message in [
            message(),
            WakuMessage {
                meta: vec![],
                ..message()
            },
        ] {
            assert_eq!(received(outgoing(&message)), message);
        }
        let bare = outgoing(&WakuMessage {
            meta: vec![],
            ..message()
        });
        assert_eq!((bare.meta, bare.ephemeral, bare.proof), (None, false, None));
    }

    #[test]
    fn only_a_message_that_nobody_has_counts_as_unpublished() {
        let hash = MessageHash(Fixed([0xab; 32]));
        let refused = |error| published(Err(CallError::Interface(error)));
        assert_eq!(refused(PublishError::Duplicate { hash }), Ok(()));
        assert_eq!(
            refused(PublishError::NoPeers { hash }),
            Err(PortError::Refused(format!(
                "waku.relay: no peers to publish 0x{} to",
                "ab".repeat(32)
            )))
        );
        assert_eq!(
            refused(PublishError::Stopped),
            Err(PortError::Unavailable("waku.relay: the node has stopped".into()))
        );
    }

    #[test]
    fn a_node_that_shards_statically_asks_for_the_field() {
        assert_eq!(
            no_pubsub_topic(CallError::Interface(TopicError::StaticSharding)),
            "pubsub_topic must be set, because the node of waku.relay shards statically"
        );
        let generation = TopicError::Generation {
            topic: "/1/a/1/b/proto".into(),
        };
        assert_eq!(
            no_pubsub_topic(CallError::Interface(generation)),
            "content_topic: refused: waku.relay: \"/1/a/1/b/proto\" is of a generation above 0"
        );
    }
}
