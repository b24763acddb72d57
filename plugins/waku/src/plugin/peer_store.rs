//! The peers that the node has been connected to, kept in `storage.kv` so that it finds them again after a restart.
//! Without storage they are forgotten; an error with it is a warning.

use std::sync::Arc;

use backplane_sdk::{Bytes, Value, prelude::*, record};
use storage_api::{KeyRange, KvClient, KvError, Op, Scan};
use tokio::{sync::Mutex, task::AbortHandle, time::sleep};

use crate::{Capabilities, KnownPeer, Multiaddr, Node, NodeRecord, PeerId, limits::PEERS_KEPT_PERIOD};

const JOB: &str = "peers";
const CATEGORY: &str = "known";

/// A peer as it is kept; its key is its id.
#[record]
#[derive(Debug, Clone, PartialEq)]
struct KeptPeer {
    /// Multiaddrs by which it can be dialled.
    addresses: Vec<String>,
    /// Its node record, in binary form.
    record: Option<Bytes>,
    /// The shards that it takes part in, if it has said so.
    shards: Option<Vec<u16>>,
    /// What it serves, as the bits of a node record.
    capabilities: u8,
}

/// The store, and the task that brings it up to date.
pub(super) struct PeerStore {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    node: Node,
    kv: KvClient,
    /// What is in the store.
    written: Mutex<Vec<KnownPeer>>,
}

impl PeerStore {
    /// Tells the node of the peers of before, and keeps those of now from then on; `None` without storage.
    pub(super) async fn open(context: &Context, node: &Node) -> Option<Self> {
        let kv: KvClient = context.client().ok()?;
        match read(&kv).await {
            Ok(peers) => {
                tracing::debug!(count = peers.len(), "peers of before");
                node.restore_peers(peers).await.ok()?;
            }
            Err(error) => tracing::warn!(%error, "the peers of before cannot be read"),
        }
        let shared = Arc::new(Shared {
            node: node.clone(),
            kv,
            written: Mutex::default(),
        });
        let task = tokio::spawn(keep_up(shared.clone())).abort_handle();
        Some(Self { shared, task })
    }

    /// Keeps the peers a last time, before the node stops.
    pub(super) async fn close(&self) {
        self.task.abort();
        self.shared.keep().await;
    }
}

async fn keep_up(shared: Arc<Shared>) {
    loop {
        sleep(PEERS_KEPT_PERIOD).await;
        shared.keep().await;
    }
}

impl Shared {
    /// Writes the peers, if they are others than before.
    async fn keep(&self) {
        let Ok(peers) = self.node.known_peers().await else {
            return;
        };
        let mut written = self.written.lock().await;
        if *written == peers {
            return;
        }
        match write(&self.kv, &peers).await {
            Ok(()) => *written = peers,
            Err(error) => tracing::warn!(%error, "the peers are not kept"),
        }
    }
}

async fn read(kv: &KvClient) -> Result<Vec<KnownPeer>, CallError<KvError>> {
    let page = kv
        .scan(&JOB.to_owned(), &CATEGORY.to_owned(), &Scan::new(KeyRange::All))
        .await?;
    let rows = page.rows.into_iter();
    Ok(rows
        .filter_map(|row| known(&row.key.0, &row.payload?.0))
        .collect())
}

/// All at once, so that the store never holds half of them.
async fn write(kv: &KvClient, peers: &[KnownPeer]) -> Result<(), CallError<KvError>> {
    let clear = Op::DeleteRange {
        category: CATEGORY.to_owned(),
        range: KeyRange::All,
    };
    let puts = peers.iter().filter_map(|peer| {
        Some(Op::Put {
            category: CATEGORY.to_owned(),
            key: Bytes(peer.peer_id.to_bytes()),
            payload: Bytes(kept(peer)?),
            ttl_ms: None,
        })
    });
    let ops = std::iter::once(clear).chain(puts).collect();
    kv.persist(&JOB.to_owned(), &ops, &storage_api::Ack::Applied, &true)
        .await
        .map(|_| ())
}

fn kept(peer: &KnownPeer) -> Option<Vec<u8>> {
    let kept = KeptPeer {
        addresses: peer.addresses.iter().map(Multiaddr::to_string).collect(),
        record: peer.record.as_ref().map(|record| Bytes(record.encode())),
        shards: peer.shards.clone(),
        capabilities: peer.capabilities.bits(),
    };
    let mut bytes = Vec::new();
    kept.encode(&mut bytes).ok()?;
    Some(bytes)
}

/// `None` if another program has written what no node reads.
fn known(key: &[u8], payload: &[u8]) -> Option<KnownPeer> {
    let kept = KeptPeer::decode(payload).ok()?;
    Some(KnownPeer {
        peer_id: PeerId::from_bytes(key).ok()?,
        addresses: kept.addresses.iter().filter_map(|it| it.parse().ok()).collect(),
        record: kept.record.and_then(|it| NodeRecord::decode(&it.0).ok()),
        shards: kept.shards,
        capabilities: Capabilities::from_bits(kept.capabilities),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::enr::sample;

    #[test]
    fn a_peer_is_read_as_it_was_kept() {
        let record = sample(1);
        let peer = KnownPeer {
            peer_id: record.peer_id(),
            addresses: record.addresses(),
            capabilities: record.capabilities(),
            shards: Some(vec![0, 7]),
            record: Some(record),
        };
        assert_eq!(known(&peer.peer_id.to_bytes(), &kept(&peer).unwrap()), Some(peer));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = known(&bytes, &bytes);
            let _ = known(&sample(1).peer_id().to_bytes(), &bytes);
        }
    }
}
