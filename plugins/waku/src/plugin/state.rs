//! What a successor takes over.

use std::time::Duration;

use backplane_sdk::{Bytes, record};

use crate::{
    FilterSubscription, Followed, Multiaddr, PeerInfo, Pending, PubsubTopic, Receipt, WakuMessage,
    limits::MAX_CONNECTIONS_CEILING,
};

/// The state of the module. The addresses and the node key are in its folder; see the configuration.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct WakuState {
    /// Who subscribed to what.
    pub subscribers: Vec<Subscriber>,
    /// Connected peers that the configuration does not name.
    pub connected: Vec<ConnectedPeer>,
    /// Static peers that `disconnect` was called for, as multiaddrs.
    pub held: Vec<String>,
    /// What is subscribed to at filter services.
    #[default([])]
    pub filtered: Vec<FilteredTopics>,
    /// What is followed at whichever filter services are there.
    #[default([])]
    pub followed: Vec<FollowedTopics>,
    /// Where it is subscribed to for that.
    #[default([])]
    pub followed_at: Vec<FilteredTopics>,
    /// Messages that wait to be propagated or confirmed.
    #[default([])]
    pub pending: Vec<PendingMessage>,
    /// Since when something may be missing of the shards that something is subscribed to of.
    #[default([])]
    pub gaps: Vec<ShardGap>,
}

/// Content topics that are followed.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct FollowedTopics {
    /// The shard.
    pub pubsub_topic: String,
    /// The content topics.
    pub content_topics: Vec<String>,
}

/// Content topics at one filter service.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct FilteredTopics {
    /// The peer.
    pub peer_id: String,
    /// The shard.
    pub pubsub_topic: String,
    /// The content topics.
    pub content_topics: Vec<String>,
}

impl From<FilterSubscription> for FilteredTopics {
    fn from(subscription: FilterSubscription) -> Self {
        Self {
            peer_id: subscription.peer.to_string(),
            pubsub_topic: subscription.pubsub_topic.to_string(),
            content_topics: subscription.content_topics,
        }
    }
}

impl FilteredTopics {
    /// `None` if another program has written what no node reads.
    pub(super) fn subscription(self) -> Option<FilterSubscription> {
        Some(FilterSubscription {
            peer: self.peer_id.parse().ok()?,
            pubsub_topic: self.pubsub_topic.parse().ok()?,
            content_topics: self.content_topics,
        })
    }
}

/// The subscriptions of one caller.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// The host's number for it, which stays as long as the host runs.
    pub caller: Option<u16>,
    /// Its content topics.
    pub content_topics: Vec<String>,
    /// Its shards.
    pub pubsub_topics: Vec<String>,
    /// Whether they were made by `waku.messaging`.
    #[default(false)]
    pub messaging: bool,
}

/// A message that waits to be propagated or confirmed.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct PendingMessage {
    /// The id of its receipt.
    pub request_id: String,
    /// The shard.
    pub pubsub_topic: String,
    /// The protobuf of the message.
    pub message: Bytes,
    /// How many milliseconds ago it was taken, or first propagated if it was.
    pub age_ms: u64,
    /// Whether it was propagated.
    pub is_propagated: bool,
}

/// A time from which on messages of a shard may be missing.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct ShardGap {
    /// The shard.
    pub pubsub_topic: String,
    /// Nanoseconds since the Unix epoch.
    pub since: i64,
}

impl From<Pending> for PendingMessage {
    fn from(pending: Pending) -> Self {
        Self {
            request_id: pending.receipt.request_id,
            pubsub_topic: pending.pubsub_topic.to_string(),
            message: Bytes(pending.message.encode()),
            age_ms: u64::try_from(pending.age.as_millis()).unwrap_or(u64::MAX),
            is_propagated: pending.is_propagated,
        }
    }
}

impl PendingMessage {
    /// `None` if another program has written what no node reads.
    pub(super) fn pending(self) -> Option<Pending> {
        let message = WakuMessage::decode(&self.message.0).ok()?;
        let receipt = Receipt {
            request_id: self.request_id,
            hash: message.hash(&self.pubsub_topic),
        };
        Some(Pending {
            receipt,
            pubsub_topic: self.pubsub_topic.parse().ok()?,
            message,
            age: Duration::from_millis(self.age_ms),
            is_propagated: self.is_propagated,
        })
    }
}

impl From<(PubsubTopic, i64)> for ShardGap {
    fn from((shard, since): (PubsubTopic, i64)) -> Self {
        let pubsub_topic = shard.to_string();
        Self { pubsub_topic, since }
    }
}

impl ShardGap {
    /// `None` if another program has written what no node reads.
    pub(super) fn gap(self) -> Option<(PubsubTopic, i64)> {
        Some((self.pubsub_topic.parse().ok()?, self.since))
    }
}

/// A peer to connect to again.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectedPeer {
    /// Multiaddrs by which it can be dialled, the best first.
    pub addresses: Vec<String>,
}

impl WakuState {
    pub(super) fn new(
        peers: &[PeerInfo],
        subscribers: Vec<Subscriber>,
        filtered: Vec<FilterSubscription>,
        followed: &Followed,
    ) -> Self {
        let texts = |addresses: &[Multiaddr]| addresses.iter().map(Multiaddr::to_string).collect::<Vec<_>>();
        let connected = peers
            .iter()
            .filter(|peer| peer.direction.is_some() && !peer.is_static);
        let held = peers.iter().filter(|peer| peer.is_held);
        let named = |peer: &PeerInfo| peer.address.clone().with_p2p(peer.peer_id?).ok();
        Self {
            subscribers,
            connected: connected
                .filter(|peer| !peer.dial.is_empty())
                .take(MAX_CONNECTIONS_CEILING as usize)
                .map(|peer| ConnectedPeer {
                    addresses: texts(&peer.dial),
                })
                .collect(),
            held: texts(&held.filter_map(named).collect::<Vec<_>>()),
            filtered: filtered.into_iter().map(Into::into).collect(),
            followed_at: followed.held().into_iter().map(Into::into).collect(),
            pending: Vec::new(),
            gaps: Vec::new(),
            followed: followed
                .wanted()
                .into_iter()
                .map(|(topic, content_topics)| FollowedTopics {
                    pubsub_topic: topic.to_string(),
                    content_topics,
                })
                .collect(),
        }
    }
}
