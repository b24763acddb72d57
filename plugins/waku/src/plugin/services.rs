//! `waku.lightpush` and `waku.filter`: what the node asks of services.

use waku_api::{FilterError, LightPushError, LightPushReceipt, ServiceError, SubscribeError, WakuMessage};

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
            Ok(receipt) => Ok(LightPushReceipt {
                hash: receipt.hash.into(),
                relay_peers: receipt.relay_peers,
            }),
            Err(crate::LightPushError::Message(error)) => {
                Err(LightPushError::Message(not_published(content_topic, error)))
            }
            Err(crate::LightPushError::Service(error)) => Err(LightPushError::Service(error.into())),
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

fn peer(peer_id: String) -> Result<PeerId, ServiceError> {
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
