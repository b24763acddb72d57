//! `waku.lightpush` and `waku.filter`: what the node asks of services.

use waku_api::{
    FilterError, LightPushError, LightPushReceipt, SendError, ServiceError, SubscribeError, WakuMessage,
};

use super::{
    Waku,
    convert::{not_published, pubsub_topic},
};
use crate::{PeerId, PubsubTopic};

impl waku_api::LightPush for Waku {
    async fn publish(
        &self,
        peer_id: String,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<LightPushReceipt, LightPushError> {
        let peer = peer(peer_id).map_err(LightPushError::Service)?;
        let shard = shard(pubsub_topic)
            .map_err(|error| LightPushError::Message(waku_api::PublishError::Topic(error)))?;
        let content_topic = message.content_topic.clone();
        match self.node.lightpush(peer, shard, message.into()).await {
            Ok(receipt) => Ok(receipt.into()),
            Err(crate::LightPushError::Message(error)) => {
                Err(LightPushError::Message(not_published(content_topic, error)))
            }
            Err(crate::LightPushError::Service(error)) => Err(LightPushError::Service(error.into())),
        }
    }

    async fn publish_anywhere(
        &self,
        message: WakuMessage,
        pubsub_topic: Option<String>,
    ) -> Result<LightPushReceipt, SendError> {
        use crate::SendError as E;
        let topic = |error| SendError::Message(waku_api::PublishError::Topic(error));
        let shard = shard(pubsub_topic).map_err(topic)?;
        let content_topic = message.content_topic.clone();
        let outcome = self.node.lightpush_anywhere(shard, message.into()).await;
        outcome.map(Into::into).map_err(|error| match error {
            E::Message(error) => SendError::Message(not_published(content_topic, error)),
            E::NoService => SendError::NoService,
            E::Service(error) => SendError::Service(error.into()),
        })
    }
}

impl From<crate::LightPushReceipt> for LightPushReceipt {
    fn from(receipt: crate::LightPushReceipt) -> Self {
        Self {
            hash: receipt.hash.into(),
            relay_peers: receipt.relay_peers,
        }
    }
}

impl waku_api::Filter for Waku {
    async fn subscribe(
        &self,
        peer_id: String,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), FilterError> {
        let (peer, shard) = criteria(peer_id, pubsub_topic)?;
        Ok(self.node.filter_subscribe(peer, shard, content_topics).await?)
    }

    async fn unsubscribe(
        &self,
        peer_id: String,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), FilterError> {
        let (peer, shard) = criteria(peer_id, pubsub_topic)?;
        Ok(self.node.filter_unsubscribe(peer, shard, content_topics).await?)
    }

    async fn unsubscribe_all(&self, peer_id: String) -> Result<(), FilterError> {
        let peer = peer(peer_id).map_err(FilterError::Service)?;
        Ok(self.node.filter_unsubscribe_all(peer).await?)
    }

    async fn ping(&self, peer_id: String) -> Result<(), FilterError> {
        let peer = peer(peer_id).map_err(FilterError::Service)?;
        Ok(self.node.filter_ping(peer).await?)
    }

    async fn follow(
        &self,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), SubscribeError> {
        let shard = shard(pubsub_topic).map_err(SubscribeError::Topic)?;
        Ok(self.followed.follow(shard, content_topics)?)
    }

    async fn unfollow(
        &self,
        content_topics: Vec<String>,
        pubsub_topic: Option<String>,
    ) -> Result<(), SubscribeError> {
        let shard = shard(pubsub_topic).map_err(SubscribeError::Topic)?;
        Ok(self.followed.unfollow(shard, content_topics)?)
    }
}

fn criteria(
    peer_id: String,
    pubsub_topic: Option<String>,
) -> Result<(PeerId, Option<PubsubTopic>), FilterError> {
    let topic = |error| FilterError::Topics(SubscribeError::Topic(error));
    let peer = peer(peer_id).map_err(FilterError::Service)?;
    Ok((peer, shard(pubsub_topic).map_err(topic)?))
}

fn shard(text: Option<String>) -> Result<Option<PubsubTopic>, waku_api::TopicError> {
    text.map(|text| pubsub_topic(&text)).transpose()
}

pub(super) fn peer(peer_id: String) -> Result<PeerId, ServiceError> {
    peer_id.parse().map_err(|error| ServiceError::InvalidPeer {
        reason: format!("{error}"),
        peer_id,
    })
}

impl From<crate::ServiceError> for ServiceError {
    fn from(error: crate::ServiceError) -> Self {
        use crate::ServiceError as E;
        match error {
            E::NotConnected(peer) => Self::NotConnected {
                peer_id: peer.to_string(),
            },
            E::Unsupported(peer) => Self::Unsupported {
                peer_id: peer.to_string(),
            },
            E::Failed { peer, reason } => Self::Failed {
                peer_id: peer.to_string(),
                reason,
            },
            E::Refused(refusal) => Self::Refused {
                status: refusal.status.0,
                text: refusal.text,
            },
            E::TooMany(limit) => Self::TooMany { limit: limit as u64 },
            E::Stopped(crate::Stopped) => Self::Stopped,
        }
    }
}

impl From<crate::FilterError> for FilterError {
    fn from(error: crate::FilterError) -> Self {
        use crate::FilterError as E;
        match error {
            E::Topics(error) => Self::Topics(error.into()),
            E::TooManyServices(limit) => Self::TooManyPeers { limit: limit as u64 },
            E::Service(error) => Self::Service(error.into()),
        }
    }
}
