//! From a message to the peers of its shard.

use std::{sync::Arc, time::Instant};

use super::{PublishError, ReceivedMessage, Shared, config::PROOF_CLUSTER, delivery::Origin, driver::Driver};
pub(super) use crate::archive::now_nanos;
use crate::{MessageHash, PubsubTopic, WakuMessage, limits::MAX_META, relay};

/// A message that has passed all checks.
pub(super) struct Prepared {
    pub(super) topic: PubsubTopic,
    pub(super) hash: MessageHash,
    pub(super) message: WakuMessage,
    bytes: Vec<u8>,
}

/// Checks a message, fills in its timestamp and finds its shard.
pub(super) fn prepare(
    shared: &Shared,
    topic: Option<PubsubTopic>,
    mut message: WakuMessage,
) -> Result<Prepared, PublishError> {
    if message.payload.is_empty() {
        return Err(PublishError::EmptyPayload);
    }
    if message.content_topic.is_empty() {
        return Err(PublishError::EmptyContentTopic);
    }
    if message.meta.len() > MAX_META {
        return Err(PublishError::MetaTooLong(message.meta.len()));
    }
    if message.timestamp < 0 {
        return Err(PublishError::NegativeTimestamp(message.timestamp));
    }
    if message.timestamp == 0 {
        message.timestamp = now_nanos();
    }
    let ours = shared.sharding.cluster();
    let topic = match topic {
        Some(topic) if topic.cluster() != ours => {
            return Err(PublishError::WrongCluster {
                found: topic.cluster(),
                ours,
            });
        }
        Some(topic) => topic,
        None => shared.sharding.of_text(&message.content_topic)?,
    };
    let bytes = message.encode();
    if bytes.len() > shared.rules.max_size {
        return Err(PublishError::TooLarge(shared.rules.max_size));
    }
    let hash = message.hash(&topic.to_string());
    Ok(Prepared {
        topic,
        bytes,
        hash,
        message,
    })
}

impl Driver {
    /// Hands a message to the peers of its shard and to the consumers here.
    pub(super) fn publish(
        &mut self,
        prepared: Prepared,
        origin: Origin,
    ) -> Result<MessageHash, PublishError> {
        let Prepared {
            topic,
            bytes,
            hash,
            message,
        } = prepared;
        if topic.cluster() == PROOF_CLUSTER && message.proof.is_empty() {
            return Err(PublishError::NeedsProof(topic));
        }
        if !self.shared.rules.protected.admits(topic, &message, now_nanos()) {
            return Err(PublishError::NotSigned(topic));
        }
        let gossip_topic = relay::gossip_topic(topic).hash();
        let outcome = match self.swarm.behaviour_mut().relay.publish(gossip_topic, bytes) {
            Ok(_) => {
                self.shared.counters.published.add();
                self.last_publish = Some(Instant::now());
                Ok(hash)
            }
            Err(relay::PublishError::NoPeersSubscribedToTopic) => Err(PublishError::NoPeers(hash)),
            Err(relay::PublishError::AllQueuesFull(_)) => Err(PublishError::Busy(hash)),
            Err(relay::PublishError::MessageTooLarge) => {
                return Err(PublishError::TooLarge(self.shared.rules.max_size));
            }
            // Messages are neither signed nor transformed, so nothing but a duplicate is left.
            Err(_) => return Err(PublishError::Duplicate(hash)),
        };
        let received = ReceivedMessage {
            hash,
            pubsub_topic: topic,
            message: Arc::new(message),
            origin,
            missed_before: 0,
        };
        self.hand_over(received);
        outcome
    }
}
