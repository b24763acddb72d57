//! Choosing the peer that a service is asked of.

use waku_api::PeerInfo;

use super::within;
use crate::{error::Refusal, limits::CALL_TIMEOUT, waku::Waku};

pub(super) const FILTER: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
pub(super) const LIGHTPUSH: &str = "/vac/waku/lightpush/3.0.0";
pub(super) const LEGACY_LIGHTPUSH: &str = "/vac/waku/lightpush/2.0.0-beta1";

/// A connected peer that speaks the protocol: one of the configuration if there is one, and the same one as long as
/// it is connected, so that subscriptions are found again.
pub(super) async fn serving(waku: &Waku, protocol: &str) -> Result<Option<String>, Refusal> {
    let call = waku.clients()?.node.peers();
    let peers = within(CALL_TIMEOUT, call, "the node does not answer").await??;
    let speaks = |peer: &PeerInfo| peer.direction.is_some() && peer.protocols.iter().any(|it| it == protocol);
    let able = peers.into_iter().filter(speaks);
    let named = able.filter_map(|peer| Some((!peer.is_static, peer.peer_id?)));
    Ok(named.min().map(|(_, peer)| peer))
}
