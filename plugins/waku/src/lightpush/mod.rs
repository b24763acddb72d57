//! Lightpush (19/WAKU2-LIGHTPUSH): a node asks another one to publish for it. Version 3, and the version 2
//! that older nodes speak.

mod legacy;
mod refusal;
mod v3;

use crate::{DecodeError, Refusal, Status, WakuMessage, exchange, limits::MAX_MESSAGE_FRAME};

/// What a node asks for, in either version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: String,
    /// Absent: the service derives it from the content topic. Only version 3 can leave it out.
    pub(crate) pubsub_topic: Option<String>,
    pub(crate) message: WakuMessage,
}

/// What a service answers, in either version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Response {
    pub(crate) id: String,
    /// To how many peers the service has relayed the message; version 2 does not tell.
    pub(crate) outcome: Result<Option<u32>, Refusal>,
}

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    V3,
    Legacy,
}

impl Version {
    pub(crate) const fn protocol(self) -> &'static str {
        match self {
            Self::V3 => v3::PROTOCOL,
            Self::Legacy => legacy::PROTOCOL,
        }
    }

    pub(crate) fn behaviour(self, serve: bool) -> exchange::Behaviour {
        exchange::new(self.protocol(), serve, MAX_MESSAGE_FRAME)
    }

    pub(crate) fn encode_request(self, request: &Request) -> Vec<u8> {
        match self {
            Self::V3 => v3::encode_request(request),
            Self::Legacy => legacy::encode_request(request),
        }
    }

    /// The request, or the answer to one that makes no sense.
    pub(crate) fn decode_request(self, bytes: &[u8]) -> Result<Request, Response> {
        let (decoded, no_id) = match self {
            Self::V3 => (v3::decode_request(bytes), "N/A"),
            Self::Legacy => (legacy::decode_request(bytes), ""),
        };
        decoded.map_err(|error| Response {
            id: no_id.to_owned(),
            outcome: Err(refusal::undecodable(&error)),
        })
    }

    pub(crate) fn encode_response(self, response: &Response) -> Vec<u8> {
        match self {
            Self::V3 => v3::encode_response(response),
            Self::Legacy => legacy::encode_response(response),
        }
    }

    /// The answer of a service over its rate limit, which does not look into the request.
    pub(crate) fn too_many_requests() -> Response {
        let text = "Request rejected due to too many requests";
        Response {
            id: "N/A".to_owned(),
            outcome: Err(Refusal::new(Status::TOO_MANY_REQUESTS, text)),
        }
    }

    /// The answer to the request of this id.
    pub(crate) fn decode_response(self, bytes: &[u8], id: &str) -> Result<Option<u32>, Refusal> {
        let response = match self {
            Self::V3 => v3::decode_response(bytes),
            Self::Legacy => legacy::decode_response(bytes),
        };
        refusal::answered(response, id)
    }
}

fn required<T>(value: Option<T>, field: &'static str) -> Result<T, DecodeError> {
    value.ok_or(DecodeError::MissingField(field))
}

fn malformed(error: &prost::DecodeError) -> DecodeError {
    DecodeError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests;
