//! `/filter/v2`: subscribing at a peer that pushes messages, and reading what it has pushed.

use backplane_sdk::CallError;
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use waku_api::{FilterError, ServiceError};

use super::{
    peers::{FILTER, serving},
    relay::listed,
};
use crate::{
    answer::Answer, error::Refusal, http::Request, json::decode_json, limits::CALL_TIMEOUT, rest::State,
    route::nowhere, waku::Waku,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Criteria {
    request_id: String,
    content_filters: Vec<String>,
    #[serde(default)]
    pubsub_topic: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct All {
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    request_id: String,
    status_desc: String,
}

/// A status of the protocol, as HTTP has it, and a text.
type Denied = (StatusCode, String);

pub(crate) async fn route(
    state: &State,
    waku: &Waku,
    request: &Request,
    path: &[&str],
) -> Result<Answer, Refusal> {
    match (&request.method, path) {
        (&Method::POST | &Method::PUT, ["filter", "v2", "subscriptions"]) => {
            Ok(subscribe(state, waku, request).await)
        }
        (&Method::DELETE, ["filter", "v2", "subscriptions"]) => Ok(unsubscribe(state, waku, request).await),
        (&Method::DELETE, ["filter", "v2", "subscriptions", "all"]) => {
            Ok(unsubscribe_all(state, waku, request).await)
        }
        (&Method::GET, ["filter", "v2", "subscriptions", id]) => Ok(told(id, ping(waku).await)),
        (&Method::GET, ["filter", "v2", "messages", topic]) => {
            let messages = state.filter().take_content(topic);
            let unknown = || Refusal::bad_request(format!("Not subscribed to topic: {topic}"));
            messages.map(listed).ok_or_else(unknown)
        }
        _ => Err(nowhere()),
    }
}

fn told(id: &str, outcome: Result<(), Denied>) -> Answer {
    let (status, status_desc) = match outcome {
        Ok(()) => (StatusCode::OK, "OK".to_owned()),
        Err(denied) => denied,
    };
    let outcome = Outcome {
        request_id: id.to_owned(),
        status_desc,
    };
    Answer::json_with(status, &outcome)
}

fn undecodable(refusal: &Refusal) -> Answer {
    let text = format!("BAD_REQUEST: Failed to decode request: {}", refusal.text);
    told("unknown", Err((StatusCode::BAD_REQUEST, text)))
}

fn criteria(request: &Request) -> Result<Criteria, Refusal> {
    let criteria: Criteria = decode_json(request)?;
    if criteria.content_filters.is_empty() {
        return Err(Refusal::bad_request("Field `contentFilters` is empty"));
    }
    Ok(Criteria {
        pubsub_topic: criteria.pubsub_topic.filter(|topic| !topic.is_empty()),
        ..criteria
    })
}

async fn subscribe(state: &State, waku: &Waku, request: &Request) -> Answer {
    let criteria = match criteria(request) {
        Ok(criteria) => criteria,
        Err(refusal) => return undecodable(&refusal),
    };
    let outcome = async {
        let peer = service(waku).await?;
        let clients = waku.clients().map_err(failed)?;
        let call = clients
            .filter
            .subscribe(&peer, &criteria.content_filters, &criteria.pubsub_topic);
        judge(call, "Subscription request timed out").await?;
        let subscribed = state.filter().contents().subscribe(&criteria.content_filters);
        subscribed.map_err(|error| {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("SERVICE_UNAVAILABLE: {error}"),
            )
        })
    };
    told(&criteria.request_id, outcome.await)
}

async fn unsubscribe(state: &State, waku: &Waku, request: &Request) -> Answer {
    let criteria = match criteria(request) {
        Ok(criteria) => criteria,
        Err(refusal) => return undecodable(&refusal),
    };
    let outcome = async {
        let peer = service(waku).await?;
        let clients = waku.clients().map_err(failed)?;
        let call = clients
            .filter
            .unsubscribe(&peer, &criteria.content_filters, &criteria.pubsub_topic);
        let outcome = judge(call, "Failed to unsubscribe from contentFilters due to timeout!").await;
        // Their messages end also if the peer knows nothing of them.
        let mut cache = state.filter();
        criteria
            .content_filters
            .iter()
            .for_each(|topic| cache.unsubscribe_content(topic));
        outcome
    };
    told(&criteria.request_id, outcome.await)
}

async fn unsubscribe_all(state: &State, waku: &Waku, request: &Request) -> Answer {
    let all: All = match decode_json(request) {
        Ok(all) => all,
        Err(refusal) => return undecodable(&refusal),
    };
    let outcome = async {
        let peer = service(waku).await?;
        let clients = waku.clients().map_err(failed)?;
        let call = clients.filter.unsubscribe_all(&peer);
        let outcome = judge(
            call,
            "Failed to unsubscribe from all contentFilters due to timeout!",
        )
        .await;
        state.filter().reset();
        outcome
    };
    told(&all.request_id, outcome.await)
}

async fn ping(waku: &Waku) -> Result<(), Denied> {
    let peer = service(waku).await?;
    let clients = waku.clients().map_err(failed)?;
    judge(clients.filter.ping(&peer), "Ping timed out").await
}

async fn service(waku: &Waku) -> Result<String, Denied> {
    let peer = serving(waku, FILTER)
        .await
        .map_err(|refusal| (refusal.status, refusal.text))?;
    let none = "SERVICE_UNAVAILABLE: No suitable service peer & no discovery method";
    peer.ok_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, none.to_owned()))
}

fn failed(error: CallError) -> Denied {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn judge(
    call: impl IntoFuture<Output = Result<(), CallError<FilterError>>>,
    late: &str,
) -> Result<(), Denied> {
    match timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(CallError::Interface(error))) => Err(denied(error)),
        Ok(Err(error)) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        Err(_) => Err((
            StatusCode::SERVICE_UNAVAILABLE,
            format!("SERVICE_UNAVAILABLE: {late}"),
        )),
    }
}

/// What the protocol says, as HTTP has it.
fn denied(error: FilterError) -> Denied {
    match error {
        FilterError::Topics(error) => (StatusCode::BAD_REQUEST, format!("BAD_REQUEST: {error}")),
        FilterError::TooManyPeers { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("SERVICE_UNAVAILABLE: {error}"),
        ),
        FilterError::Service(ServiceError::Refused { status, text }) => refused(status, text),
        FilterError::Service(error) => (StatusCode::GATEWAY_TIMEOUT, format!("PEER_DIAL_FAILURE: {error}")),
    }
}

/// The status of a service, whose name stands before the text unless the service is asked too often.
fn refused(status: u32, text: String) -> Denied {
    let (http, name) = match status {
        400 => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        404 => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        429 => return (StatusCode::TOO_MANY_REQUESTS, text),
        503 => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
        504 => (StatusCode::GATEWAY_TIMEOUT, "PEER_DIAL_FAILURE"),
        300 => (StatusCode::INTERNAL_SERVER_ERROR, "BAD_RESPONSE"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
    };
    (http, format!("{name}: {text}"))
}
