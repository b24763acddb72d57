//! What the history holds about one message.

use serde::{Deserialize, Serialize};

use crate::{
    key::Cursor,
    message::{MessageHash, WakuMessage},
    wire::Body,
};

/// The nanoseconds in a second.
pub(crate) const NANOS: i64 = 1_000_000_000;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Somebody else's, or ours from another device.
    Incoming,
    /// Written here.
    Outgoing,
}

/// One message of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// The message's Waku hash, its identity.
    pub hash: MessageHash,
    /// The time it is filed under, Unix, in nanoseconds: that of the Waku message; if that has none, the
    /// sender's claim; if there is none either, 0. It follows from the bytes that the hash covers.
    pub timestamp: i64,
    /// When the sender claims to have sent it, Unix, in seconds.
    pub sent_at: i64,
    /// When it came in here, or was written here, Unix, in nanoseconds.
    pub received_at: i64,
    /// The sender's nickname as received; empty when the payload was raw.
    pub nick: String,
    /// The text as received.
    pub text: String,
    /// The payload was no toy-chat message and is shown as plain text.
    #[serde(default)]
    pub raw: bool,
    /// Which way it went.
    pub direction: Direction,
    /// A relay has it. `false` only for what was written here and not taken by a relay as far as we know;
    /// it never falls back from `true`.
    pub published: bool,
}

impl StoredMessage {
    /// The entry for a message that came in at `received_at` (Unix, nanoseconds).
    pub(crate) fn incoming(message: &WakuMessage, hash: MessageHash, received_at: i64) -> Self {
        let (claimed, nick, text, raw) = match Body::decode(&message.payload) {
            Body::Chat {
                timestamp,
                nick,
                text,
            } => (timestamp, nick, text, false),
            Body::Raw { text } => (0, String::new(), text, true),
        };
        let claimed = i64::try_from(claimed).unwrap_or(i64::MAX);
        let (timestamp, sent_at) = match (message.timestamp, claimed) {
            (0, claimed) => (claimed.saturating_mul(NANOS), claimed),
            (stamp, 0) => (stamp, stamp.div_euclid(NANOS)),
            (stamp, claimed) => (stamp, claimed),
        };
        Self {
            hash,
            timestamp,
            sent_at,
            received_at,
            nick,
            text,
            raw,
            direction: Direction::Incoming,
            published: true,
        }
    }

    /// Its place in the history.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.timestamp, &self.hash)
    }

    /// The bytes to store: a format number, then a CBOR map with text keys.
    pub(crate) fn to_record(&self) -> Vec<u8> {
        let mut serializer = minicbor_serde::Serializer::new(vec![FORMAT]);
        self.serialize(&mut serializer)
            .expect("a struct of numbers and text always encodes into memory");
        serializer.into_encoder().into_writer()
    }

    /// Reads stored bytes; `None` when they are damaged or of a later format.
    pub(crate) fn from_record(record: &[u8]) -> Option<Self> {
        let (&FORMAT, cbor) = record.split_first()? else {
            return None;
        };
        minicbor_serde::from_slice(cbor).ok()
    }
}

/// The first byte of a record. Fields can be added without a new number: readers skip what they don't know.
const FORMAT: u8 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector() -> WakuMessage {
        WakuMessage {
            payload: hex::decode("08a0f6d78a061205616c6963651a026869").unwrap(),
            content_topic: "/toy-chat/2/huilong/proto".into(),
            timestamp: 1633024800 * NANOS,
            ..WakuMessage::default()
        }
    }

    fn incoming(message: &WakuMessage) -> StoredMessage {
        StoredMessage::incoming(message, message.hash("/waku/2/rs/0/0"), 5)
    }

    #[test]
    fn an_incoming_message_is_filed_under_its_waku_time() {
        let stored = incoming(&vector());
        assert_eq!(
            (stored.timestamp, stored.sent_at, stored.received_at),
            (1633024800 * NANOS, 1633024800, 5)
        );
        assert_eq!(
            (&*stored.nick, &*stored.text, stored.raw, stored.published),
            ("alice", "hi", false, true)
        );
    }

    #[test]
    fn a_missing_time_falls_back_to_the_other_one() {
        let unstamped = incoming(&WakuMessage {
            timestamp: 0,
            ..vector()
        });
        assert_eq!(
            (unstamped.timestamp, unstamped.sent_at),
            (1633024800 * NANOS, 1633024800)
        );
        let raw = WakuMessage {
            payload: b"hello there".to_vec(),
            timestamp: 7 * NANOS + 1,
            ..vector()
        };
        let stored = incoming(&raw);
        assert_eq!(
            (stored.timestamp, stored.sent_at, stored.raw),
            (7 * NANOS + 1, 7, true)
        );
        let neither = incoming(&WakuMessage { timestamp: 0, ..raw });
        assert_eq!((neither.timestamp, neither.sent_at), (0, 0));
    }

    #[test]
    fn a_claimed_time_beyond_the_calendar_does_not_overflow() {
        let payload = hex::decode("08ffffffffffffffffff01").unwrap();
        let stored = incoming(&WakuMessage {
            payload,
            timestamp: 0,
            ..vector()
        });
        assert_eq!((stored.timestamp, stored.sent_at), (i64::MAX, i64::MAX));
    }

    /// Pins the stored form: a change of these bytes makes old histories unreadable.
    #[test]
    fn the_record_is_a_format_byte_and_a_cbor_map() {
        let mut stored = incoming(&vector());
        stored.hash = MessageHash([0x11; 32]);
        let expected = [
            "01a9",
            "6468617368",
            &format!("5820{}", "11".repeat(32)),
            "6974696d657374616d70",
            "1b16a9ab6749674000",
            "6773656e745f6174",
            "1a6155fb20",
            "6b72656365697665645f6174",
            "05",
            "646e69636b",
            "65616c696365",
            "6474657874",
            "626869",
            "63726177",
            "f4",
            "69646972656374696f6e",
            "68696e636f6d696e67",
            "697075626c6973686564",
            "f5",
        ]
        .concat();
        assert_eq!(hex::encode(stored.to_record()), expected);
        assert_eq!(StoredMessage::from_record(&stored.to_record()), Some(stored));
    }

    #[test]
    fn damaged_and_later_records_are_not_read() {
        let record = incoming(&vector()).to_record();
        assert_eq!(StoredMessage::from_record(&[]), None);
        assert_eq!(StoredMessage::from_record(&record[..record.len() - 1]), None);
        assert_eq!(StoredMessage::from_record(&[&[2], &record[1..]].concat()), None);
    }

    #[test]
    fn a_field_of_a_later_version_is_skipped() {
        let mut record = incoming(&vector()).to_record();
        assert_eq!(record[1], 0xa9, "a map of nine entries");
        record[1] = 0xaa;
        // "later": [1, {"x": true}]
        record.extend(*b"\x65later\x82\x01\xa1\x61x\xf5");
        assert_eq!(StoredMessage::from_record(&record), Some(incoming(&vector())));
    }

    proptest! {
        #[test]
        fn every_message_survives_storing(payload in prop::collection::vec(any::<u8>(), 0..100),
                                          timestamp in any::<i64>(), received_at in any::<i64>(),
                                          published in any::<bool>()) {
            let message = WakuMessage { payload, timestamp, ..vector() };
            let mut stored = StoredMessage::incoming(&message, message.hash("/t"), received_at);
            stored.published = published;
            prop_assert_eq!(StoredMessage::from_record(&stored.to_record()), Some(stored));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            StoredMessage::from_record(&[&[FORMAT], &bytes[..]].concat());
        }
    }
}
