//! What discovery finds.

use std::net::SocketAddr;

use libp2p::{Multiaddr, multiaddr::Protocol};
use tokio::net::UdpSocket;

use super::{Discv5Config, NodeError, NodeKey, book::Source, driver::Driver};
use crate::{NodeRecord, discovery::Discv5};

impl Driver {
    /// Binds the port of discv5 and starts it.
    pub(super) async fn start_discv5(
        &mut self,
        config: Discv5Config,
        key: &NodeKey,
    ) -> Result<(), NodeError> {
        let bound = UdpSocket::bind(config.listen).await;
        let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| NodeError::Listen {
            address: multiaddr(config.listen),
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
        let started = Discv5::start(socket, address, self.record.current(), key, &config.bootstrap).await;
        self.discv5 = Some(started.map_err(failed)?);
        self.learn(config.bootstrap, Source::User);
        Ok(())
    }

    pub(super) fn discovered(&mut self, found: Option<NodeRecord>) {
        match found {
            Some(record) => self.learn(vec![record], Source::Discv5),
            None => {
                tracing::warn!("discv5 has ended");
                self.discv5 = None;
            }
        }
    }
}

/// The next record that discv5 finds; without it, it waits for ever.
pub(super) async fn next(discv5: &mut Option<Discv5>) -> Option<NodeRecord> {
    match discv5 {
        Some(discv5) => discv5.next().await,
        None => std::future::pending().await,
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Udp(address.port()))
}
