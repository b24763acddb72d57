//! The protobufs of the store protocol, with the field numbers of 13/WAKU2-STORE. Deployed nodes insist on the request
//! id both ways, and on status and description in an answer.

use prost::Message as _;

use super::{StorePage, StoreQuery, StoredMessage};
use crate::{DecodeError, MessageHash, Refusal, Status, WakuMessage};

#[derive(Clone, PartialEq, prost::Message)]
struct WireRequest {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(bool, optional, tag = "2")]
    include_data: Option<bool>,
    #[prost(string, optional, tag = "10")]
    pubsub_topic: Option<String>,
    #[prost(string, repeated, tag = "11")]
    content_topics: Vec<String>,
    #[prost(sint64, optional, tag = "12")]
    time_start: Option<i64>,
    #[prost(sint64, optional, tag = "13")]
    time_end: Option<i64>,
    #[prost(bytes = "vec", repeated, tag = "20")]
    message_hashes: Vec<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "51")]
    pagination_cursor: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "52")]
    pagination_forward: Option<bool>,
    #[prost(uint64, optional, tag = "53")]
    pagination_limit: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireResponse {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    status_desc: Option<String>,
    #[prost(message, repeated, tag = "20")]
    messages: Vec<WireKeyValue>,
    #[prost(bytes = "vec", optional, tag = "51")]
    pagination_cursor: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireKeyValue {
    #[prost(bytes = "vec", optional, tag = "1")]
    message_hash: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    message: Option<Vec<u8>>,
    #[prost(string, optional, tag = "3")]
    pubsub_topic: Option<String>,
}

/// A query and the id by which its answer is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) query: StoreQuery,
}

impl Request {
    /// What deployed nodes write is always written.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let query = &self.query;
        WireRequest {
            request_id: Some(self.id.clone()),
            include_data: Some(query.include_data),
            pubsub_topic: query.pubsub_topic.clone(),
            content_topics: query.content_topics.clone(),
            time_start: query.time_start,
            time_end: query.time_end,
            message_hashes: query.hashes.iter().map(bytes).collect(),
            pagination_cursor: query.cursor.as_ref().map(bytes),
            pagination_forward: Some(query.forward),
            pagination_limit: query.limit,
        }
        .encode_to_vec()
    }

    /// Reads a request, or says with what to refuse it. One without a direction goes backward: so js-waku asks for it.
    pub(crate) fn decode(request: &[u8]) -> Result<Self, Refusal> {
        let refusal =
            |error: DecodeError| Refusal::new(Status::BAD_REQUEST, format!("decoding rpc failed: {error}"));
        let wire = WireRequest::decode(request).map_err(|error| refusal(malformed(&error)))?;
        let id = wire.request_id.ok_or(DecodeError::MissingField("request_id"));
        let query = StoreQuery {
            include_data: wire.include_data.unwrap_or_default(),
            pubsub_topic: wire.pubsub_topic,
            content_topics: wire.content_topics,
            time_start: wire.time_start,
            time_end: wire.time_end,
            hashes: wire.message_hashes.iter().map(|it| padded(it)).collect(),
            cursor: wire.pagination_cursor.as_deref().map(padded),
            forward: wire.pagination_forward.unwrap_or_default(),
            limit: wire.pagination_limit,
        };
        let id = id.map_err(refusal)?;
        Ok(Self { id, query })
    }
}

fn bytes(hash: &MessageHash) -> Vec<u8> {
    hash.as_bytes().to_vec()
}

/// Deployed nodes read a hash of another length so: cut at 32 bytes, or filled up with zeros.
fn padded(bytes: &[u8]) -> MessageHash {
    let mut hash = [0; 32];
    let length = bytes.len().min(hash.len());
    hash[..length].copy_from_slice(&bytes[..length]);
    hash.into()
}

/// The answer to the request of this id. A refusal has no id, as with deployed nodes, but for the one that is sent
/// without a look into the request.
pub(crate) fn encode_response(id: &str, outcome: &Result<StorePage, Refusal>) -> Vec<u8> {
    match outcome {
        Ok(page) => WireResponse {
            request_id: Some(id.to_owned()),
            status_code: Some(Status::OK.0),
            status_desc: Some("OK".to_owned()),
            messages: page.messages.iter().map(key_value).collect(),
            pagination_cursor: page.cursor.as_ref().map(bytes),
        },
        Err(refusal) => WireResponse {
            request_id: Some(id.to_owned()),
            status_code: Some(refusal.status.0),
            status_desc: Some(described(refusal)),
            ..WireResponse::default()
        },
    }
    .encode_to_vec()
}

/// Only a failed query has the name of its status in front.
fn described(refusal: &Refusal) -> String {
    match refusal.status {
        Status::BAD_REQUEST => refusal.text.clone(),
        status if refusal.text.is_empty() => status.to_string(),
        status => format!("{status}: {}", refusal.text),
    }
}

fn key_value(stored: &StoredMessage) -> WireKeyValue {
    WireKeyValue {
        message_hash: Some(bytes(&stored.hash)),
        message: stored.message.as_ref().map(WakuMessage::encode),
        pubsub_topic: stored.pubsub_topic.clone(),
    }
}

/// What a store answers. A refusal carries no id that could be relied on.
pub(crate) fn decode_response(response: &[u8], id: &str) -> Result<StorePage, Refusal> {
    let bad = |text: String| Refusal::new(Status::BAD_RESPONSE, text);
    let wire = WireResponse::decode(response)
        .map_err(|error| bad(format!("decode_rpc_failure: {}", malformed(&error))))?;
    let status = Status(wire.status_code.ok_or_else(|| bad("no status code".to_owned()))?);
    if status != Status::OK {
        let text = wire.status_desc.unwrap_or_default();
        let bare = text.strip_prefix(&status.to_string()).unwrap_or(&text);
        return Err(Refusal::new(status, bare.strip_prefix(": ").unwrap_or(bare)));
    }
    if wire.request_id.as_deref() != Some(id) {
        return Err(bad("request_id_mismatch".to_owned()));
    }
    let messages: Result<_, DecodeError> = wire.messages.into_iter().map(stored).collect();
    Ok(StorePage {
        messages: messages.map_err(|error| bad(format!("decode_rpc_failure: {error}")))?,
        cursor: wire.pagination_cursor.as_deref().map(padded),
    })
}

fn stored(wire: WireKeyValue) -> Result<StoredMessage, DecodeError> {
    let hash = wire
        .message_hash
        .ok_or(DecodeError::MissingField("message_hash"))?;
    let message = wire.message.as_deref().map(WakuMessage::decode).transpose()?;
    Ok(StoredMessage {
        hash: padded(&hash),
        message,
        pubsub_topic: wire.pubsub_topic,
    })
}

fn malformed(error: &prost::DecodeError) -> DecodeError {
    DecodeError::Malformed(error.to_string())
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
