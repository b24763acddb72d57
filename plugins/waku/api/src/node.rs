//! The interface `waku.node`.

use backplane_sdk::prelude::*;

use crate::{ConnectError, NodeError, NodeInfo, PeerCount, PeerInfo};

/// Tells what the node is, and steers whom it is connected to.
#[interface(id = "waku.node", version = "1.2.0")]
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

    /// The number of connected peers changed.
    #[event(retained)]
    fn peers_changed(peers: PeerCount);
}
