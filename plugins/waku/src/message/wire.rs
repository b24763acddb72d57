//! The protobuf of a Waku message, with the field numbers of 14/WAKU2-MESSAGE.

use prost::Message as _;

use super::{DecodeError, WakuMessage};

/// All fields are optional, so that an empty one can be told from an absent one and is still written.
#[derive(Clone, PartialEq, prost::Message)]
struct Wire {
    #[prost(bytes = "vec", optional, tag = "1")]
    payload: Option<Vec<u8>>,
    #[prost(string, optional, tag = "2")]
    content_topic: Option<String>,
    #[prost(uint32, optional, tag = "3")]
    version: Option<u32>,
    #[prost(sint64, optional, tag = "10")]
    timestamp: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "11")]
    meta: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "21")]
    proof: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "31")]
    ephemeral: Option<bool>,
}

pub(super) fn encode(message: &WakuMessage) -> Vec<u8> {
    Wire {
        payload: Some(message.payload.clone()),
        content_topic: Some(message.content_topic.clone()),
        version: (message.version != 0).then_some(message.version),
        timestamp: (message.timestamp != 0).then_some(message.timestamp),
        meta: (!message.meta.is_empty()).then(|| message.meta.clone()),
        proof: (!message.proof.is_empty()).then(|| message.proof.clone()),
        ephemeral: message.ephemeral.then_some(true),
    }
    .encode_to_vec()
}

pub(super) fn decode(bytes: &[u8]) -> Result<WakuMessage, DecodeError> {
    let wire = Wire::decode(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    Ok(WakuMessage {
        payload: wire.payload.ok_or(DecodeError::MissingField("payload"))?,
        content_topic: wire
            .content_topic
            .ok_or(DecodeError::MissingField("content_topic"))?,
        version: wire.version.unwrap_or_default(),
        timestamp: wire.timestamp.unwrap_or_default(),
        meta: wire.meta.unwrap_or_default(),
        ephemeral: wire.ephemeral.unwrap_or_default(),
        proof: wire.proof.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> WakuMessage {
        WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        }
    }

    #[test]
    fn fields_have_the_numbers_and_types_of_the_specification() {
        let full = WakuMessage {
            version: 1,
            timestamp: -2,
            meta: vec![9],
            ephemeral: true,
            proof: vec![7, 8],
            ..message()
        };
        let expected = "0a020102\
                        12082f612f312f622f63\
                        1801\
                        5003\
                        5a0109\
                        aa01020708\
                        f80101";
        assert_eq!(hex::encode(full.encode()), expected);
        assert_eq!(WakuMessage::decode(&full.encode()), Ok(full));
    }

    #[test]
    fn empty_payload_and_topic_are_still_on_the_wire() {
        assert_eq!(WakuMessage::default().encode(), [0x0a, 0, 0x12, 0]);
    }

    #[test]
    fn a_message_with_every_field_written_even_if_empty_is_read() {
        // As nwaku writes it: version 0, timestamp 0, empty meta and proof, ephemeral false.
        let bytes = hex::decode("0a02010212082f612f312f622f63180050005a00aa0100f80100").unwrap();
        assert_eq!(WakuMessage::decode(&bytes), Ok(message()));
    }

    #[test]
    fn absent_required_fields_are_named() {
        assert_eq!(
            WakuMessage::decode(&[0x12, 0]),
            Err(DecodeError::MissingField("payload"))
        );
        assert_eq!(
            WakuMessage::decode(&[0x0a, 0]),
            Err(DecodeError::MissingField("content_topic"))
        );
    }

    #[test]
    fn meta_is_limited_to_64_bytes() {
        let long = |length| {
            WakuMessage {
                meta: vec![5; length],
                ..message()
            }
            .encode()
        };
        assert!(WakuMessage::decode(&long(64)).is_ok());
        let error = WakuMessage::decode(&long(65)).unwrap_err();
        assert_eq!(error.to_string(), "(kind: InvalidLengthField, field: \"meta\")");
    }

    #[test]
    fn unknown_fields_are_skipped() {
        let mut bytes = message().encode();
        bytes.extend_from_slice(&[0xa2, 0x06, 0x03, 1, 2, 3]); // field 100, three bytes
        assert_eq!(WakuMessage::decode(&bytes), Ok(message()));
    }

    prop_compose! {
        fn any_message()(
            payload in proptest::collection::vec(any::<u8>(), 0..300),
            content_topic in ".{0,40}",
            version: u32, timestamp: i64, ephemeral: bool,
            meta in proptest::collection::vec(any::<u8>(), 0..=MAX_META),
            proof in proptest::collection::vec(any::<u8>(), 0..300),
        ) -> WakuMessage {
            WakuMessage { payload, content_topic, version, timestamp, meta, ephemeral, proof }
        }
    }

    use crate::limits::MAX_META;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(message in any_message()) {
            prop_assert_eq!(WakuMessage::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = WakuMessage::decode(&bytes);
        }

        #[test]
        fn damaged_messages_never_panic(message in any_message(), at: prop::sample::Index, flip in 1..=255u8) {
            let mut bytes = message.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let _ = WakuMessage::decode(&bytes);
            let _ = WakuMessage::decode(&bytes[..at]);
        }
    }
}
