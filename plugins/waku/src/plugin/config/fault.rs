//! What can be wrong with the configuration, in the words of who wrote it.

use super::{NatError, RatioError};
use crate::{
    ConfigError, KeyError, ProtectedShardError, RateLimitError, RecordError, RetentionError, TreeUrlError,
};

/// What is wrong with the configuration. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// A number, list or text out of its bounds.
    #[error(transparent)]
    Bounds(ConfigError),
    /// A text that is no multiaddr, or one of a kind that cannot be used here.
    #[error("{field}[{index}]: {text:?} {reason}")]
    Address {
        /// The field.
        field: &'static str,
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that is no node record.
    #[error("{field}[{index}]: {source}")]
    Record {
        /// The field.
        field: &'static str,
        /// The place in the list, counted from 0.
        index: usize,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The address of discv5 is none of UDP; carries the text.
    #[error("discv5_address: {0:?} is not of the form /ip4/ADDRESS/udp/PORT")]
    Udp(String),
    /// A text that names no list in DNS.
    #[error("dns_discovery[{index}]: {text:?} {source}")]
    Tree {
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
        /// What is wrong with it.
        source: TreeUrlError,
    },
    /// A text that is no address of a name server.
    #[error("dns_name_servers[{index}]: {text:?} is not of the form ADDRESS or ADDRESS:PORT")]
    NameServer {
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
    },
    /// A text that is no multiaddr, in a key that is no list.
    #[error("{field}: {text:?} is not a multiaddr: {reason}")]
    Multiaddr {
        /// The field.
        field: &'static str,
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that names no shard with its key.
    #[error("protected_shards[{index}]: {text:?}: {source}")]
    Protected {
        /// The place in the list, counted from 0.
        index: usize,
        /// The text.
        text: String,
        /// What is wrong with it.
        source: ProtectedShardError,
    },
    /// Only one of the two files of a certificate is named.
    #[error("websocket_secure_key_path and websocket_secure_cert_path need each other")]
    HalfCertificate,
    /// A node is to relay connections, and to be reached by relayed ones.
    #[error("circuit_relay and relay_client exclude each other")]
    BothCircuits,
    /// How the node is reached behind a router makes no sense, or asks for what it cannot do.
    #[error("nat: {0}")]
    Nat(#[from] NatError),
    /// The ratio of relays and services makes no sense.
    #[error("relay_service_ratio: {0}")]
    Ratio(#[from] RatioError),
    /// A network that is not known; carries its name.
    #[error("preset: {0:?} is none of twn, logos.test, logos.dev and status.prod")]
    Preset(String),
    /// A retention policy that makes no sense.
    #[error("store_retention: {0}")]
    Retention(#[from] RetentionError),
    /// A rate limit that makes no sense.
    #[error("rate_limits: {0}")]
    RateLimit(#[from] RateLimitError),
    /// The node key is no key.
    #[error("node_key: {0}")]
    Key(#[from] KeyError),
    /// The node key is given twice.
    #[error("node_key and node_key_file exclude each other")]
    TwoKeys,
}

/// The names that the node has for its fields, as the module's configuration has them.
pub(super) fn renamed(error: ConfigError) -> ConfigError {
    let name = |field| match field {
        "shard_count" => "num_shards_in_network",
        "listen" => "listen_addresses",
        "dns.trees" => "dns_discovery",
        "dns.name_servers" => "dns_name_servers",
        "bootstrap" => "bootstrap_nodes",
        "external" => "external_addresses",
        "domain" => "dns4_domain_name",
        "service_nodes.store" => "storenode",
        "service_nodes.filter" => "filternode",
        "service_nodes.lightpush" => "lightpushnode",
        "service_nodes.peer_exchange" => "peer_exchange_node",
        "max_known_peers" => "peer_store_capacity",
        "receiver_queue" => "message_queue",
        "filter.max_peers" => "filter_max_peers",
        "filter.max_criteria" => "filter_max_criteria",
        "filter.subscription_timeout" => "filter_timeout_ms",
        other => other,
    };
    match error {
        ConfigError::NeedsProofs | ConfigError::NeedsStore => error,
        ConfigError::NeedsCertificate { field, address } => ConfigError::NeedsCertificate {
            field: name(field),
            address,
        },
        ConfigError::NeedsPeer { field, address } => ConfigError::NeedsPeer {
            field: name(field),
            address,
        },
        ConfigError::OutOfRange {
            field,
            min,
            max,
            found,
        } => ConfigError::OutOfRange {
            field: name(field),
            min,
            max,
            found,
        },
        ConfigError::TooLong {
            field,
            unit,
            max,
            found,
        } => ConfigError::TooLong {
            field: name(field),
            unit,
            max,
            found,
        },
    }
}
