//! From the module's configuration to the node's.

use std::{net::SocketAddr, time::Duration};

use super::{
    ConfigFault, WakuConfig,
    addresses::{addresses, listenable, udp_socket},
    fault::renamed,
};
use crate::{
    ConfigError, FilterConfig, NodeConfig, NodeKey, NodeRecord, RateLimits, Retention,
    limits::MAX_RATE_LIMITS,
    plugin::preset::{self, Preset},
};

impl WakuConfig {
    pub(in crate::plugin) fn check(&self) -> Result<(), ConfigFault> {
        if self.node_key.is_some() && self.node_key_file.is_some() {
            return Err(ConfigFault::TwoKeys);
        }
        Retention::parse(&self.store_retention)?;
        self.check_store_sync().map_err(ConfigFault::Bounds)?;
        let key = match &self.node_key {
            Some(text) => text.key()?,
            None => NodeKey::random(),
        };
        self.node(key)?
            .check()
            .map_err(|error| ConfigFault::Bounds(renamed(error)))
    }

    fn rate_limits(&self) -> Result<RateLimits, ConfigFault> {
        let found = self.rate_limits.len();
        if found > MAX_RATE_LIMITS {
            return Err(ConfigFault::Bounds(ConfigError::TooLong {
                field: "rate_limits",
                unit: "entries",
                max: MAX_RATE_LIMITS,
                found,
            }));
        }
        Ok(RateLimits::parse(&self.rate_limits)?)
    }

    /// The node's own configuration, but for the archive.
    pub(in crate::plugin) fn node(&self, key: NodeKey) -> Result<NodeConfig, ConfigFault> {
        let defaults = NodeConfig::default();
        let preset = self.preset()?.unwrap_or(&preset::NONE);
        let max_message_size = self.max_message_size.unwrap_or(preset.max_message_size);
        let mut static_peers = addresses("static_peers", &self.static_peers, |_| true)?;
        static_peers.extend(preset.peers.iter().filter_map(|text| text.parse().ok()));
        self.reached(NodeConfig {
            cluster: self.cluster_id.unwrap_or(preset.cluster),
            shard_count: self.num_shards_in_network.unwrap_or(preset.shard_count),
            shards: self.shards.clone(),
            protected_shards: self.protected()?,
            listen: addresses("listen_addresses", &self.listen_addresses, listenable)?,
            external: addresses("external_addresses", &self.external_addresses, |_| true)?,
            key,
            static_peers,
            service_nodes: self.service_nodes()?,
            agent: self.agent.clone().unwrap_or_else(|| defaults.agent.clone()),
            max_message_size: max_message_size as usize,
            max_connections: self.max_connections,
            max_relay_peers: Some(self.relay_peers()?),
            receiver_queue: self.message_queue as usize,
            relay: self.relay,
            lightpush: self.lightpush,
            filter: self.filter.then(|| self.filter_service()),
            peer_exchange: self.peer_exchange,
            discv5: self.discv5()?,
            bootstrap: self.bootstrap(preset.records)?,
            dns: self.dns(preset.lists)?,
            shard_peers: self.shard_peers as usize,
            max_known_peers: self.peer_store_capacity as usize,
            max_peers_per_ip: self.ip_colocation_limit as usize,
            store_sync: self.store_sync(),
            rate_limits: self.rate_limits()?,
            ..defaults
        })
    }

    fn filter_service(&self) -> FilterConfig {
        FilterConfig {
            max_peers: self.filter_max_peers as usize,
            max_criteria: self.filter_max_criteria as usize,
            subscription_timeout: Duration::from_millis(self.filter_timeout_ms.into()),
        }
    }

    fn preset(&self) -> Result<Option<&'static Preset>, ConfigFault> {
        let Some(name) = &self.preset else { return Ok(None) };
        let found = preset::named(name);
        found.map(Some).ok_or_else(|| ConfigFault::Preset(name.clone()))
    }

    fn discv5(&self) -> Result<Option<SocketAddr>, ConfigFault> {
        let Some(text) = &self.discv5_address else {
            return Ok(None);
        };
        let listen = text.parse().ok().as_ref().and_then(udp_socket);
        listen.map(Some).ok_or_else(|| ConfigFault::Udp(text.clone()))
    }

    fn bootstrap(&self, preset: &[&str]) -> Result<Vec<NodeRecord>, ConfigFault> {
        let texts = self
            .bootstrap_nodes
            .iter()
            .map(String::as_str)
            .chain(preset.iter().copied());
        let records = texts.enumerate().map(|(index, text)| {
            text.parse().map_err(|source| ConfigFault::Record {
                field: "bootstrap_nodes",
                index,
                source,
            })
        });
        records.collect()
    }
}
