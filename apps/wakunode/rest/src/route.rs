//! From a method and a path to the endpoint.

use hyper::Method;

use crate::{
    answer::Answer,
    endpoint::{admin, debug, filter, health, lightpush, relay, store},
    error::Refusal,
    http::Request,
    query::segments,
    rest::State,
    waku::Waku,
};

/// The groups that need the node.
const GROUPS: [&str; 6] = ["admin", "debug", "relay", "filter", "lightpush", "store"];

pub(crate) async fn answer(state: &State, request: &Request) -> Answer {
    routed(state, request).await.unwrap_or_else(Answer::from)
}

async fn routed(state: &State, request: &Request) -> Result<Answer, Refusal> {
    let segments = segments(&request.path);
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = &request.method;
    match (method, &path[..]) {
        (&Method::GET, ["health"]) => return health::get(state).await,
        (&Method::GET, ["version"] | ["debug", "v1", "version"]) if ready(state).is_some() => {
            return Ok(debug::version(&state.config));
        }
        _ => {}
    }
    let Some(waku) = ready(state) else {
        return Err(not_ready(&path));
    };
    match (method, path[..].first().copied().unwrap_or_default(), &path[..]) {
        (&Method::GET, _, ["info"] | ["debug", "v1", "info"]) => debug::info(waku).await,
        (_, "relay", _) => relay::route(state, waku, request, &path).await,
        (_, "filter", _) => filter::route(state, waku, request, &path).await,
        (_, "lightpush", _) => lightpush::route(waku, request, &path).await,
        (_, "store", _) => store::route(waku, request, &path).await,
        (_, "admin", _) => admin::route(state, waku, request, &path).await,
        _ => Err(nowhere()),
    }
}

/// The node, once it may be asked.
fn ready(state: &State) -> Option<&Waku> {
    state.waku().map(|waku| &**waku).filter(|waku| waku.is_ready())
}

fn not_ready(path: &[&str]) -> Refusal {
    match path.first() {
        Some(group) if GROUPS.contains(group) => Refusal::not_found(format!(
            "/{group} endpoints are not available while initializing."
        )),
        _ => nowhere(),
    }
}

/// There is no such path, or not with this method.
pub(crate) fn nowhere() -> Refusal {
    Refusal::bad_request("Bad request initiated. Invalid path or method used.")
}
