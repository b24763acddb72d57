//! The toy-chat payload: `Chat2Message { uint64 timestamp = 1; string nick = 2; bytes payload = 3 }`.

use prost::Message;

/// What a sender writes into the payload of a Waku message.
///
/// The nickname is bytes here, as on the wire: other clients do not check that it is UTF-8, and a message is
/// worth more than its sender's spelling.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Chat2Message {
    /// Unix time in seconds.
    #[prost(uint64, tag = "1")]
    pub timestamp: u64,
    /// The sender's nickname, UTF-8 by convention.
    #[prost(bytes = "vec", tag = "2")]
    pub nick: Vec<u8>,
    /// The text, UTF-8 by convention, without terminator.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
}

/// A received payload, read as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A toy-chat message.
    Chat {
        /// Unix time in seconds, as the sender claims.
        timestamp: u64,
        /// The sender's nickname; what is not UTF-8 is replaced by U+FFFD.
        nick: String,
        /// The text; what is not UTF-8 is replaced by U+FFFD.
        text: String,
    },
    /// Something else, shown as text because toy chat shows it so.
    Raw {
        /// The whole payload as text; what is not UTF-8 is replaced by U+FFFD.
        text: String,
    },
}

impl Body {
    /// Reads a payload. Nothing is refused: what is no [`Chat2Message`] becomes [`Body::Raw`].
    ///
    /// Short plain text can parse as protobuf made of unknown fields only. Such a payload says nothing in
    /// toy chat's terms, so it counts as raw too.
    pub fn decode(payload: &[u8]) -> Self {
        match Chat2Message::decode(payload) {
            Ok(chat) if payload.is_empty() || chat != Chat2Message::default() => Self::Chat {
                timestamp: chat.timestamp,
                nick: lossy(chat.nick),
                text: lossy(chat.payload),
            },
            _ => Self::Raw {
                text: lossy(payload.to_vec()),
            },
        }
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chat(timestamp: u64, nick: &str, text: &str) -> Chat2Message {
        Chat2Message {
            timestamp,
            nick: nick.into(),
            payload: text.into(),
        }
    }

    #[test]
    fn the_wire_form_equals_the_vector() {
        let bytes = hex::decode("08a0f6d78a061205616c6963651a026869").unwrap();
        assert_eq!(chat(1633024800, "alice", "hi").encode_to_vec(), bytes);
        assert_eq!(
            Body::decode(&bytes),
            Body::Chat {
                timestamp: 1633024800,
                nick: "alice".into(),
                text: "hi".into()
            }
        );
    }

    #[test]
    fn what_does_not_decode_is_raw_text() {
        assert_eq!(
            Body::decode(b"hello there"),
            Body::Raw {
                text: "hello there".into()
            }
        );
        assert_eq!(
            Body::decode(b"\xff\xffa"),
            Body::Raw {
                text: "\u{fffd}\u{fffd}a".into()
            }
        );
    }

    #[test]
    fn plain_text_that_parses_as_unknown_fields_is_raw_text() {
        // 'h' is the tag of an unknown varint field, 'i' its value.
        assert_eq!(Body::decode(b"hi"), Body::Raw { text: "hi".into() });
    }

    #[test]
    fn an_empty_payload_is_a_message_of_defaults() {
        assert_eq!(
            Body::decode(b""),
            Body::Chat {
                timestamp: 0,
                nick: String::new(),
                text: String::new()
            }
        );
    }

    #[test]
    fn a_nickname_that_is_not_utf8_does_not_cost_the_message() {
        let message = Chat2Message {
            timestamp: 1,
            nick: vec![b'a', 0xff],
            payload: b"hi".to_vec(),
        };
        assert_eq!(
            Body::decode(&message.encode_to_vec()),
            Body::Chat {
                timestamp: 1,
                nick: "a\u{fffd}".into(),
                text: "hi".into()
            }
        );
    }

    #[test]
    fn unknown_fields_of_a_newer_sender_are_ignored() {
        let mut bytes = chat(7, "bob", "yo").encode_to_vec();
        bytes.extend([0x22, 0x01, 0x00]);
        assert_eq!(
            Body::decode(&bytes),
            Body::Chat {
                timestamp: 7,
                nick: "bob".into(),
                text: "yo".into()
            }
        );
    }

    proptest! {
        #[test]
        fn every_message_survives_the_wire(timestamp in any::<u64>(), nick in ".{1,40}", text in ".*") {
            let bytes = chat(timestamp, &nick, &text).encode_to_vec();
            prop_assert_eq!(Body::decode(&bytes), Body::Chat { timestamp, nick, text });
        }

        #[test]
        fn no_payload_is_lost_or_panics(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Body::Raw { text } = Body::decode(&payload) {
                prop_assert_eq!(text, String::from_utf8_lossy(&payload));
            }
        }
    }
}
