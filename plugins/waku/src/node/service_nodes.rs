//! The peers that the configuration names for services.

use libp2p::{Multiaddr, PeerId};

use super::{ConfigError, redial::peer_of};
use crate::Capabilities;

/// Peers that are preferred for a service, one for each: the node stays connected to them as to static peers. Each
/// address ends in `/p2p/` and the peer's id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceNodes {
    /// Whom to query for the history.
    pub store: Option<Multiaddr>,
    /// Whom to ask for pushes.
    pub filter: Option<Multiaddr>,
    /// Who publishes for this node.
    pub lightpush: Option<Multiaddr>,
    /// Whom to ask for peers, whether or not others are asked.
    pub peer_exchange: Option<Multiaddr>,
}

impl ServiceNodes {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let all = [
            ("service_nodes.store", &self.store),
            ("service_nodes.filter", &self.filter),
            ("service_nodes.lightpush", &self.lightpush),
            ("service_nodes.peer_exchange", &self.peer_exchange),
        ];
        for (field, address) in all {
            if let Some(address) = address.as_ref().filter(|it| peer_of(it).is_none()) {
                let address = address.clone();
                return Err(ConfigError::NeedsPeer { field, address });
            }
        }
        Ok(())
    }

    /// All of them, each once.
    pub(super) fn addresses(&self) -> Vec<Multiaddr> {
        let all = [&self.store, &self.filter, &self.lightpush, &self.peer_exchange];
        let mut unique: Vec<Multiaddr> = Vec::new();
        for address in all.into_iter().flatten() {
            if !unique.contains(address) {
                unique.push(address.clone());
            }
        }
        unique
    }

    /// The peer that is preferred for a service.
    pub(super) fn preferred(&self, service: Capabilities) -> Option<PeerId> {
        let address = match service {
            Capabilities::STORE => &self.store,
            Capabilities::FILTER => &self.filter,
            Capabilities::LIGHTPUSH => &self.lightpush,
            _ => return None,
        };
        address.as_ref().and_then(peer_of)
    }
}
