//! Whether others can reach the node, as peers find out by dialling it back (AutoNAT), and doing so for them.

use std::collections::HashMap;

use libp2p::{
    Multiaddr, PeerId,
    autonat::v1::{self as autonat, InboundProbeEvent, NatStatus},
    multiaddr::Protocol,
    swarm::{ConnectionId, behaviour::toggle::Toggle},
};

use super::{NodeConfig, driver::Driver};
use crate::limits::{
    EXCHANGE_TIMEOUT, MAX_PEER_ADDRS, MAX_PROBES, MAX_PROBES_OF_PEER, PROBE_DELAY, PROBE_REFRESH,
    PROBE_RETRY, PROBE_SPAN,
};

/// Whether others can reach the node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reachability {
    /// Nobody has tried, or the node does not ask.
    #[default]
    Unknown,
    /// Peers have reached it at this address.
    Public(Multiaddr),
    /// Peers have tried in vain.
    Private,
}

/// Asks peers to dial this node, and dials them when they ask. Only peers at public addresses are asked and served,
/// unless the node itself listens on the loopback interface alone.
pub(super) fn behaviour(own: PeerId, config: &NodeConfig) -> Toggle<autonat::Behaviour> {
    let autonat = config.autonat.then(|| {
        let config = autonat::Config {
            timeout: EXCHANGE_TIMEOUT,
            boot_delay: PROBE_DELAY,
            retry_interval: PROBE_RETRY,
            refresh_interval: PROBE_REFRESH,
            throttle_server_period: PROBE_RETRY,
            max_peer_addresses: MAX_PEER_ADDRS,
            throttle_clients_global_max: MAX_PROBES,
            throttle_clients_peer_max: MAX_PROBES_OF_PEER,
            throttle_clients_period: PROBE_SPAN,
            only_global_ips: config.listen.is_empty() || !config.listen.iter().all(is_loopback),
            ..autonat::Config::default()
        };
        autonat::Behaviour::new(own, config)
    });
    autonat.into()
}

/// Whether the address is of the loopback interface.
pub(super) fn is_loopback(address: &Multiaddr) -> bool {
    address.iter().next().is_some_and(|part| match part {
        Protocol::Ip4(ip) => ip.is_loopback(),
        Protocol::Ip6(ip) => ip.is_loopback(),
        _ => false,
    })
}

/// The connections by which this node has dialled connected peers once more. As many as there are connected peers, at
/// most.
#[derive(Default)]
pub(super) struct Probes(HashMap<PeerId, ConnectionId>);

impl Probes {
    /// The node has dialled a peer that was connected already.
    pub(super) fn dialled(&mut self, peer: PeerId, connection: ConnectionId) {
        self.0.insert(peer, connection);
    }

    pub(super) fn disconnected(&mut self, peer: &PeerId) {
        self.0.remove(peer);
    }
}

impl Driver {
    pub(super) fn reachability(&self) -> Reachability {
        let autonat = self.swarm.behaviour().autonat.as_ref();
        match autonat.map(autonat::Behaviour::nat_status) {
            Some(NatStatus::Public(address)) => Reachability::Public(address),
            Some(NatStatus::Private) => Reachability::Private,
            Some(NatStatus::Unknown) | None => Reachability::Unknown,
        }
    }

    pub(super) fn hear_autonat(&mut self, event: autonat::Event) {
        match event {
            autonat::Event::StatusChanged { new, .. } => tracing::info!(?new, "reachability"),
            // The connection has served its end. It would keep the next probe from being made.
            autonat::Event::InboundProbe(InboundProbeEvent::Response { peer, .. }) => {
                if let Some(connection) = self.probes.0.remove(&peer) {
                    self.swarm.close_connection(connection);
                }
            }
            event => tracing::debug!(?event, "reachability"),
        }
    }
}
