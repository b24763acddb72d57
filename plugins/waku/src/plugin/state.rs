//! What a successor takes over.

use backplane_sdk::record;

use crate::{FilterSubscription, Followed, Multiaddr, PeerInfo, limits::MAX_CONNECTIONS_CEILING};

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
