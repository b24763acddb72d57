//! `waku.node`.

use waku_api::{
    ConnectError, FilterSubscriber, KnownPeer, MetricFamily, NodeError, NodeHealth, NodeInfo, PeerInfo,
};

use super::{Waku, convert::count, health};
use crate::{Multiaddr, Stopped};

impl waku_api::Node for Waku {
    async fn info(&self) -> Result<NodeInfo, NodeError> {
        let info = self.node.info().await.map_err(|Stopped| NodeError::Stopped)?;
        Ok(NodeInfo {
            peer_id: info.peer_id.to_string(),
            listen_addresses: info.listen_addresses.iter().map(Multiaddr::to_string).collect(),
            agent: info.agent,
            cluster: info.cluster,
            shard_count: self.node.sharding().count().unwrap_or_default(),
            shards: info.shards.into_iter().map(Into::into).collect(),
            connected_peers: count(info.connected_peers),
            stats: info.stats.into(),
            enr: Some(info.record.to_string()),
            announced_addresses: info.announced.iter().map(Multiaddr::to_string).collect(),
            reachability: Some(info.reachability.into()),
        })
    }

    async fn peers(&self) -> Result<Vec<PeerInfo>, NodeError> {
        let peers = self.node.peers().await.map_err(|Stopped| NodeError::Stopped)?;
        Ok(peers.into_iter().map(Into::into).collect())
    }

    async fn connect(&self, address: String) -> Result<String, ConnectError> {
        let peer = self.node.connect(multiaddr(address)?).await?;
        Ok(peer.to_string())
    }

    async fn disconnect(&self, address: String) -> Result<(), ConnectError> {
        Ok(self.node.disconnect(multiaddr(address)?).await?)
    }

    async fn health(&self) -> Result<NodeHealth, NodeError> {
        let info = self.node.info().await.map_err(stopped)?;
        let peers = self.node.peers().await.map_err(stopped)?;
        Ok(health::health(&info, &peers))
    }

    async fn known_peers(&self) -> Result<Vec<KnownPeer>, NodeError> {
        let peers = self.node.listed_peers().await.map_err(stopped)?;
        Ok(peers.into_iter().map(Into::into).collect())
    }

    async fn filter_subscribers(&self) -> Result<Option<Vec<FilterSubscriber>>, NodeError> {
        let subscribers = self.node.filter_subscribers().await.map_err(stopped)?;
        Ok(subscribers.map(|all| all.into_iter().map(Into::into).collect()))
    }

    async fn metrics(&self) -> Result<Vec<MetricFamily>, NodeError> {
        let families = self.node.metrics().await.map_err(stopped)?;
        Ok(families.into_iter().map(Into::into).collect())
    }
}

fn stopped(_: Stopped) -> NodeError {
    NodeError::Stopped
}

fn multiaddr(address: String) -> Result<Multiaddr, ConnectError> {
    address
        .parse()
        .map_err(|error: libp2p::multiaddr::Error| ConnectError::InvalidAddress {
            reason: error.to_string(),
            address,
        })
}
