//! What keeps a message from being published, as deployed nodes say it.

use super::Response;
use crate::{DecodeError, PublishError, Refusal, ShardError, Status};

/// Bytes that are no request.
pub(super) fn undecodable(error: &DecodeError) -> Refusal {
    Refusal::new(Status::BAD_REQUEST, format!("decode_rpc_failure: {error}"))
}

/// The outcome, if the response is one to the request of this id. A service over its rate limit answers
/// before it has read the id.
pub(super) fn answered(response: Result<Response, DecodeError>, id: &str) -> Result<Option<u32>, Refusal> {
    let bad = |text: String| Refusal::new(Status::BAD_RESPONSE, text);
    let response = response.map_err(|error| bad(format!("decode_rpc_failure: {error}")))?;
    match &response.outcome {
        Err(refusal) if refusal.status == Status::TOO_MANY_REQUESTS => {}
        // The request could not be read, nor could its id.
        Err(_) if matches!(&*response.id, "N/A" | "") => {}
        _ if response.id != id => return Err(bad("response failure, requestId mismatch".to_owned())),
        _ => {}
    }
    response.outcome
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        use PublishError as E;
        let (status, text) = match &error {
            E::EmptyPayload
            | E::EmptyContentTopic
            | E::MetaTooLong(_)
            | E::NegativeTimestamp(_)
            | E::NeedsProof(_)
            | E::NotSigned(_)
            | E::TooLarge(_)
            | E::Shard(ShardError::StaticSharding) => (Status::INVALID_MESSAGE, error.to_string()),
            E::Shard(ShardError::Topic(topic)) => {
                (Status::INVALID_MESSAGE, format!("Invalid content-topic: {topic}"))
            }
            E::Shard(ShardError::Generation) => (
                Status::INTERNAL_SERVER_ERROR,
                format!("Auto-sharding error: {error}"),
            ),
            E::WrongCluster { .. } => (Status::UNSUPPORTED_PUBSUB_TOPIC, error.to_string()),
            E::Duplicate(_) => (
                Status::INVALID_MESSAGE,
                "Dropping already-seen message".to_owned(),
            ),
            E::NoPeers(_) => {
                let text = "No peers for topic, skipping publish";
                (Status::NO_PEERS_TO_RELAY, text.to_owned())
            }
            E::Busy(_) | E::Stopped(_) => (Status::SERVICE_UNAVAILABLE, error.to_string()),
        };
        Self::new(status, text)
    }
}
