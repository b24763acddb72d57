//! The bounds of a configuration.

use std::time::Duration;

use libp2p::{Multiaddr, multiaddr::Protocol};

use super::{FilterConfig, NodeConfig, PROOF_CLUSTER};
use crate::limits::{
    MAX_AGENT, MAX_BOOTSTRAP, MAX_CONNECTIONS_CEILING, MAX_DNS_TREES, MAX_DOMAIN, MAX_EXTERNAL_ADDRS,
    MAX_FILTER_CRITERIA_CEILING, MAX_FILTER_PEERS_CEILING, MAX_KNOWN_PEERS, MAX_LISTEN_ADDRS,
    MAX_MESSAGE_SIZE_CEILING, MAX_NAME_SERVERS, MAX_PROTECTED_SHARDS, MAX_SHARDS, MAX_STATIC_PEERS,
    RECEIVER_QUEUE_CEILING, SHARD_PEERS_CEILING, TIME_CEILING,
};

/// A configuration that is out of bounds. Each text names the field and the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A number outside its range.
    #[error("{field} must be between {min} and {max}, found {found}")]
    OutOfRange {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// Least value.
        min: usize,
        /// Greatest value.
        max: usize,
        /// The value there was.
        found: usize,
    },
    /// A relay on The Waku Network, where peers shun whoever forwards a message without a sound proof.
    #[error(
        "relay: messages of cluster {PROOF_CLUSTER} need rate limit proofs (RLN), which this node neither makes nor \
         checks; a light node (relay = false) may use it"
    )]
    NeedsProofs,
    /// A listener of secure WebSocket without a certificate.
    #[error("{field}: {address} needs a certificate and its key")]
    NeedsCertificate {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// The address.
        address: Multiaddr,
    },
    /// The address of a service that does not name its peer.
    #[error("{field}: {address} does not end in /p2p/ and the id of the peer")]
    NeedsPeer {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// The address.
        address: Multiaddr,
    },
    /// There is no archive to synchronise.
    #[error("store_sync needs store")]
    NeedsStore,
    /// A list or text that is too long.
    #[error("{field} has {found} {unit}, the limit is {max}")]
    TooLong {
        /// The field of [`NodeConfig`].
        field: &'static str,
        /// What is counted.
        unit: &'static str,
        /// Most there may be.
        max: usize,
        /// How many there were.
        found: usize,
    },
}

impl NodeConfig {
    /// Checks the bounds; what [`Node::start`](crate::Node::start) does first.
    ///
    /// # Errors
    /// [`ConfigError`] for the first field that is out of bounds.
    pub fn check(&self) -> Result<(), ConfigError> {
        let shard_limit = if self.shard_count == 0 {
            MAX_SHARDS
        } else {
            self.shard_count
        };
        if self.relay && self.cluster == PROOF_CLUSTER {
            return Err(ConfigError::NeedsProofs);
        }
        within("shard_count", self.shard_count.into(), 0, MAX_SHARDS.into())?;
        for shard in &self.shards {
            within("shards", (*shard).into(), 0, usize::from(shard_limit) - 1)?;
        }
        within(
            "max_message_size",
            self.max_message_size,
            1,
            MAX_MESSAGE_SIZE_CEILING,
        )?;
        within(
            "max_connections",
            self.max_connections as usize,
            1,
            MAX_CONNECTIONS_CEILING as usize,
        )?;
        within(
            "max_relay_peers",
            self.relay_peers(),
            0,
            self.max_connections as usize,
        )?;
        within("max_known_peers", self.max_known_peers, 1, MAX_KNOWN_PEERS)?;
        self.service_nodes.check()?;
        within("receiver_queue", self.receiver_queue, 1, RECEIVER_QUEUE_CEILING)?;
        within("shard_peers", self.shard_peers, 0, SHARD_PEERS_CEILING)?;
        within_time("filter_keep_alive", self.filter_keep_alive)?;
        if let Some(filter) = &self.filter {
            filter.check()?;
        }
        if let Some(sync) = &self.store_sync {
            within_time("store_sync.interval", sync.interval)?;
            within_time("store_sync.range", sync.range)?;
            if !sync.relay_jitter.is_zero() {
                within_time("store_sync.relay_jitter", sync.relay_jitter)?;
            }
        }
        at_most(
            "protected_shards",
            "entries",
            self.protected_shards.len(),
            MAX_PROTECTED_SHARDS,
        )?;
        let domain = self.domain.as_ref().map_or(0, String::len);
        at_most("domain", "bytes", domain, MAX_DOMAIN)?;
        if let Some(address) = self.listen.iter().find(|it| is_secure(it))
            && self.tls.identity.is_none()
        {
            return Err(ConfigError::NeedsCertificate {
                field: "listen",
                address: address.clone(),
            });
        }
        at_most("listen", "addresses", self.listen.len(), MAX_LISTEN_ADDRS)?;
        at_most("bootstrap", "records", self.bootstrap.len(), MAX_BOOTSTRAP)?;
        at_most("dns.trees", "lists", self.dns.trees.len(), MAX_DNS_TREES)?;
        at_most(
            "dns.name_servers",
            "addresses",
            self.dns.name_servers.len(),
            MAX_NAME_SERVERS,
        )?;
        at_most("external", "addresses", self.external.len(), MAX_EXTERNAL_ADDRS)?;
        at_most(
            "static_peers",
            "addresses",
            self.static_peers.len(),
            MAX_STATIC_PEERS,
        )?;
        at_most("agent", "bytes", self.agent.len(), MAX_AGENT)
    }
}

