//! The protobufs.

use prost::Message as _;

use crate::{DecodeError, PubsubTopic, Refusal, Status, WakuMessage};

/// What a light node wants of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To stay subscribed, and to know whether it is.
    Ping,
    Subscribe(Criteria),
    Unsubscribe(Criteria),
    UnsubscribeAll,
}

impl Ask {
    /// The name of the kind, as the specification has it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ping => "SUBSCRIBER_PING",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
            Self::UnsubscribeAll => "UNSUBSCRIBE_ALL",
        }
    }
}

/// Content topics on a pubsub topic, as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Criteria {
    pub(crate) pubsub_topic: Option<String>,
    pub(crate) content_topics: Vec<String>,
}

impl Criteria {
    pub(crate) fn new(pubsub_topic: PubsubTopic, content_topics: Vec<String>) -> Self {
        Self {
            pubsub_topic: Some(pubsub_topic.to_string()),
            content_topics,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) ask: Ask,
}

/// A message that a service pushes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pushed {
    pub(crate) pubsub_topic: String,
    pub(crate) message: WakuMessage,
}

/// What deployed nodes insist on is optional here, so that it is written even when it is empty.
#[derive(Clone, PartialEq, prost::Message)]
struct WireRequest {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(int32, optional, tag = "2")]
    kind: Option<i32>,
    #[prost(string, optional, tag = "10")]
    pubsub_topic: Option<String>,
    #[prost(string, repeated, tag = "11")]
    content_topics: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireResponse {
    #[prost(string, optional, tag = "1")]
    request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    status_desc: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WirePush {
    #[prost(bytes = "vec", optional, tag = "1")]
    message: Option<Vec<u8>>,
    #[prost(string, optional, tag = "2")]
    pubsub_topic: Option<String>,
}

impl Request {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, criteria) = match &self.ask {
            Ask::Ping => (0, None),
            Ask::Subscribe(criteria) => (1, Some(criteria)),
            Ask::Unsubscribe(criteria) => (2, Some(criteria)),
            Ask::UnsubscribeAll => (3, None),
        };
        WireRequest {
            request_id: Some(self.id.clone()),
            kind: Some(kind),
            pubsub_topic: criteria.and_then(|criteria| criteria.pubsub_topic.clone()),
            content_topics: criteria.map_or_else(Vec::new, |criteria| criteria.content_topics.clone()),
        }
        .encode_to_vec()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = WireRequest::decode(bytes).map_err(|error| malformed(&error))?;
        let criteria = Criteria {
            pubsub_topic: wire.pubsub_topic,
            content_topics: wire.content_topics,
        };
        let ask = match wire.kind.unwrap_or_default() {
            0 => Ask::Ping,
            1 => Ask::Subscribe(criteria),
            2 => Ask::Unsubscribe(criteria),
            3 => Ask::UnsubscribeAll,
            other => {
                let text = format!("filter subscribe type {other} is unknown");
                return Err(DecodeError::Malformed(text));
            }
        };
        Ok(Self {
            id: wire.request_id.unwrap_or_default(),
            ask,
        })
    }
}

/// The answer to the request of this id. Deployed nodes put the name of the status in front of its
/// description.
pub(crate) fn encode_response(id: &str, outcome: &Result<(), Refusal>) -> Vec<u8> {
    let (status, text) = match outcome {
        Ok(()) => (Status::OK, "OK".to_owned()),
        Err(refusal) => (refusal.status, format!("{}: {}", refusal.status, refusal.text)),
    };
    WireResponse {
        request_id: Some(id.to_owned()),
        status_code: Some(status.0),
        status_desc: Some(text),
    }
    .encode_to_vec()
}

/// What a service over its rate limit answers; it does not look into the request.
pub(crate) fn too_many_requests() -> Vec<u8> {
    WireResponse {
        request_id: Some("N/A".to_owned()),
        status_code: Some(Status::TOO_MANY_REQUESTS.0),
        status_desc: Some("filter request rejected due rate limit exceeded".to_owned()),
    }
    .encode_to_vec()
}

/// What a service answers to the request of this id. One that is over its rate limit answers before it has
/// read the id.
pub(crate) fn decode_response(bytes: &[u8], id: &str) -> Result<(), Refusal> {
    let bad = |text: &str| Refusal::new(Status::BAD_RESPONSE, text);
    let wire = WireResponse::decode(bytes).map_err(|error| bad(&format!("decode_rpc_failure: {error}")))?;
    let status = Status(wire.status_code.ok_or_else(|| bad("no status code"))?);
    if status != Status::TOO_MANY_REQUESTS && wire.request_id.unwrap_or_default() != id {
        return Err(bad("request_id_mismatch"));
    }
    if status != Status::OK {
        let text = wire.status_desc.unwrap_or_default();
        let bare = text.strip_prefix(&format!("{status}: ")).unwrap_or(&text);
        return Err(Refusal::new(status, bare));
    }
    Ok(())
}

