//! Binding the listen addresses.

use std::net::{IpAddr, SocketAddr, TcpListener};

use futures::StreamExt;
use libp2p::{Multiaddr, multiaddr::Protocol, swarm::SwarmEvent};
use tokio::time::timeout;

use super::{NodeError, driver::Driver};
use crate::limits::LISTEN_TIMEOUT;

impl Driver {
    /// Binds all addresses and notes the ports that they got; hears the network meanwhile.
    pub(super) async fn listen(&mut self) -> Result<(), NodeError> {
        for address in std::mem::take(&mut self.listen) {
            let failed = |reason: String| NodeError::Listen {
                address: address.clone(),
                reason,
            };
            match timeout(LISTEN_TIMEOUT, self.bind(&address)).await {
                Ok(bound) => self.listen.push(with_port_of(&address, &bound.map_err(failed)?)),
                Err(_) => return Err(failed(format!("not bound within {LISTEN_TIMEOUT:?}"))),
            }
        }
        self.set_external_addresses();
        self.renew_record();
        Ok(())
    }

    /// Where the node can be dialled, in the order of the configuration.
    pub(super) fn listen_addresses(&self) -> Vec<Multiaddr> {
        let place = |address: &Multiaddr| self.listen.iter().position(|it| port(it) == port(address));
        let mut all: Vec<_> = self.swarm.listeners().cloned().collect();
        all.sort_by_cached_key(|address| (place(address), address.to_string()));
        let local = self.shared.peer_id;
        all.into_iter()
            .filter_map(|address| address.with_p2p(local).ok())
            .collect()
    }

    async fn bind(&mut self, address: &Multiaddr) -> Result<Multiaddr, String> {
        if let Some(taken) = taken(address) {
            return Err(taken.to_string());
        }
        let listener = self
            .swarm
            .listen_on(address.clone())
            .map_err(|error| error.to_string())?;
        loop {
            match self.swarm.select_next_some().await {
                SwarmEvent::NewListenAddr {
                    listener_id, address, ..
                } if listener_id == listener => return Ok(address),
                SwarmEvent::ListenerClosed {
                    listener_id, reason, ..
                } if listener_id == listener => {
                    return Err(reason
                        .err()
                        .map_or("closed".to_owned(), |error| error.to_string()));
                }
                other => self.hear(other),
            }
        }
    }
}

/// The configured address with the port of the bound one. An address that stands for all interfaces is bound on
/// each, always with the same port.
fn with_port_of(configured: &Multiaddr, bound: &Multiaddr) -> Multiaddr {
    let part = |part| match (&part, port(bound)) {
        (Protocol::Tcp(_), Some(port)) => Protocol::Tcp(port),
        _ => part,
    };
    configured.iter().map(part).collect()
}

fn port(address: &Multiaddr) -> Option<u16> {
    address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    })
}

/// Why a fixed port can't be bound. libp2p binds with `SO_REUSEPORT`, so that two nodes on one port would
/// share its connections without an error; a plain socket tells.
fn taken(address: &Multiaddr) -> Option<std::io::Error> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) if port != 0 => TcpListener::bind(SocketAddr::new(ip, port)).err(),
        _ => None,
    }
}
