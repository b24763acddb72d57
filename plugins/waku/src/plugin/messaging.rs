//! `waku.messaging`.

use tokio::sync::mpsc;
use waku_api::{
    ConnectionStatus, FailureReason, MessageFailure, MessageReceipt, MessagingError, MessagingEvents,
    MessagingHealth, NodeError, PublishError, SubscribeError, TopicHealth, WakuMessage,
};

use super::{
    Waku,
    convert::{count, not_published, pubsub_topic},
    forward::told,
    subscriptions::{Via, caller},
};
use crate::{Connection, Health, MessagingNews, PubsubTopic, Receipt, SendNews, TakeError};

impl waku_api::Messaging for Waku {
    async fn send(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<MessageReceipt, MessagingError> {
        let malformed = |error| MessagingError::Message(PublishError::Topic(error));
        let shard = pubsub_topic
            .map(|text| self::pubsub_topic(&text).map_err(malformed))
            .transpose()?;
        let content_topic = message.content_topic.clone();
        let taken = self.messaging.send(shard, message.into());
        taken.map(Into::into).map_err(|error| match error {
            TakeError::Message(error) => MessagingError::Message(not_published(content_topic, error)),
            TakeError::TooMany(limit) => MessagingError::TooMany { limit: limit as u64 },
        })
    }

    async fn subscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError> {
        self.subscriptions
            .subscribe(caller(Via::Messaging), content_topics)
            .await
    }

    async fn unsubscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError> {
        self.subscriptions
            .unsubscribe(caller(Via::Messaging), content_topics)
            .await
    }

    async fn health(&self) -> Result<MessagingHealth, NodeError> {
        let health = self.messaging.health();
        Ok(MessagingHealth {
            status: health.connection.into(),
            topics: health
                .topics
                .into_iter()
                .map(|(shard, health)| topic_health(shard, health))
                .collect(),
            pending: count(health.pending),
            gaps: count(health.gaps),
        })
    }
}

/// Tells what becomes of messages and connections, until the node has stopped.
pub(super) async fn tell(mut news: mpsc::Receiver<MessagingNews>, events: MessagingEvents) {
    while let Some(news) = news.recv().await {
        let is_told = match news {
            MessagingNews::Message(SendNews::Propagated(receipt)) => {
                told("propagated", events.propagated(&receipt.into()).await)
            }
            MessagingNews::Message(SendNews::Sent(receipt)) => {
                told("sent", events.sent(&receipt.into()).await)
            }
            MessagingNews::Message(SendNews::NotPropagated(receipt, text)) => {
                let failure = failure(receipt, FailureReason::NotPropagated(text));
                told("error", events.error(&failure).await)
            }
            MessagingNews::Message(SendNews::NotConfirmed(receipt)) => {
                let failure = failure(receipt, FailureReason::NotConfirmed);
                told("error", events.error(&failure).await)
            }
            MessagingNews::Connection(connection) => told(
                "connection_status",
                events.connection_status(&connection.into()).await,
            ),
            MessagingNews::Topic(shard, health) => told(
                "topic_health",
                events.topic_health(&topic_health(shard, health)).await,
            ),
        };
        if !is_told {
            return;
        }
    }
}

fn failure(receipt: Receipt, reason: FailureReason) -> MessageFailure {
    let MessageReceipt { request_id, hash } = receipt.into();
    MessageFailure {
        request_id,
        hash,
        reason,
    }
}

impl From<Receipt> for MessageReceipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            request_id: receipt.request_id,
            hash: receipt.hash.into(),
        }
    }
}

impl From<Connection> for ConnectionStatus {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Disconnected => Self::Disconnected,
            Connection::Partial => Self::PartiallyConnected,
            Connection::Connected => Self::Connected,
        }
    }
}

fn topic_health(shard: PubsubTopic, health: Health) -> TopicHealth {
    TopicHealth {
        pubsub_topic: shard.to_string(),
        health: match health {
            Health::Unhealthy => waku_api::Health::Unhealthy,
            Health::Minimal => waku_api::Health::Minimal,
            Health::Sufficient => waku_api::Health::Sufficient,
        },
    }
}
