//! Topic names (23/WAKU2-TOPICS) and how one finds its shard (51/WAKU2-RELAY-SHARDING).

mod content;
mod pubsub;
mod shards;

pub use content::ContentTopic;
pub use pubsub::PubsubTopic;
pub use shards::{ShardError, Shards};

/// Why a text is no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Does not begin with a slash.
    #[error("topic must start with slash")]
    NoLeadingSlash,
    /// A content topic has four parts, or five with the generation; carries how many there are.
    #[error("content topic must have 4 or 5 parts, found {0}")]
    PartCount(usize),
    /// A part between two slashes is empty; carries its name.
    #[error("content topic part {0} is empty")]
    EmptyPart(&'static str),
    /// The generation is no number.
    #[error("content topic generation is not a number: {0}")]
    Generation(String),
    /// Not of the form `/waku/2/rs/CLUSTER/SHARD`.
    #[error("Invalid pubsub topic: {0}, expected /waku/2/rs/CLUSTER/SHARD")]
    NotSharded(String),
    /// The cluster is no number from 0 to 65535.
    #[error("pubsub topic cluster must be a number from 0 to 65535, found {0}")]
    Cluster(String),
    /// The shard is no number from 0 to 1023.
    #[error("pubsub topic shard must be a number from 0 to 1023, found {0}")]
    Shard(String),
}
