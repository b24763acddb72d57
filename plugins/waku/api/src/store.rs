//! The interface `waku.store`.

use backplane_sdk::prelude::*;

use crate::{ArchiveFigures, StoreError, StorePage, StoreQuery, StoredMessage};

/// Reads the history of topics (13/WAKU2-STORE): from the archive of this node, if it keeps one, or from those of
/// peers.
#[interface(id = "waku.store", version = "1.0.0")]
pub trait Store {
    /// One page of what a query asks for. With `peer_id` it comes from that connected peer, which takes at most about
    /// 30 s. Without, it comes from the archive of this node, or from a connected peer that serves the store; then a
    /// cursor counts only as long as it is the same peer.
    #[deadline(45000)]
    async fn query(&self, query: StoreQuery, peer_id: Option<String>) -> Result<StorePage, StoreError>;

    /// All that a query asks for, one message after the other in its direction, with the messages whatever
    /// `include_data` says. It comes from the connected peers of these ids, each going on where the one before failed;
    /// with none from the archive of this node, or from the connected peers that serve the store. A failure of the last
    /// one ends the stream with its text.
    async fn history(
        &self,
        query: StoreQuery,
        #[default([])] peer_ids: Vec<String>,
    ) -> Result<Stream<StoredMessage>, StoreError>;

    /// Figures of the archive of this node; null if it keeps none.
    async fn archive(&self) -> Result<Option<ArchiveFigures>, StoreError>;
}
