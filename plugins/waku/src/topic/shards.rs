use sha2::{Digest, Sha256};

use super::{ContentTopic, PubsubTopic, TopicError};
use crate::limits::MAX_SHARDS;

/// The shards of one cluster and the rule that finds the shard of a content topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    cluster: u16,
    count: Option<u16>,
}

/// Why a content topic has no shard here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// The network's number of shards is unknown, so senders have to name the shard.
    #[error("Pubsub topic must be specified when static sharding is enabled")]
    StaticSharding,
    /// A generation other than 0.
    #[error("Generation > 0 are not supported yet")]
    Generation,
    /// The content topic is malformed.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

impl Shards {
    /// Autosharding over `count` shards, or static sharding if `count` is 0. Counts above 1024 act as 1024.
    pub fn new(cluster: u16, count: u16) -> Self {
        Self {
            cluster,
            count: (count > 0).then_some(count.min(MAX_SHARDS)),
        }
    }

    /// The cluster.
    pub fn cluster(&self) -> u16 {
        self.cluster
    }

    /// How many shards autosharding spreads over; `None` with static sharding.
    pub fn count(&self) -> Option<u16> {
        self.count
    }

    /// The shard of a content topic by generation 0 of autosharding: the last eight bytes of
    /// SHA-256(application ‖ version), read big-endian, modulo the number of shards.
    ///
    /// # Errors
    /// [`ShardError::StaticSharding`] and [`ShardError::Generation`].
    pub fn of(&self, topic: &ContentTopic) -> Result<PubsubTopic, ShardError> {
        let count = self.count.ok_or(ShardError::StaticSharding)?;
        if topic.generation().unwrap_or_default() > 0 {
            return Err(ShardError::Generation);
        }
        let digest = Sha256::new()
            .chain_update(topic.application())
            .chain_update(topic.version())
            .finalize();
        let mut tail = [0; 8];
        tail.copy_from_slice(&digest[24..]);
        let shard = (u64::from_be_bytes(tail) % u64::from(count)) as u16;
        Ok(PubsubTopic::new(self.cluster, shard)?)
    }

    /// As [`of`](Self::of), for a content topic in its text form.
    ///
    /// # Errors
    /// [`ShardError`].
    pub fn of_text(&self, topic: &str) -> Result<PubsubTopic, ShardError> {
        self.of(&topic.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Verified against nwaku's rule: one application for each of eight shards.
    #[test]
    fn all_eight_values() {
        let values = [
            ("myapp/1", 0),
            ("waku/2", 1),
            ("app/22", 2),
            ("toychat/2", 3),
            ("statusim/1", 4),
            ("app/27", 5),
            ("app/29", 6),
            ("app/20", 7),
        ];
        for (application, shard) in values {
            for topic in [
                format!("/{application}/any/thing"),
                format!("/0/{application}/other/name"),
            ] {
                let found = Shards::new(99, 8).of_text(&topic).unwrap();
                assert_eq!(found.to_string(), format!("/waku/2/rs/99/{shard}"), "{topic}");
            }
        }
    }

    #[test]
    fn refusals_have_the_known_texts() {
        let text = |shards: Shards, topic| shards.of_text(topic).unwrap_err().to_string();
        let unnamed = "Pubsub topic must be specified when static sharding is enabled";
        assert_eq!(text(Shards::new(1, 0), "/waku/2/a/b"), unnamed);
        assert_eq!(
            text(Shards::new(1, 8), "/1/waku/2/a/b"),
            "Generation > 0 are not supported yet"
        );
        assert_eq!(text(Shards::new(1, 8), "waku"), "topic must start with slash");
    }

    proptest! {
        #[test]
        fn the_shard_is_always_within_the_count(application in "[^/]{1,12}", version in "[^/]{1,4}", count in 1u16..) {
            let topic = Shards::new(5, count).of_text(&format!("/{application}/{version}/a/b")).unwrap();
            prop_assert!(topic.shard() < count.min(MAX_SHARDS));
        }
    }
}
