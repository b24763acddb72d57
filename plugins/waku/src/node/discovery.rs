//! What discovery finds.

use std::net::SocketAddr;

use libp2p::{Multiaddr, multiaddr::Protocol};
use tokio::net::UdpSocket;

use super::{DnsConfig, NodeError, NodeKey, book::Source, driver::Driver};
use crate::{
    NodeRecord,
    discovery::{Discv5, Dns, Found},
};

impl Driver {
    /// Binds the port of discv5 and starts it.
    pub(super) async fn start_discv5(
        &mut self,
        listen: SocketAddr,
        key: &NodeKey,
        bootstrap: &[NodeRecord],
    ) -> Result<(), NodeError> {
        let bound = UdpSocket::bind(listen).await;
        let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| NodeError::Listen {
            address: multiaddr(listen),
            reason: error.to_string(),
        })?;
        self.discv5_address = Some(address);
        self.renew_record();
        let failed = |reason: String| NodeError::Setup {
            part: "discv5",
            reason,
        };
        let key = key
            .record_key()
            .ok_or_else(|| failed("the node key signs no records".to_owned()))?;
        let started = Discv5::start(socket, address, self.record.current(), key, bootstrap).await;
        self.discovery.discv5 = Some(started.map_err(failed)?);
        Ok(())
    }

    /// Begins to read the lists of the configuration.
    pub(super) fn start_dns(&mut self, config: DnsConfig) -> Result<(), NodeError> {
        if config.trees.is_empty() {
            return Ok(());
        }
        let started = Dns::start(config.trees, &config.name_servers);
        let dns = started.map_err(|reason| NodeError::Setup {
            part: "name server",
            reason,
        })?;
        self.discovery.dns = Some(dns);
        Ok(())
    }

    pub(super) fn discovered(&mut self, found: Found) {
        match found {
            Found::Discv5(record) => self.learn(vec![record], Source::Discv5),
            Found::Dns(records) => {
                if let Some(discv5) = &self.discovery.discv5 {
                    discv5.add(&records);
                }
                self.learn(records, Source::Dns);
            }
        }
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Udp(address.port()))
}
