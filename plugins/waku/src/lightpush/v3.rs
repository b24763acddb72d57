//! The protobufs of version 3.

use prost::Message as _;

use super::{Request, Response, malformed, required};
use crate::{DecodeError, Refusal, Status, WakuMessage};

pub(super) const PROTOCOL: &str = "/vac/waku/lightpush/3.0.0";

/// What deployed nodes insist on is optional here, so that it is written even when it is empty.
#[derive(Clone, PartialEq, prost::Message)]
struct WireRequest {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(string, optional, tag = "20")]
    pubsub_topic: Option<String>,
    #[prost(bytes = "vec", optional, tag = "21")]
    message: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireResponse {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    status_desc: Option<String>,
    #[prost(uint32, optional, tag = "12")]
    relay_peer_count: Option<u32>,
}

pub(super) fn encode_request(request: &Request) -> Vec<u8> {
    WireRequest {
        request_id: Some(request.id.clone()),
        pubsub_topic: request.pubsub_topic.clone(),
        message: Some(request.message.encode()),
    }
    .encode_to_vec()
}

pub(super) fn decode_request(bytes: &[u8]) -> Result<Request, DecodeError> {
    let wire = WireRequest::decode(bytes).map_err(|error| malformed(&error))?;
    Ok(Request {
        id: required(wire.request_id, "request_id")?,
        pubsub_topic: wire.pubsub_topic,
        message: WakuMessage::decode(&required(wire.message, "message")?)?,
    })
}

pub(super) fn encode_response(response: &Response) -> Vec<u8> {
    let (status, text, relay_peer_count) = match &response.outcome {
        Ok(peers) => (Status::OK, None, *peers),
        Err(refusal) => (refusal.status, Some(refusal.text.clone()), None),
    };
    WireResponse {
        request_id: Some(response.id.clone()),
        status_code: Some(status.0),
        status_desc: text,
        relay_peer_count,
    }
    .encode_to_vec()
}

pub(super) fn decode_response(bytes: &[u8]) -> Result<Response, DecodeError> {
    let wire = WireResponse::decode(bytes).map_err(|error| malformed(&error))?;
    let status = Status(required(wire.status_code, "status_code")?);
    let text = wire.status_desc.unwrap_or_default();
    let outcome = match (status, wire.relay_peer_count.unwrap_or_default()) {
        // A service that relayed to nobody has not published, whatever it says.
        (Status::OK, 0) => Err(Refusal::new(Status::NO_PEERS_TO_RELAY, text)),
        (Status::OK, peers) => Ok(Some(peers)),
        _ => Err(Refusal::new(status, text)),
    };
    Ok(Response {
        id: wire.request_id.unwrap_or_default(),
        outcome,
    })
}
