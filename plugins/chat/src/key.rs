//! The order of the history, as keys of an ordered key-value store.
//!
//! A message's key is the room's prefix, the message's time and its hash. The time is a function of the very
//! bytes that the hash covers, so equal hashes have equal keys: storing under a key that is absent makes
//! every message unique, without a second index.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{error::ChatError, message::MessageHash, ports::Scan};

/// A place in the history: 8 bytes of time, then 32 bytes of hash. Cursors sort as the history does.
///
/// Its text form, for callers that must carry one through text, is 80 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(#[serde(with = "serde_bytes")] [u8; Cursor::LEN]);

impl Cursor {
    /// Length in bytes.
    pub const LEN: usize = 40;

    /// The place of a message with this time (Unix, nanoseconds) and hash.
    pub fn new(timestamp: i64, hash: &MessageHash) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&(timestamp ^ i64::MIN).to_be_bytes());
        bytes[8..].copy_from_slice(&hash.0);
        Self(bytes)
    }

    /// The time of the message at this place, Unix, in nanoseconds.
    pub fn timestamp(&self) -> i64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        i64::from_be_bytes(bytes) ^ i64::MIN
    }

    /// The place that [`Cursor::as_bytes`] gave.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, in history order.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cursor {
    type Err = ChatError;

    fn from_str(text: &str) -> Result<Self, ChatError> {
        let mut bytes = [0; Self::LEN];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ChatError::Malformed {
            field: "cursor",
            expected: "80 hex digits",
        })?;
        Ok(Self(bytes))
    }
}

/// The key of our nickname.
pub(crate) const NICK_KEY: &[u8] = b"setting\0nick";

/// The keys of one room: `message`, NUL, the content topic, NUL, the cursor.
#[derive(Debug)]
pub(crate) struct RoomKeys {
    prefix: Vec<u8>,
}

/// Which part of the history, seen from a cursor that is itself left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// From the cursor, or the end, to older messages.
    Backward(Option<Cursor>),
    /// From the cursor, or the start, to newer messages.
    Forward(Option<Cursor>),
}

impl RoomKeys {
    /// The keys of the room with this content topic, which holds no NUL.
    pub(crate) fn new(content_topic: &str) -> Self {
        Self {
            prefix: [b"message\0", content_topic.as_bytes(), b"\0"].concat(),
        }
    }

    pub(crate) fn message(&self, cursor: &Cursor) -> Vec<u8> {
        [&self.prefix[..], &cursor.0].concat()
    }

    /// The next `limit` rows of a walk.
    pub(crate) fn scan(&self, walk: Walk, limit: usize) -> Scan {
        let mut scan = Scan {
            start: self.prefix.clone(),
            end: [&self.prefix[..self.prefix.len() - 1], &[1]].concat(),
            limit,
            reverse: matches!(walk, Walk::Backward(_)),
        };
        match walk {
            Walk::Backward(Some(cursor)) => scan.end = self.message(&cursor),
            Walk::Forward(Some(cursor)) => scan.start = [&self.message(&cursor)[..], &[0]].concat(),
            Walk::Backward(None) | Walk::Forward(None) => {}
        }
        scan
    }

    /// The place that a key of this room stands for.
    pub(crate) fn cursor(&self, key: &[u8]) -> Option<Cursor> {
        key.strip_prefix(&self.prefix[..])?.try_into().ok().map(Cursor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_prefix_time_and_hash() {
        let cursor = Cursor::new(1, &MessageHash([0xab; 32]));
        let expected = format!("8000000000000001{}", "ab".repeat(32));
        assert_eq!(cursor.to_string(), expected);
        assert_eq!(expected.parse(), Ok(cursor));
        let key = RoomKeys::new("/a/1/b/proto").message(&cursor);
        assert_eq!(key, [b"message\0/a/1/b/proto\0", &cursor.as_bytes()[..]].concat());
    }

    #[test]
    fn a_cursor_that_is_no_cursor_is_refused() {
        for bad in ["", "00", "zz", &"0".repeat(82)] {
            assert_eq!(
                bad.parse::<Cursor>().unwrap_err().to_string(),
                "cursor is not valid: 80 hex digits"
            );
        }
    }

    #[test]
    fn rooms_whose_topics_share_a_prefix_do_not_share_messages() {
        let key = RoomKeys::new("/a/1/b/proto2").message(&Cursor::new(0, &MessageHash([0; 32])));
        let keys = RoomKeys::new("/a/1/b/proto");
        let all = keys.scan(Walk::Forward(None), 1);
        assert!(key < all.start || key >= all.end);
        assert_eq!(keys.cursor(&key), None);
    }

    proptest! {
        #[test]
        fn keys_sort_by_time_then_hash(a in any::<(i64, [u8; 32])>(), b in any::<(i64, [u8; 32])>(),
                                       same_time in any::<bool>()) {
            let b = if same_time { (a.0, b.1) } else { b };
            let keys = RoomKeys::new("/a/1/b/proto");
            let key = |(time, hash): (i64, [u8; 32])| keys.message(&Cursor::new(time, &MessageHash(hash)));
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
        }

        #[test]
        fn walks_leave_out_their_cursor_and_nothing_else(time in any::<i64>(), hash in any::<[u8; 32]>(),
                                                         other in any::<(i64, [u8; 32])>()) {
            let keys = RoomKeys::new("/a/1/b/proto");
            let cursor = Cursor::new(time, &MessageHash(hash));
            let other = Cursor::new(other.0, &MessageHash(other.1));
            prop_assert_eq!(cursor.timestamp(), time);
            let within = |scan: &Scan, key: &[u8]| key >= &scan.start[..] && key < &scan.end[..];
            let (back, forth) = (keys.scan(Walk::Backward(Some(cursor)), 1), keys.scan(Walk::Forward(Some(cursor)), 1));
            for place in [cursor, other] {
                let key = keys.message(&place);
                prop_assert_eq!(within(&back, &key), place < cursor);
                prop_assert_eq!(within(&forth, &key), place > cursor);
                prop_assert!(within(&keys.scan(Walk::Forward(None), 1), &key));
                prop_assert_eq!(keys.cursor(&key), Some(place));
            }
        }
    }
}
