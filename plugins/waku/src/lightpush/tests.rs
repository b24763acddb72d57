use proptest::prelude::*;

use super::*;
use crate::{MessageHash, PublishError, ShardError, Status, TopicError};

const BOTH: [Version; 2] = [Version::V3, Version::Legacy];

fn request() -> Request {
    Request {
        id: "r1".into(),
        pubsub_topic: Some("/waku/2/rs/99/0".into()),
        message: WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        },
    }
}

fn response(outcome: Result<Option<u32>, Refusal>) -> Response {
    Response {
        id: "r1".into(),
        outcome,
    }
}

const MESSAGE: &str = "0a02010212082f612f312f622f63";
const TOPIC: &str = "2f77616b752f322f72732f39392f30";

#[test]
fn requests_have_the_fields_of_the_specification() {
    let v3 = format!("0a027231a2010f{TOPIC}aa010e{MESSAGE}");
    assert_eq!(hex::encode(Version::V3.encode_request(&request())), v3);
    let legacy = format!("0a02723112210a0f{TOPIC}120e{MESSAGE}");
    assert_eq!(hex::encode(Version::Legacy.encode_request(&request())), legacy);
}

#[test]
fn responses_have_the_fields_of_the_specification_also_when_false() {
    let hex_of = |version: Version, outcome| hex::encode(version.encode_response(&response(outcome)));
    assert_eq!(hex_of(Version::V3, Ok(Some(3))), "0a02723150c8016003");
    let none = || Err(Refusal::new(Status::NO_PEERS_TO_RELAY, "x"));
    assert_eq!(hex_of(Version::V3, none()), "0a02723150f9035a0178");
    assert_eq!(hex_of(Version::Legacy, Ok(None)), "0a0272311a06080112024f4b");
    let info = hex::encode("not_published_to_any_peer");
    assert_eq!(
        hex_of(Version::Legacy, none()),
        format!("0a0272311a1d08001219{info}")
    );
}

#[test]
fn a_request_that_makes_no_sense_is_answered_without_an_id() {
    let refused = Version::V3.decode_request(&[0xff]).unwrap_err();
    assert_eq!(refused.id, "N/A");
    assert_eq!(refused.outcome.unwrap_err().status, Status::BAD_REQUEST);
    let no_message = Version::V3
        .decode_request(&[0x0a, 0])
        .unwrap_err()
        .outcome
        .unwrap_err();
    assert_eq!(
        no_message.text,
        "decode_rpc_failure: (kind: MissingRequiredField, field: \"message\")"
    );
    assert_eq!(Version::Legacy.decode_request(&[]).unwrap_err().id, "");
}

#[test]
fn a_success_without_a_relay_peer_is_none() {
    let bytes = Version::V3.encode_response(&response(Ok(Some(0))));
    let refusal = Version::V3.decode_response(&bytes, "r1").unwrap_err();
    assert_eq!(refusal.status, Status::NO_PEERS_TO_RELAY);
}

#[test]
fn an_answer_to_another_request_is_refused_unless_the_service_never_read_the_id() {
    for version in BOTH {
        let bytes = version.encode_response(&response(Ok(Some(1))));
        let refusal = version.decode_response(&bytes, "r2").unwrap_err();
        assert_eq!(
            (refusal.status, &*refusal.text),
            (Status::BAD_RESPONSE, "response failure, requestId mismatch")
        );
    }
    let limited = Response {
        id: "N/A".into(),
        outcome: Err(Refusal::new(Status::TOO_MANY_REQUESTS, "slow down")),
    };
    let bytes = Version::V3.encode_response(&limited);
    assert_eq!(Version::V3.decode_response(&bytes, "r1"), limited.outcome);
}

#[test]
fn version_2_says_by_texts_what_version_3_says_by_codes() {
    for (status, info) in [
        (Status::NO_PEERS_TO_RELAY, "not_published_to_any_peer"),
        (Status::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
    ] {
        let bytes = Version::Legacy.encode_response(&response(Err(Refusal::new(status, "any"))));
        let refusal = Version::Legacy.decode_response(&bytes, "r1").unwrap_err();
        assert_eq!(refusal, Refusal::new(status, info));
    }
    let other = response(Err(Refusal::new(Status::INVALID_MESSAGE, "payload is empty")));
    let bytes = Version::Legacy.encode_response(&other);
    assert_eq!(
        Version::Legacy.decode_response(&bytes, "r1"),
        Err(Refusal::new(Status::INTERNAL_SERVER_ERROR, "payload is empty"))
    );
}

#[test]
fn every_reason_has_its_code() {
    let hash = MessageHash::from([0; 32]);
    let wrong_cluster = PublishError::WrongCluster { found: 1, ours: 2 };
    for (error, status) in [
        (PublishError::EmptyPayload, 420),
        (PublishError::TooLarge(153_600), 420),
        (PublishError::Duplicate(hash), 420),
        (PublishError::Shard(ShardError::StaticSharding), 420),
        (PublishError::Shard(TopicError::NoLeadingSlash.into()), 420),
        (wrong_cluster, 421),
        (PublishError::Shard(ShardError::Generation), 500),
        (PublishError::Busy(hash), 503),
        (PublishError::NoPeers(hash), 505),
    ] {
        assert_eq!(Refusal::from(error.clone()).status, Status(status), "{error}");
    }
    assert_eq!(
        Refusal::from(PublishError::TooLarge(153_600)).text,
        "Message size exceeded maximum of 153600 bytes"
    );
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_again(
        id in ".{1,20}",
        pubsub_topic in ".{0,40}",
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        content_topic in ".{0,40}",
        peers in 1..u32::MAX,
    ) {
        let message = WakuMessage { payload, content_topic, ..WakuMessage::default() };
        let request = Request { id: id.clone(), pubsub_topic: Some(pubsub_topic), message };
        for version in BOTH {
            prop_assert_eq!(version.decode_request(&version.encode_request(&request)), Ok(request.clone()));
        }
        let response = Response { id: id.clone(), outcome: Ok(Some(peers)) };
        prop_assert_eq!(
            Version::V3.decode_response(&Version::V3.encode_response(&response), &id),
            response.outcome
        );
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for version in BOTH {
            let _ = version.decode_request(&bytes);
            let _ = version.decode_response(&bytes, "x");
        }
    }
}
