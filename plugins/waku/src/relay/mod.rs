//! The relay protocol (11/WAKU2-RELAY): gossipsub v1.1 under its own protocol id, with unsigned messages
//! whose id is the SHA-256 of their bytes.

mod config;
mod filter;
mod protected;
mod score;
mod validate;

pub(crate) use config::{Behaviour, PROTOCOL, new};
pub(crate) use libp2p::gossipsub::{Event, MessageAcceptance, PublishError, TopicHash};
pub(crate) use protected::Protected;
pub use protected::{ProtectedShard, ProtectedShardError};
pub(crate) use score::{GRAYLIST, topic_params};
pub(crate) use validate::{Judgement, Rules};

use libp2p::gossipsub::IdentTopic;

use crate::PubsubTopic;

/// The gossipsub topic of a shard.
pub(crate) fn gossip_topic(topic: PubsubTopic) -> IdentTopic {
    IdentTopic::new(topic.to_string())
}