impl FilterConfig {
    fn check(&self) -> Result<(), ConfigError> {
        within("filter.max_peers", self.max_peers, 1, MAX_FILTER_PEERS_CEILING)?;
        within(
            "filter.max_criteria",
            self.max_criteria,
            1,
            MAX_FILTER_CRITERIA_CEILING,
        )?;
        within_time("filter.subscription_timeout", self.subscription_timeout)
    }
}

fn is_secure(address: &Multiaddr) -> bool {
    address
        .iter()
        .any(|part| matches!(part, Protocol::Wss(_) | Protocol::Tls))
}

/// From a millisecond to a day.
fn within_time(field: &'static str, found: Duration) -> Result<(), ConfigError> {
    let millis = |time: Duration| usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
    within(field, millis(found), 1, millis(TIME_CEILING))
}

fn within(field: &'static str, found: usize, min: usize, max: usize) -> Result<(), ConfigError> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange {
            field,
            min,
            max,
            found,
        })
    }
}

fn at_most(field: &'static str, unit: &'static str, found: usize, max: usize) -> Result<(), ConfigError> {
    if found <= max {
        Ok(())
    } else {
        Err(ConfigError::TooLong {
            field,
            unit,
            max,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(change: impl FnOnce(&mut NodeConfig)) -> String {
        let mut config = NodeConfig::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn errors_name_field_and_limit() {
        assert_eq!(NodeConfig::default().check(), Ok(()));
        assert_eq!(
            text(|c| c.shard_count = 1025),
            "shard_count must be between 0 and 1024, found 1025"
        );
        assert_eq!(
            text(|c| c.shards = vec![1024]),
            "shards must be between 0 and 1023, found 1024"
        );
        assert_eq!(
            text(|c| (c.shard_count, c.shards) = (8, vec![0, 8])),
            "shards must be between 0 and 7, found 8"
        );
        assert_eq!(
            text(|c| c.max_message_size = 0),
            "max_message_size must be between 1 and 1048576, found 0"
        );
        assert_eq!(
            text(|c| c.max_connections = 0),
            "max_connections must be between 1 and 10000, found 0"
        );
        assert_eq!(
            text(|c| c.receiver_queue = 0),
            "receiver_queue must be between 1 and 65536, found 0"
        );
        assert_eq!(
            text(|c| c.shard_peers = 101),
            "shard_peers must be between 0 and 100, found 101"
        );
        assert_eq!(
            text(|c| c.agent = "a".repeat(257)),
            "agent has 257 bytes, the limit is 256"
        );
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
        let many = vec![address; 257];
        assert_eq!(
            text(|c| c.listen = many[..17].to_vec()),
            "listen has 17 addresses, the limit is 16"
        );
        assert_eq!(
            text(|c| c.external = many[..17].to_vec()),
            "external has 17 addresses, the limit is 16"
        );
        assert_eq!(
            text(|c| c.static_peers = many),
            "static_peers has 257 addresses, the limit is 256"
        );
    }
}
