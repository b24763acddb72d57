//! All protocols of the node.

use libp2p::{
    autonat::v1 as autonat,
    connection_limits::{self, ConnectionLimits},
    dcutr, identify, ping, relay as circuit_relay,
    swarm::{NetworkBehaviour, behaviour::toggle::Toggle},
};

use super::{NodeConfig, NodeError, announce::Announce, circuits, reachability};
use crate::{
    exchange, filter,
    lightpush::Version,
    limits::{MAX_CONNECTIONS_PER_PEER, MAX_PENDING_CONNECTIONS, PING_INTERVAL, PING_TIMEOUT},
    metadata, peer_exchange, relay, store, streams, sync,
};

/// What deployed nodes call their version of libp2p in identify.
const IDENTIFY_VERSION: &str = "ipfs/0.1.0";

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    pub(super) relay: relay::Behaviour,
    pub(super) metadata: metadata::Behaviour,
    pub(super) lightpush: exchange::Behaviour,
    pub(super) lightpush_legacy: exchange::Behaviour,
    pub(super) filter: exchange::Behaviour,
    pub(super) filter_push: streams::Behaviour,
    pub(super) peer_exchange: exchange::Behaviour,
    pub(super) store: exchange::Behaviour,
    pub(super) circuit_relay: Toggle<circuit_relay::Behaviour>,
    circuit_client: circuit_relay::client::Behaviour,
    hole_punch: dcutr::Behaviour,
    pub(super) autonat: Toggle<autonat::Behaviour>,
    pub(super) reconciliation: Toggle<streams::Behaviour>,
    pub(super) transfer: Toggle<streams::Behaviour>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

impl Behaviour {
    pub(super) fn new(
        config: &NodeConfig,
        circuit_client: circuit_relay::client::Behaviour,
    ) -> Result<Self, NodeError> {
        let own = config.key.peer_id();
        let limits = ConnectionLimits::default()
            .with_max_pending_incoming(Some(MAX_PENDING_CONNECTIONS))
            .with_max_pending_outgoing(Some(MAX_PENDING_CONNECTIONS))
            .with_max_established(Some(config.max_connections))
            .with_max_established_per_peer(Some(MAX_CONNECTIONS_PER_PEER));
        let identify = identify::Config::new(IDENTIFY_VERSION.into(), config.key.keypair().public())
            .with_agent_version(config.agent.clone())
            .with_push_listen_addr_updates(true)
            .with_hide_listen_addrs(Announce::hides_listeners(config))
            .with_cache_size(0);
        Ok(Self {
            limits: connection_limits::Behaviour::new(limits),
            relay: relay::new(config.cluster).map_err(|reason| NodeError::Setup {
                part: "relay",
                reason,
            })?,
            metadata: metadata::new(),
            lightpush: Version::V3.behaviour(config.lightpush),
            lightpush_legacy: Version::Legacy.behaviour(config.lightpush),
            filter: filter::requests(config.filter.is_some()),
            filter_push: filter::pushes(),
            peer_exchange: peer_exchange::behaviour(config.peer_exchange),
            store: store::behaviour(config.store.is_some()),
            circuit_relay: circuits::relay(own, config.circuits),
            circuit_client,
            hole_punch: dcutr::Behaviour::new(own),
            autonat: reachability::behaviour(own, config),
            reconciliation: config.store_sync.map(|_| sync::reconciliation()).into(),
            transfer: config.store_sync.map(|_| sync::transfer()).into(),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(
                ping::Config::new()
                    .with_interval(PING_INTERVAL)
                    .with_timeout(PING_TIMEOUT),
            ),
        })
    }
}
