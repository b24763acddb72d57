use std::{fmt, str::FromStr};

use super::TopicError;
use crate::limits::MAX_SHARDS;

/// A pubsub topic, which names a shard of a cluster: `/waku/2/rs/{cluster}/{shard}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PubsubTopic {
    cluster: u16,
    shard: u16,
}

impl PubsubTopic {
    /// The topic of `shard` in `cluster`.
    ///
    /// # Errors
    /// [`TopicError::Shard`] if the shard is above 1023.
    pub fn new(cluster: u16, shard: u16) -> Result<Self, TopicError> {
        if shard >= MAX_SHARDS {
            return Err(TopicError::Shard(shard.to_string()));
        }
        Ok(Self { cluster, shard })
    }

    /// The cluster, 0 to 65535.
    pub fn cluster(&self) -> u16 {
        self.cluster
    }

    /// The shard, 0 to 1023.
    pub fn shard(&self) -> u16 {
        self.shard
    }
}

impl FromStr for PubsubTopic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let (cluster, shard) = text
            .strip_prefix("/waku/2/rs/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(|| TopicError::NotSharded(text.to_owned()))?;
        let cluster = number(cluster).ok_or_else(|| TopicError::Cluster(cluster.to_owned()))?;
        let shard = number(shard).ok_or_else(|| TopicError::Shard(shard.to_owned()))?;
        Self::new(cluster, shard)
    }
}

/// Only the form that is written again: two spellings of one shard would be two gossipsub topics.
fn number(text: &str) -> Option<u16> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

impl fmt::Display for PubsubTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/waku/2/rs/{}/{}", self.cluster, self.shard)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        text.parse::<PubsubTopic>().unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_number() {
        let not_sharded =
            "Invalid pubsub topic: /waku/2/default-waku/proto, expected /waku/2/rs/CLUSTER/SHARD";
        assert_eq!(error("/waku/2/default-waku/proto"), not_sharded);
        assert_eq!(
            error("/waku/2/rs/x/1"),
            "pubsub topic cluster must be a number from 0 to 65535, found x"
        );
        assert_eq!(
            error("/waku/2/rs/65536/1"),
            "pubsub topic cluster must be a number from 0 to 65535, found 65536"
        );
        assert_eq!(
            error("/waku/2/rs/1/1024"),
            "pubsub topic shard must be a number from 0 to 1023, found 1024"
        );
        assert_eq!(
            error("/waku/2/rs/1/01"),
            "pubsub topic shard must be a number from 0 to 1023, found 01"
        );
        assert_eq!(
            error("/waku/2/rs/1/1/2"),
            "pubsub topic shard must be a number from 0 to 1023, found 1/2"
        );
    }

    proptest! {
        #[test]
        fn every_shard_is_read_back(cluster: u16, shard in 0..MAX_SHARDS) {
            let topic = PubsubTopic::new(cluster, shard).unwrap();
            prop_assert_eq!(topic.to_string().parse(), Ok(topic));
        }

        #[test]
        fn any_text_is_read_back_or_refused(text in "/waku/2/rs/[0-9+/]{0,12}") {
            if let Ok(topic) = text.parse::<PubsubTopic>() {
                prop_assert_eq!(topic.to_string(), text);
            }
        }
    }
}
