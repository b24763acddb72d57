//! What the handle asks of the services of peers.

use libp2p::PeerId;

use super::{
    FilterError, FilterSubscription, KnownPeer, LightPushError, LightPushReceipt, Node, ServiceError,
    Stopped, SubscribeError, command::Command, delivery::Criteria, filter_client::FilterAsk, publish,
};
use crate::{NodeRecord, PubsubTopic, WakuMessage, limits::MAX_FILTER_TOPICS};

impl Node {
    /// Has a connected peer publish a message, by lightpush 3 or else 2, and returns once it says that it has.
    /// Topic and timestamp are filled in as by [`publish`](Self::publish).
    ///
    /// # Errors
    /// [`LightPushError`], after about 20 s at the latest.
    pub async fn lightpush(
        &self,
        peer: PeerId,
        pubsub_topic: Option<PubsubTopic>,
        message: WakuMessage,
    ) -> Result<LightPushReceipt, LightPushError> {
        let prepared = publish::prepare(&self.shared, pubsub_topic, message)?;
        self.ask(|reply| Command::LightPush(peer, prepared, reply))
            .await?
    }

    /// Has a connected peer push the messages of these content topics (filter), and delivers them to the
    /// receivers. Without a pubsub topic, the shards follow from the content topics.
    ///
    /// The subscription is kept up: by pings, and by subscribing again when the peer has lost it or comes
    /// back. Subscribing at several peers gives each message once.
    ///
    /// # Errors
    /// [`FilterError`]. Of more than 100 content topics, those that come first may be subscribed to.
    pub async fn filter_subscribe(
        &self,
        peer: PeerId,
        pubsub_topic: Option<PubsubTopic>,
        content_topics: Vec<String>,
    ) -> Result<(), FilterError> {
        for (topic, topics) in self.criteria(pubsub_topic, content_topics)? {
            self.ask(|reply| Command::Filter(peer, FilterAsk::Subscribe(topic, topics), reply))
                .await??;
        }
        Ok(())
    }

    /// Takes content topics back from a peer. They are no longer delivered, also if the peer can't be told.
    ///
    /// # Errors
    /// [`FilterError`]; a peer that knows nothing of them says [`Status::NOT_FOUND`](crate::Status::NOT_FOUND).
    pub async fn filter_unsubscribe(
        &self,
        peer: PeerId,
        pubsub_topic: Option<PubsubTopic>,
        content_topics: Vec<String>,
    ) -> Result<(), FilterError> {
        for (topic, topics) in self.criteria(pubsub_topic, content_topics)? {
            self.ask(|reply| Command::Filter(peer, FilterAsk::Unsubscribe(topic, topics), reply))
                .await??;
        }
        Ok(())
    }

    /// Takes back everything that is subscribed to at a peer.
    ///
    /// # Errors
    /// As [`filter_unsubscribe`](Self::filter_unsubscribe).
    pub async fn filter_unsubscribe_all(&self, peer: PeerId) -> Result<(), FilterError> {
        self.ask(|reply| Command::Filter(peer, FilterAsk::UnsubscribeAll, reply))
            .await?
    }

    /// Everything that is subscribed to at peers.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn filter_subscriptions(&self) -> Result<Vec<FilterSubscription>, Stopped> {
        self.ask(Command::FilterSubscriptions).await
    }

    /// Takes subscriptions over from a node of the same key; the peers need not be connected yet. What exceeds
    /// the limits of [`filter_subscribe`](Self::filter_subscribe) is left out.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn filter_restore(&self, subscriptions: Vec<FilterSubscription>) -> Result<(), Stopped> {
        self.ask(|reply| Command::RestoreFilters(subscriptions, reply))
            .await
    }

    /// Asks a peer whether there is a subscription of this node. The node does so by itself, too.
    ///
    /// # Errors
    /// [`FilterError`]; a peer that has none says [`Status::NOT_FOUND`](crate::Status::NOT_FOUND).
    pub async fn filter_ping(&self, peer: PeerId) -> Result<(), FilterError> {
        self.ask(|reply| Command::Filter(peer, FilterAsk::Ping, reply))
            .await?
    }

    /// Asks a connected peer for the records of up to `count` peers (peer exchange), at most 60. The node also connects
    /// to those that it needs. It asks by itself, too, while it has too few, if the configuration says so.
    ///
    /// # Errors
    /// [`ServiceError`], after about 20 s at the latest.
    pub async fn exchange_peers(&self, peer: PeerId, count: u64) -> Result<Vec<NodeRecord>, ServiceError> {
        self.ask(|reply| Command::ExchangePeers(peer, count, reply))
            .await?
    }

    /// Tells the node of peers. It connects to those among them that it needs.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn learn(&self, records: Vec<NodeRecord>) -> Result<(), Stopped> {
        self.ask(|reply| Command::Learn(records, reply)).await
    }

    /// The peers that the node has been connected to, at most 1000.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn known_peers(&self) -> Result<Vec<KnownPeer>, Stopped> {
        self.ask(Command::KnownPeers).await
    }

    /// Tells the node of the peers of a predecessor. It connects to those among them that it needs.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn restore_peers(&self, peers: Vec<KnownPeer>) -> Result<(), Stopped> {
        self.ask(|reply| Command::RestorePeers(peers, reply)).await
    }

    /// Content topics by their shards, in parts of the size of a filter request.
    pub(super) fn criteria(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        content_topics: Vec<String>,
    ) -> Result<Vec<(PubsubTopic, Vec<String>)>, SubscribeError> {
        let mut all = Criteria::new();
        for topic in content_topics {
            let shard = match pubsub_topic {
                Some(shard) => shard,
                None => match self.shared.sharding.of_text(&topic) {
                    Ok(shard) => shard,
                    Err(source) => return Err(SubscribeError::ContentTopic { topic, source }),
                },
            };
            self.in_cluster(&shard)?;
            all.entry(shard).or_default().insert(topic);
        }
        let parts = all.into_iter().flat_map(|(shard, topics)| {
            let topics: Vec<String> = topics.into_iter().collect();
            let parts = topics.chunks(MAX_FILTER_TOPICS).map(<[String]>::to_vec);
            parts.map(|part| (shard, part)).collect::<Vec<_>>()
        });
        Ok(parts.collect())
    }
}
