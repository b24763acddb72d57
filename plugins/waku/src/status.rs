//! The status codes of the request protocols.

use std::fmt;

/// A status code as it is on the wire; one that no specification knows is kept as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

impl Status {
    /// The request was fulfilled.
    pub const OK: Self = Self(200);
    /// The answer makes no sense.
    pub const BAD_RESPONSE: Self = Self(300);
    /// The request makes no sense.
    pub const BAD_REQUEST: Self = Self(400);
    /// The peer has no such subscription (filter).
    pub const NOT_FOUND: Self = Self(404);
    /// The request is too large (lightpush). Deployed nodes say [`INVALID_MESSAGE`](Self::INVALID_MESSAGE).
    pub const PAYLOAD_TOO_LARGE: Self = Self(413);
    /// The message would be dropped by the relay (lightpush).
    pub const INVALID_MESSAGE: Self = Self(420);
    /// The service does not publish on this topic (lightpush).
    pub const UNSUPPORTED_PUBSUB_TOPIC: Self = Self(421);
    /// Over the rate limit.
    pub const TOO_MANY_REQUESTS: Self = Self(429);
    /// The service failed.
    pub const INTERNAL_SERVER_ERROR: Self = Self(500);
    /// The service is full or not to be had.
    pub const SERVICE_UNAVAILABLE: Self = Self(503);
    /// The service could attach no rate limit proof (lightpush).
    pub const OUT_OF_RLN_PROOF: Self = Self(504);
    /// No peer takes part in the shard (lightpush).
    pub const NO_PEERS_TO_RELAY: Self = Self(505);

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OK => "OK",
            Self::BAD_RESPONSE => "BAD_RESPONSE",
            Self::BAD_REQUEST => "BAD_REQUEST",
            Self::NOT_FOUND => "NOT_FOUND",
            Self::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
            Self::INVALID_MESSAGE => "INVALID_MESSAGE",
            Self::UNSUPPORTED_PUBSUB_TOPIC => "UNSUPPORTED_PUBSUB_TOPIC",
            Self::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
            Self::INTERNAL_SERVER_ERROR => "INTERNAL_SERVER_ERROR",
            Self::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
            Self::OUT_OF_RLN_PROOF => "OUT_OF_RLN_PROOF",
            Self::NO_PEERS_TO_RELAY => "NO_PEERS_TO_RELAY",
            Self(_) => "UNKNOWN",
        }
    }
}

impl fmt::Display for Status {
    /// The name, as deployed nodes write it in front of a description.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request that a service refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {status}: {text}", status.0)]
pub struct Refusal {
    /// The status code.
    pub status: Status,
    /// The description; empty if the service gave none.
    pub text: String,
}

impl Refusal {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_code_name_and_description() {
        let text = |status, text: &str| Refusal::new(status, text).to_string();
        assert_eq!(
            text(Status::NO_PEERS_TO_RELAY, "none"),
            "505 NO_PEERS_TO_RELAY: none"
        );
        assert_eq!(text(Status(599), "x"), "599 UNKNOWN: x");
    }
}
