//! What the log says of a node that runs: the lines of wakunode2 that scripts wait for.

use waku_api::NodeInfo;

/// Writes where the node listens, its record and its peer id.
pub(crate) fn tell(info: &NodeInfo) {
    let bracketed: String = info
        .listen_addresses
        .iter()
        .map(|address| format!("[{address}]"))
        .collect();
    tracing::info!(peerId = info.peer_id, addrs = bracketed, "PeerInfo");
    tracing::info!(full = bracketed, "Listening on");
    if let Some(enr) = &info.enr {
        tracing::info!(enr, "DNS: discoverable ENR");
    }
    tracing::info!("Node setup complete");
}
