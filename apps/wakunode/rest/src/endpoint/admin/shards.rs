//! The peers of each shard.

use serde::Serialize;
use waku_api::KnownPeer;

use super::{known, peer::Peer, shard};
use crate::{answer::Answer, endpoint::within, error::Refusal, limits::CALL_TIMEOUT, waku::Waku};

#[derive(Serialize)]
pub(super) struct ShardPeers {
    pub(super) shard: u16,
    pub(super) peers: Vec<Peer>,
}

/// Who is meant.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Peers that relay the shard.
    Relay,
    /// Those among them that are neighbours in the mesh.
    Mesh,
}

pub(super) async fn relay(waku: &Waku) -> Result<Answer, Refusal> {
    mounted(waku)?;
    Ok(Answer::json(
        &by_shard(waku, &known(waku).await?, Kind::Relay).await?,
    ))
}

pub(super) async fn mesh(waku: &Waku) -> Result<Answer, Refusal> {
    mounted(waku)?;
    Ok(Answer::json(
        &by_shard(waku, &known(waku).await?, Kind::Mesh).await?,
    ))
}

pub(super) async fn relay_on(waku: &Waku, number: &str) -> Result<Answer, Refusal> {
    let number = shard(number)?;
    mounted(waku)?;
    Ok(Answer::json(&of_shard(&known(waku).await?, number, Kind::Relay)))
}

pub(super) async fn mesh_on(waku: &Waku, number: &str) -> Result<Answer, Refusal> {
    let number = shard(number)?;
    mounted(waku)?;
    Ok(Answer::json(&of_shard(&known(waku).await?, number, Kind::Mesh)))
}

fn mounted(waku: &Waku) -> Result<(), Refusal> {
    if waku.relays() {
        return Ok(());
    }
    Err(Refusal::unavailable(
        "Error: Relay Protocol is not mounted to the node",
    ))
}

/// The peers of all shards that the node takes part in.
pub(super) async fn by_shard(
    waku: &Waku,
    peers: &[KnownPeer],
    kind: Kind,
) -> Result<Vec<ShardPeers>, Refusal> {
    let call = waku.clients()?.node.info();
    let info = within(CALL_TIMEOUT, call, "the node does not answer").await??;
    let numbers = info
        .shards
        .iter()
        .filter_map(|it| it.pubsub_topic.rsplit('/').next()?.parse().ok());
    Ok(numbers.map(|number| of_shard(peers, number, kind)).collect())
}

fn of_shard(peers: &[KnownPeer], number: u16, kind: Kind) -> ShardPeers {
    let is_meant = |peer: &&KnownPeer| match kind {
        Kind::Relay => peer.relays && peer.shards.contains(&number),
        Kind::Mesh => peer.mesh.contains(&number),
    };
    ShardPeers {
        shard: number,
        peers: peers.iter().filter(is_meant).map(Peer::scored).collect(),
    }
}
