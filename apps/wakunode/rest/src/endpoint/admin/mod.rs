//! `/admin/v1`: who is connected, connecting, filter subscribers, the log. Only where the configuration allows it.

mod filter;
mod log_level;
mod peer;
mod peers;
mod shards;
mod stats;

use hyper::Method;
use waku_api::KnownPeer;

use super::within;
use crate::{
    answer::Answer, error::Refusal, http::Request, limits::CALL_TIMEOUT, rest::State, route::nowhere,
    waku::Waku,
};

pub(crate) async fn route(
    state: &State,
    waku: &Waku,
    request: &Request,
    path: &[&str],
) -> Result<Answer, Refusal> {
    if !state.config.admin {
        let text = "/admin endpoints are not available. Please check your configuration: --rest-admin=true";
        return Err(Refusal::not_found(text));
    }
    let ["admin", "v1", path @ ..] = path else {
        return Err(nowhere());
    };
    match (&request.method, path) {
        (&Method::GET, ["peers"]) => peers::all(waku).await,
        (&Method::POST, ["peers"]) => peers::connect(waku, request).await,
        (&Method::GET, ["peer", id]) => peers::one(waku, id).await,
        (&Method::GET, ["peers", "service"]) => peers::service(waku).await,
        (&Method::GET, ["peers", "connected"]) => peers::connected(waku).await,
        (&Method::GET, ["peers", "connected", "on", shard]) => peers::connected_on(waku, shard).await,
        (&Method::GET, ["peers", "relay"]) => shards::relay(waku).await,
        (&Method::GET, ["peers", "relay", "on", shard]) => shards::relay_on(waku, shard).await,
        (&Method::GET, ["peers", "mesh"]) => shards::mesh(waku).await,
        (&Method::GET, ["peers", "mesh", "on", shard]) => shards::mesh_on(waku, shard).await,
        (&Method::GET, ["peers", "stats"]) => stats::get(waku).await,
        (&Method::GET, ["filter", "subscriptions"]) => filter::subscriptions(waku).await,
        (&Method::POST, ["log-level", level]) => log_level::set(state, waku, level),
        _ => Err(nowhere()),
    }
}

async fn known(waku: &Waku) -> Result<Vec<KnownPeer>, Refusal> {
    let call = waku.clients()?.node.known_peers();
    Ok(within(CALL_TIMEOUT, call, "the node does not answer").await??)
}

/// The number of a shard.
fn shard(text: &str) -> Result<u16, Refusal> {
    let is_number = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| Refusal::bad_request(format!("Invalid shardId: {text:?} is no number of a shard")))
}
