//! How many peers of which kind there are.

use serde::{Serialize, Serializer};
use waku_api::Connectedness;

use super::{
    known,
    peer::connectedness,
    shards::{Kind, ShardPeers, by_shard},
};
use crate::{answer::Answer, error::Refusal, waku::Waku};

const PROTOCOLS: [&str; 8] = [
    "/vac/waku/relay/2.0.0",
    "/vac/waku/filter-subscribe/2.0.0-beta1",
    "/vac/waku/filter-push/2.0.0-beta1",
    "/vac/waku/store-query/3.0.0",
    "/vac/waku/lightpush/3.0.0",
    "/vac/waku/lightpush/2.0.0-beta1",
    "/vac/waku/peer-exchange/2.0.0-alpha1",
    "/vac/waku/reconciliation/1.0.0",
];

const STATES: [Connectedness; 4] = [
    Connectedness::Connected,
    Connectedness::NotConnected,
    Connectedness::CannotConnect,
    Connectedness::CanConnect,
];

/// An object whose keys stay in their order.
struct Object<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

pub(super) async fn get(waku: &Waku) -> Result<Answer, Refusal> {
    let peers = known(waku).await?;
    let (relay, mesh) = match waku.relays() {
        true => (
            by_shard(waku, &peers, Kind::Relay).await?,
            by_shard(waku, &peers, Kind::Mesh).await?,
        ),
        false => (Vec::new(), Vec::new()),
    };
    let in_state = |state| peers.iter().filter(|peer| peer.connectedness == state).count();
    let speaking = |protocol| {
        let speaks = |it: &&waku_api::KnownPeer| it.protocols.iter().any(|spoken| spoken == protocol);
        peers.iter().filter(speaks).count()
    };
    let states = STATES.map(|state| (connectedness(state).to_owned(), in_state(state)));
    let protocols = PROTOCOLS.map(|protocol| (protocol.to_owned(), speaking(protocol)));
    let groups = [
        ("Sum", vec![("Total peers".to_owned(), peers.len())]),
        ("By Connectedness", states.into()),
        ("Relay peers", counted(&relay, "Total relay peers")),
        ("Mesh peers", counted(&mesh, "Total mesh peers")),
        ("By Protocols", protocols.into()),
    ];
    let groups = groups.map(|(name, counts)| (name.to_owned(), Object(counts)));
    Ok(Answer::json(&Object(groups.into())))
}

fn counted(shards: &[ShardPeers], total: &str) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = shards
        .iter()
        .map(|it| (it.shard.to_string(), it.peers.len()))
        .collect();
    counts.push((total.to_owned(), shards.iter().map(|it| it.peers.len()).sum()));
    counts
}
