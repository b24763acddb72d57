//! The addresses by which others reach the node, as they are told.

use std::net::IpAddr;

use libp2p::{Multiaddr, multiaddr::Protocol};
use tokio::{net::lookup_host, time::timeout};

use super::{NodeConfig, NodeError, driver::Driver, reachability::is_loopback};
use crate::limits::RESOLVE_TIMEOUT;

/// What the configuration says of them.
pub(super) struct Announce {
    /// In the place of the address of each listener.
    host: Option<Protocol<'static>>,
    external: Vec<Multiaddr>,
    external_only: bool,
    /// The IP address for the node record, where the name of a host cannot stand.
    ip: Option<IpAddr>,
}

impl Announce {
    /// Resolves the name, if there is one and no address beside it.
    pub(super) async fn new(config: &NodeConfig) -> Result<Self, NodeError> {
        let name = config.domain.as_deref();
        let ip = match (config.external_ip, name) {
            (Some(ip), _) => Some(ip),
            (None, Some(name)) => Some(resolve(name).await?),
            (None, None) => None,
        };
        let dns = name.map(|name| Protocol::Dns4(name.to_owned().into()));
        Ok(Self {
            host: dns.or_else(|| config.external_ip.map(Protocol::from)),
            external: config.external.clone(),
            external_only: config.external_only,
            ip,
        })
    }

    /// Whether the listeners' own addresses are of no use to others.
    pub(super) fn hides_listeners(config: &NodeConfig) -> bool {
        config.external_only || config.domain.is_some() || config.external_ip.is_some()
    }

    /// The addresses of these listeners as others reach them; `None` if by their own.
    fn placed(&self, listeners: &[Multiaddr]) -> Option<Vec<Multiaddr>> {
        match &self.host {
            _ if self.external_only => Some(Vec::new()),
            Some(host) => Some(listeners.iter().map(|it| at(host, it)).collect()),
            None => None,
        }
    }

    /// Where plain TCP is spoken, by IP address, if the name of a host says so otherwise.
    fn resolved(&self, listeners: &[Multiaddr]) -> Option<Multiaddr> {
        let host = Protocol::from(self.ip.filter(|_| !self.external_only)?);
        let plain = listeners.iter().find(|it| it.iter().count() == 2)?;
        Some(at(&host, plain))
    }
}

async fn resolve(name: &str) -> Result<IpAddr, NodeError> {
    let failed = |reason: String| NodeError::Unresolved {
        name: name.to_owned(),
        reason,
    };
    let found = timeout(RESOLVE_TIMEOUT, lookup_host((name, 0))).await;
    let found = found.map_err(|_| failed(format!("no answer within {RESOLVE_TIMEOUT:?}")))?;
    let mut addresses = found.map_err(|error| failed(error.to_string()))?;
    let ip4 = addresses.find(|it| it.is_ipv4());
    ip4.map(|it| it.ip())
        .ok_or_else(|| failed("it has no IPv4 address".to_owned()))
}

/// The address with another host.
fn at(host: &Protocol<'static>, address: &Multiaddr) -> Multiaddr {
    std::iter::once(host.clone())
        .chain(address.iter().skip(1))
        .collect()
}

pub(super) fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

impl Driver {
    /// Where others reach the node, the best first: as the configuration says, and through relays.
    pub(super) fn announced(&self) -> Vec<Multiaddr> {
        let mut all = self.announce.external.clone();
        let listeners = self.swarm.listeners().cloned();
        match self.announce.placed(&self.listen) {
            Some(placed) => all.extend(placed.into_iter().chain(listeners.filter(is_circuit))),
            None => {
                let mut own = self.listen_addresses();
                own.sort_by_key(is_loopback);
                // What peers have found out is more to be relied on.
                all.extend(self.swarm.external_addresses().cloned());
                all.extend(own);
            }
        }
        let own = self.shared.peer_id;
        let named = all.into_iter().filter_map(|address| address.with_p2p(own).ok());
        let mut unique: Vec<Multiaddr> = Vec::new();
        named.for_each(|address| {
            if !unique.contains(&address) {
                unique.push(address);
            }
        });
        unique
    }

    /// What the node record says in addition.
    pub(super) fn announced_by_ip(&self) -> Option<Multiaddr> {
        self.announce.resolved(&self.listen)
    }

    /// Tells the protocols of the addresses that are none of a listener.
    pub(super) fn set_external_addresses(&mut self) {
        let listeners: Vec<Multiaddr> = self.swarm.listeners().cloned().collect();
        listeners.into_iter().for_each(|it| self.listens_at(it));
        let placed = self.announce.placed(&self.listen).unwrap_or_default();
        for address in self.announce.external.clone().into_iter().chain(placed) {
            if let Some(autonat) = self.swarm.behaviour_mut().autonat.as_mut() {
                autonat.probe_address(address.clone());
            }
            self.swarm.add_external_address(address);
        }
    }

    /// There is one more address of a listener. A relay of circuits has to name those by which it is reached.
    pub(super) fn listens_at(&mut self, address: Multiaddr) {
        let is_own = self.announce.placed(&self.listen).is_none() && !is_circuit(&address);
        if is_own && self.swarm.behaviour().circuit_relay.is_enabled() {
            self.swarm.add_external_address(address);
        }
    }

    /// An address of a listener is gone.
    pub(super) fn listens_no_more_at(&mut self, address: &Multiaddr) {
        if self.swarm.behaviour().circuit_relay.is_enabled() && !self.announce.external.contains(address) {
            self.swarm.remove_external_address(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<Multiaddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    async fn announce(change: impl FnOnce(&mut NodeConfig)) -> Announce {
        let mut config = NodeConfig::default();
        change(&mut config);
        Announce::new(&config).await.unwrap()
    }

    #[tokio::test]
    async fn a_name_or_an_address_takes_the_place_of_the_listeners_own() {
        let listeners = addresses(&["/ip4/0.0.0.0/tcp/60000", "/ip4/0.0.0.0/tcp/8000/wss"]);
        let by_ip = announce(|it| it.external_ip = Some("203.0.113.7".parse().unwrap())).await;
        let placed = addresses(&["/ip4/203.0.113.7/tcp/60000", "/ip4/203.0.113.7/tcp/8000/wss"]);
        assert_eq!(by_ip.placed(&listeners), Some(placed.clone()));
        assert_eq!(by_ip.resolved(&listeners).as_ref(), placed.first());

        let by_name = announce(|it| it.domain = Some("localhost".into())).await;
        let named = addresses(&["/dns4/localhost/tcp/60000", "/dns4/localhost/tcp/8000/wss"]);
        assert_eq!(by_name.placed(&listeners), Some(named));
        let resolved = "/ip4/127.0.0.1/tcp/60000".parse().unwrap();
        assert_eq!(by_name.resolved(&listeners), Some(resolved));

        assert_eq!(announce(|_| {}).await.placed(&listeners), None);
        let only = announce(|it| it.external_only = true).await;
        assert_eq!(only.placed(&listeners), Some(vec![]));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_named() {
        let config = NodeConfig {
            domain: Some("nowhere.invalid".into()),
            ..NodeConfig::default()
        };
        let error = Announce::new(&config).await.err().unwrap().to_string();
        assert!(error.starts_with("nowhere.invalid has no address: "), "{error}");
    }
}