/// A message on the stream of a subscriber.
pub(crate) fn encode_push(pubsub_topic: &str, message: &WakuMessage) -> Vec<u8> {
    WirePush {
        message: Some(message.encode()),
        pubsub_topic: Some(pubsub_topic.to_owned()),
    }
    .encode_to_vec()
}

impl Pushed {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = WirePush::decode(bytes).map_err(|error| malformed(&error))?;
        let missing = DecodeError::MissingField;
        Ok(Self {
            pubsub_topic: wire.pubsub_topic.ok_or(missing("pubsub_topic"))?,
            message: WakuMessage::decode(&wire.message.ok_or(missing("waku_message"))?)?,
        })
    }
}

fn malformed(error: &prost::DecodeError) -> DecodeError {
    DecodeError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn criteria() -> Criteria {
        Criteria::new(
            PubsubTopic::new(99, 0).unwrap(),
            vec!["/a/1/b/c".into(), "/a".into()],
        )
    }

    fn request(ask: Ask) -> Request {
        Request { id: "r1".into(), ask }
    }

    #[test]
    fn requests_have_the_fields_of_the_specification() {
        let topics = "520f2f77616b752f322f72732f39392f305a082f612f312f622f635a022f61";
        for (ask, rest) in [
            (Ask::Ping, "1000".to_owned()),
            (Ask::Subscribe(criteria()), format!("1001{topics}")),
            (Ask::Unsubscribe(criteria()), format!("1002{topics}")),
            (Ask::UnsubscribeAll, "1003".to_owned()),
        ] {
            assert_eq!(hex::encode(request(ask).encode()), format!("0a027231{rest}"));
        }
    }

    #[test]
    fn a_request_without_a_type_is_a_ping_and_an_unknown_type_an_error() {
        assert_eq!(Request::decode(&[0x0a, 2, b'r', b'1']), Ok(request(Ask::Ping)));
        assert!(Request::decode(&[0x10, 4]).is_err());
        assert!(Request::decode(&[0xff]).is_err());
    }

    #[test]
    fn responses_have_the_fields_of_the_specification() {
        assert_eq!(
            hex::encode(encode_response("r1", &Ok(()))),
            "0a02723150c8015a024f4b"
        );
        let refusal = Refusal::new(Status::NOT_FOUND, "peer has no subscriptions");
        let bytes = encode_response("r1", &Err(refusal.clone()));
        let text = hex::encode("NOT_FOUND: peer has no subscriptions");
        assert_eq!(hex::encode(&bytes), format!("0a0272315094035a24{text}"));
        assert_eq!(decode_response(&bytes, "r1"), Err(refusal));
        let other = decode_response(&bytes, "r2").unwrap_err();
        assert_eq!(other.status, Status::BAD_RESPONSE);
    }

    #[test]
    fn a_service_over_its_limit_need_not_know_the_id() {
        let limited = Refusal::new(Status::TOO_MANY_REQUESTS, "slow down");
        let bytes = encode_response("N/A", &Err(limited.clone()));
        assert_eq!(decode_response(&bytes, "r1"), Err(limited));
    }

    #[test]
    fn a_push_carries_message_and_topic() {
        let message = WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        };
        let bytes = encode_push("/waku/2/rs/99/0", &message);
        assert_eq!(
            hex::encode(&bytes),
            "0a0e0a02010212082f612f312f622f63120f2f77616b752f322f72732f39392f30"
        );
        let pubsub_topic = "/waku/2/rs/99/0".to_owned();
        assert_eq!(
            Pushed::decode(&bytes),
            Ok(Pushed {
                pubsub_topic,
                message
            })
        );
        assert_eq!(
            Pushed::decode(&[0x0a, 0]),
            Err(DecodeError::MissingField("pubsub_topic"))
        );
    }

    proptest! {
        #[test]
        fn requests_are_read_back(
            id in ".{0,20}",
            pubsub_topic in proptest::option::of(".{0,20}"),
            content_topics in proptest::collection::vec(".{0,20}", 0..5),
            kind in 0..4,
        ) {
            let criteria = Criteria { pubsub_topic, content_topics };
            let ask = match kind {
                0 => Ask::Ping,
                1 => Ask::Subscribe(criteria),
                2 => Ask::Unsubscribe(criteria),
                _ => Ask::UnsubscribeAll,
            };
            let request = Request { id, ask };
            prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Request::decode(&bytes);
            let _ = decode_response(&bytes, "r1");
            let _ = Pushed::decode(&bytes);
        }
    }
}
