//! Which topics peers may announce: the shards of our cluster, so at most 1024 for each peer.

use libp2p::gossipsub::{TopicHash, TopicSubscriptionFilter};

use crate::PubsubTopic;

/// Lets through the shards of one cluster.
pub(crate) struct ClusterFilter {
    cluster: u16,
}

impl ClusterFilter {
    pub(super) fn new(cluster: u16) -> Self {
        Self { cluster }
    }
}

impl TopicSubscriptionFilter for ClusterFilter {
    fn can_subscribe(&mut self, topic: &TopicHash) -> bool {
        topic
            .as_str()
            .parse::<PubsubTopic>()
            .is_ok_and(|topic| topic.cluster() == self.cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shards_of_the_cluster_pass() {
        let mut filter = ClusterFilter::new(99);
        for (topic, passes) in [
            ("/waku/2/rs/99/0", true),
            ("/waku/2/rs/99/1023", true),
            ("/waku/2/rs/99/1024", false),
            ("/waku/2/rs/98/0", false),
            ("/waku/2/default-waku/proto", false),
        ] {
            assert_eq!(
                filter.can_subscribe(&TopicHash::from_raw(topic)),
                passes,
                "{topic}"
            );
        }
    }
}
