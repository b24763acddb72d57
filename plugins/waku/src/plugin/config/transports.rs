//! Secure WebSocket, circuits, and how others reach the node.

use super::{ConfigFault, WakuConfig, addresses::address, nat::Nat, ratio::RelayShare};
use crate::{Circuits, Multiaddr, NodeConfig, ProtectedShard, ServiceNodes, TlsConfig, TlsIdentity};

impl WakuConfig {
    /// The node's configuration with what is said of these.
    pub(super) fn reached(&self, node: NodeConfig) -> Result<NodeConfig, ConfigFault> {
        let external_ip = match self.nat.parse()? {
            Nat::None => None,
            Nat::External(ip) => Some(ip),
        };
        Ok(NodeConfig {
            tls: self.tls()?,
            domain: self.dns4_domain_name.clone(),
            external_ip,
            external_only: self.external_addresses_only,
            circuits: self.circuits()?,
            autonat: self.autonat,
            ..node
        })
    }

    fn tls(&self) -> Result<TlsConfig, ConfigFault> {
        let paths = (&self.websocket_secure_key_path, &self.websocket_secure_cert_path);
        let identity = match paths {
            (Some(key), Some(certificate)) => Some(TlsIdentity {
                key: key.into(),
                certificate: certificate.into(),
            }),
            (None, None) => None,
            _ => return Err(ConfigFault::HalfCertificate),
        };
        Ok(TlsConfig {
            identity,
            trust: self.websocket_trust_path.as_ref().map(Into::into),
        })
    }

    fn circuits(&self) -> Result<Circuits, ConfigFault> {
        match (self.circuit_relay, self.relay_client) {
            (true, true) => Err(ConfigFault::BothCircuits),
            (true, false) => Ok(Circuits::Serve),
            (false, true) => Ok(Circuits::Reserve),
            (false, false) => Ok(Circuits::Dial),
        }
    }

    /// Most peers that relay.
    pub(super) fn relay_peers(&self) -> Result<u32, ConfigFault> {
        let share: RelayShare = self.relay_service_ratio.parse()?;
        Ok(self.max_relay_peers.unwrap_or(share.of(self.max_connections)))
    }

    pub(super) fn protected(&self) -> Result<Vec<ProtectedShard>, ConfigFault> {
        let shards = self.protected_shards.iter().enumerate();
        let read = |(index, text): (usize, &String)| {
            text.parse().map_err(|source| ConfigFault::Protected {
                index,
                text: text.clone(),
                source,
            })
        };
        shards.map(read).collect()
    }

    pub(super) fn service_nodes(&self) -> Result<ServiceNodes, ConfigFault> {
        let read = |field, text: &Option<String>| -> Result<Option<Multiaddr>, ConfigFault> {
            text.as_ref().map(|text| address(field, text)).transpose()
        };
        Ok(ServiceNodes {
            store: read("storenode", &self.storenode)?,
            filter: read("filternode", &self.filternode)?,
            lightpush: read("lightpushnode", &self.lightpushnode)?,
            peer_exchange: read("peer_exchange_node", &self.peer_exchange_node)?,
        })
    }
}
