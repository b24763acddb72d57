//! The protobufs of version 2, where both directions share one message.

use prost::Message as _;

use super::{Request, Response, malformed, required};
use crate::{DecodeError, Refusal, Status, WakuMessage};

pub(super) const PROTOCOL: &str = "/vac/waku/lightpush/2.0.0-beta1";

/// The texts by which deployed nodes say what has a status code in version 3.
const TEXTS: [(Status, &str); 2] = [
    (Status::NO_PEERS_TO_RELAY, "not_published_to_any_peer"),
    (Status::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
];

#[derive(Clone, PartialEq, prost::Message)]
struct Rpc {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(message, optional, tag = "2")]
    request: Option<WireRequest>,
    #[prost(message, optional, tag = "3")]
    response: Option<WireResponse>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireRequest {
    #[prost(string, optional, tag = "1")]
    pubsub_topic: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    message: Option<Vec<u8>>,
}

/// `is_success` is written also when it is false: deployed nodes insist on it.
#[derive(Clone, PartialEq, prost::Message)]
struct WireResponse {
    #[prost(bool, optional, tag = "1")]
    is_success: Option<bool>,
    #[prost(string, optional, tag = "2")]
    info: Option<String>,
}

pub(super) fn encode_request(request: &Request) -> Vec<u8> {
    Rpc {
        request_id: Some(request.id.clone()),
        request: Some(WireRequest {
            pubsub_topic: request.pubsub_topic.clone(),
            message: Some(request.message.encode()),
        }),
        response: None,
    }
    .encode_to_vec()
}

pub(super) fn decode_request(bytes: &[u8]) -> Result<Request, DecodeError> {
    let rpc = Rpc::decode(bytes).map_err(|error| malformed(&error))?;
    let request = required(rpc.request, "request")?;
    Ok(Request {
        id: rpc.request_id.unwrap_or_default(),
        pubsub_topic: Some(required(request.pubsub_topic, "pubsub_topic")?),
        message: WakuMessage::decode(&required(request.message, "message")?)?,
    })
}

pub(super) fn encode_response(response: &Response) -> Vec<u8> {
    let info = match &response.outcome {
        Ok(_) => "OK".to_owned(),
        Err(refusal) => text_of(refusal),
    };
    Rpc {
        request_id: Some(response.id.clone()),
        request: None,
        response: Some(WireResponse {
            is_success: Some(response.outcome.is_ok()),
            info: Some(info),
        }),
    }
    .encode_to_vec()
}

pub(super) fn decode_response(bytes: &[u8]) -> Result<Response, DecodeError> {
    let rpc = Rpc::decode(bytes).map_err(|error| malformed(&error))?;
    let response = required(rpc.response, "response")?;
    let info = response.info.unwrap_or_default();
    let outcome = if required(response.is_success, "is_success")? {
        Ok(None)
    } else {
        Err(Refusal::new(status_of(&info), info))
    };
    Ok(Response {
        id: rpc.request_id.unwrap_or_default(),
        outcome,
    })
}

fn text_of(refusal: &Refusal) -> String {
    let known = TEXTS.iter().find(|(status, _)| *status == refusal.status);
    known.map_or_else(|| refusal.text.clone(), |(_, text)| (*text).to_owned())
}

fn status_of(info: &str) -> Status {
    let known = TEXTS.iter().find(|(_, text)| *text == info);
    known.map_or(Status::INTERNAL_SERVER_ERROR, |(status, _)| *status)
}
