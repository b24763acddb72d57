//! `waku.relay`.

use waku_api::{MessageHash, PublishError, SubscribeError, TopicError, WakuMessage};

use super::{
    Waku,
    convert::{no_shard, not_published, pubsub_topic},
    subscriptions::{Via, caller},
};
use crate::PubsubTopic;

impl waku_api::Relay for Waku {
    async fn publish(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<MessageHash, PublishError> {
        let shard = pubsub_topic
            .map(|text| self::pubsub_topic(&text).map_err(PublishError::Topic))
            .transpose()?;
        let content_topic = message.content_topic.clone();
        match self.node.publish(shard, message.into()).await {
            Ok(hash) => Ok(hash.into()),
            Err(error) => Err(not_published(content_topic, error)),
        }
    }

    fn pubsub_topic(&self, content_topic: String) -> Result<String, TopicError> {
        match self.node.sharding().of_text(&content_topic) {
            Ok(shard) => Ok(shard.to_string()),
            Err(error) => Err(no_shard(content_topic, error)),
        }
    }

    async fn subscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError> {
        self.subscriptions
            .subscribe(caller(Via::Relay), content_topics)
            .await
    }

    async fn unsubscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError> {
        self.subscriptions
            .unsubscribe(caller(Via::Relay), content_topics)
            .await
    }

    async fn subscribe_shards(&self, pubsub_topics: Vec<String>) -> Result<(), SubscribeError> {
        let (caller, shards) = (caller(Via::Relay), shards(&pubsub_topics)?);
        self.subscriptions.subscribe_shards(caller, shards).await
    }

    async fn unsubscribe_shards(&self, pubsub_topics: Vec<String>) -> Result<(), SubscribeError> {
        let (caller, shards) = (caller(Via::Relay), shards(&pubsub_topics)?);
        self.subscriptions.unsubscribe_shards(caller, shards).await
    }
}

fn shards(texts: &[String]) -> Result<Vec<PubsubTopic>, SubscribeError> {
    texts
        .iter()
        .map(|text| pubsub_topic(text).map_err(SubscribeError::Topic))
        .collect()
}
