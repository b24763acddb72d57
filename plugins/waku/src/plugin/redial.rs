//! Back to the peers of the predecessor.

use futures::StreamExt;

use super::state::ConnectedPeer;
use crate::{
    ConnectError, Multiaddr, Node,
    limits::{REDIAL_AT_ONCE, REDIAL_FIRST, REDIAL_ROUNDS},
};

/// Keeps static peers away that the user had disconnected.
pub(super) async fn hold(node: &Node, held: &[String]) {
    for address in held.iter().filter_map(|text| text.parse::<Multiaddr>().ok()) {
        match node.disconnect(address.clone()).await {
            // That it is not connected is what is wanted.
            Ok(()) | Err(ConnectError::NotConnected(_)) => {}
            Err(error) => tracing::warn!(%address, %error, "cannot keep the peer disconnected"),
        }
    }
}

/// Dials the peers that were connected. One that cannot be reached in [`REDIAL_ROUNDS`] rounds is left to whoever
/// connects next: it was no static peer.
pub(super) async fn redial(node: Node, peers: Vec<ConnectedPeer>) {
    let node = &node;
    futures::stream::iter(peers)
        .for_each_concurrent(REDIAL_AT_ONCE, |peer| async move {
            let mut pause = REDIAL_FIRST;
            for round in 1..=REDIAL_ROUNDS {
                match one_of(node, &peer.addresses).await {
                    Ok(()) | Err(ConnectError::Stopped(_)) => return,
                    Err(error) if round == REDIAL_ROUNDS => {
                        tracing::info!(addresses = ?peer.addresses, %error, "a peer of before does not come back");
                    }
                    Err(_) => tokio::time::sleep(pause).await,
                }
                pause *= 2;
            }
        })
        .await;
}

/// Connects to a peer by the first of its addresses that works; fails with the error of the last.
async fn one_of(node: &Node, addresses: &[String]) -> Result<(), ConnectError> {
    let mut outcome = Ok(());
    for address in addresses.iter().filter_map(|text| text.parse().ok()) {
        outcome = node.connect(address).await.map(|_| ());
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}
