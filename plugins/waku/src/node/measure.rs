//! What is to be measured by a look at the node, and everything that was measured before.

mod messages;
mod peers;
mod served;
mod swarm;
mod sync;

use super::{Node, PeerInfo, Services, Stopped, command::Command, driver::Driver};
use crate::{Capabilities, metrics::MetricFamily};

impl Node {
    /// Everything that the node has measured, its archive included.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn metrics(&self) -> Result<Vec<MetricFamily>, Stopped> {
        let mut all = self.ask(Command::Measure).await?;
        if let Some(archive) = &self.shared.archive {
            all.extend(archive.metrics());
        }
        Ok(all)
    }
}

impl Driver {
    pub(super) fn services(&self) -> Services {
        let served = self.record.current().capabilities();
        Services {
            relay: self.shared.relay,
            lightpush: served.contains(Capabilities::LIGHTPUSH),
            filter: self.filter_server.is_offered(),
            store: self.shared.archive.is_some(),
            peer_exchange: self.exchanges_peers,
        }
    }

    pub(super) fn measure(&self) -> Vec<MetricFamily> {
        let peers = self.peer_infos();
        let connected: Vec<&PeerInfo> = peers.iter().filter(|peer| peer.direction.is_some()).collect();
        let mut all = peers::of_peers(&connected);
        all.extend(self.of_book());
        all.extend(messages::of_messages(&self.shared.meters));
        all.extend(self.of_services());
        all.extend(self.of_sync());
        all.extend(self.of_libp2p(&connected));
        all
    }
}

fn speaking(connected: &[&PeerInfo], protocol: &str) -> usize {
    connected.iter().filter(|peer| peer.speaks(protocol)).count()
}
