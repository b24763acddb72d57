//! Gossipsub with the parameters of the deployed network.

use std::time::Duration;

use libp2p::gossipsub::{
    self, ConfigBuilder, IdentityTransform, MessageAuthenticity, MessageId, ValidationMode, Version,
};
use sha2::{Digest, Sha256};

use super::{filter::ClusterFilter, score};
use crate::limits::{GOSSIP_CONTROL_SIZE, GOSSIP_MESSAGES_PER_RPC, GOSSIP_QUEUE, MAX_MESSAGE_SIZE_CEILING};

pub(crate) const PROTOCOL: &str = "/vac/waku/relay/2.0.0";
/// Room for topic, framing and the other messages of one RPC above the largest message.
const MAX_RPC: usize = 2 * MAX_MESSAGE_SIZE_CEILING;

pub(crate) type Behaviour = gossipsub::Behaviour<IdentityTransform, ClusterFilter>;

/// The relay of one cluster.
///
/// # Errors
/// The text of gossipsub's own check of its parameters.
pub(crate) fn new(cluster: u16) -> Result<Behaviour, String> {
    let config = config().map_err(|error| error.to_string())?;
    let mut relay = Behaviour::new_with_subscription_filter(
        MessageAuthenticity::Anonymous,
        config,
        ClusterFilter::new(cluster),
    )?;
    relay.with_peer_score(score::peer_params(), score::thresholds())?;
    Ok(relay)
}

fn config() -> Result<gossipsub::Config, gossipsub::ConfigBuilderError> {
    ConfigBuilder::default()
        .protocol_id(PROTOCOL, Version::V1_1)
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::new(&Sha256::digest(&message.data)))
        .mesh_n(6)
        .mesh_n_low(4)
        .mesh_n_high(8)
        .mesh_outbound_min(3)
        .retain_scores(6)
        .gossip_lazy(6)
        .gossip_factor(0.25)
        .heartbeat_initial_delay(Duration::from_millis(100))
        .heartbeat_interval(Duration::from_secs(1))
        .history_length(6)
        .history_gossip(3)
        .fanout_ttl(Duration::from_secs(60))
        .duplicate_cache_time(Duration::from_secs(120))
        .prune_backoff(Duration::from_secs(60))
        .unsubscribe_backoff(Duration::from_secs(5))
        .flood_publish(true)
        .opportunistic_graft_ticks(60)
        .opportunistic_graft_peers(2)
        .max_transmit_size(MAX_RPC)
        .max_publish_messages(GOSSIP_MESSAGES_PER_RPC)
        .max_control_message_size(GOSSIP_CONTROL_SIZE)
        .connection_handler_queue_len(GOSSIP_QUEUE)
        .build()
}

#[cfg(test)]
mod tests {
    use libp2p::gossipsub::{Message, TopicHash};

    use super::*;

    #[test]
    fn gossipsub_accepts_the_parameters() {
        let config = config().unwrap();
        assert_eq!(
            (config.mesh_n_low(), config.mesh_n(), config.mesh_n_high()),
            (4, 6, 8)
        );
        assert_eq!(config.max_transmit_size(), MAX_RPC);
        assert!(new(99).is_ok());
    }

    #[test]
    fn the_message_id_is_the_hash_of_the_bytes_alone() {
        let message = Message {
            source: None,
            data: b"abc".to_vec(),
            sequence_number: Some(7),
            topic: TopicHash::from_raw("any"),
        };
        let id = config().unwrap().message_id(&message);
        assert_eq!(
            hex::encode(id.0),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
