//! The interface `waku.node`.

use backplane_sdk::prelude::*;

use crate::{
    ConnectError, FilterSubscriber, KnownPeer, MetricFamily, NodeError, NodeHealth, NodeInfo, PeerCount,
    PeerInfo,
};

/// Tells what the node is, and steers whom it is connected to.
#[interface(id = "waku.node", version = "1.3.0")]
pub trait Node {
    /// What the node is and where it stands.
    async fn info(&self) -> Result<NodeInfo, NodeError>;

    /// The connected peers, then the static ones that are not connected.
    async fn peers(&self) -> Result<Vec<PeerInfo>, NodeError>;

    /// Connects to a peer and answers its id, once it is known to be of our cluster, or not to tell; at once if it is
    /// connected already. The multiaddr may name a host, and need not name the peer. Takes at most about 30 s.
    #[deadline(45000)]
    async fn connect(&self, address: String) -> Result<String, ConnectError>;

    /// Closes all connections to the peer that the multiaddr names, or to the one that is connected by it. A static
    /// peer is not dialled again until `connect` is called for it.
    async fn disconnect(&self, address: String) -> Result<(), ConnectError>;

    /// How the node and each of its protocols is.
    async fn health(&self) -> Result<NodeHealth, NodeError>;

    /// All peers that the node knows of, connected or not, by their ids; at most about 1000 and the connected ones.
    async fn known_peers(&self) -> Result<Vec<KnownPeer>, NodeError>;

    /// Who has subscribed to the filter service of this node; null if it offers none.
    async fn filter_subscribers(&self) -> Result<Option<Vec<FilterSubscriber>>, NodeError>;

    /// What the node has measured since it started. Only what was measured is there.
    async fn metrics(&self) -> Result<Vec<MetricFamily>, NodeError>;

    /// The number of connected peers changed.
    #[event(retained)]
    fn peers_changed(peers: PeerCount);
}
