//! The Waku message that carries a chat message, and the hash that names it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ChatError;

/// The parts of a `WakuMessage` that chat reads or writes (spec 14/WAKU2-MESSAGE).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WakuMessage {
    /// The application's bytes.
    pub payload: Vec<u8>,
    /// Which application the message is for.
    pub content_topic: String,
    /// Payload encryption scheme; 0 is none.
    pub version: u32,
    /// Unix time in nanoseconds; 0 when the sender gave none.
    pub timestamp: i64,
    /// Application bytes outside the payload, at most 64; usually empty.
    pub meta: Vec<u8>,
}

impl WakuMessage {
    /// The deterministic message hash (spec 14/WAKU2-MESSAGE):
    /// SHA-256 over pubsub topic, payload, content topic, meta and the big-endian timestamp.
    pub fn hash(&self, pubsub_topic: &str) -> MessageHash {
        let mut sha = Sha256::new();
        sha.update(pubsub_topic.as_bytes());
        sha.update(&self.payload);
        sha.update(self.content_topic.as_bytes());
        sha.update(&self.meta);
        sha.update(self.timestamp.to_be_bytes());
        MessageHash(sha.finalize().into())
    }
}

/// The 32-byte name of a Waku message. Its text form is `0x` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageHash(#[serde(with = "serde_bytes")] pub [u8; 32]);

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageHash {
    type Err = ChatError;

    /// Reads the text form; the `0x` may be missing.
    fn from_str(text: &str) -> Result<Self, ChatError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).map_err(|_| {
            ChatError::Malformed {
                field: "hash",
                expected: "0x and 64 hex digits",
            }
        })?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(pubsub_topic: &str, payload: &str, meta: &[u8]) -> String {
        let message = WakuMessage {
            payload: hex::decode(payload).unwrap(),
            content_topic: "/waku/2/default-content/proto".into(),
            version: 0,
            timestamp: 0x175789bfa23f8400,
            meta: meta.to_vec(),
        };
        message.hash(pubsub_topic).to_string()
    }

    #[test]
    fn hashes_equal_the_published_vectors() {
        let common = "010203045445535405060708";
        let long: Vec<u8> = (0..64).collect();
        let (old, new) = ("/waku/2/default-waku/proto", "/waku/2/rs/0/0");
        let short = b"super-secret";
        for (topic, payload, meta, expected) in [
            (
                old,
                common,
                &short[..],
                "64cce733fed134e83da02b02c6f689814872b1a0ac97ea56b76095c3c72bfe05",
            ),
            (
                old,
                common,
                &long,
                "7158b6498753313368b9af8f6e0a0a05104f68f972981da42a43bc53fb0c1b27",
            ),
            (
                old,
                common,
                &[],
                "a2554498b31f5bcdfcbf7fa58ad1c2d45f0254f3f8110a85588ec3cf10720fd8",
            ),
            (
                old,
                "",
                short,
                "483ea950cb63f9b9d6926b262bb36194d3f40a0463ce8446228350bd44e96de4",
            ),
            (
                new,
                common,
                &[],
                "cccab07fed94181c83937c8ca8340c9108492b7ede354a6d95421ad34141fd37",
            ),
            (
                new,
                common,
                short,
                "b9b4852f9d8c489846e8bfc6c5ca6a1a8d460a40d28832a966e029eb39619199",
            ),
            (
                new,
                common,
                &long,
                "653460d04f66c5b11814d235152f4f246e6f03ef80a305a825913636fbafd0ba",
            ),
            (
                new,
                "",
                short,
                "0f6448cc23b2db6c696aa6ab4b693eff4cf3549ff346fe1dbeb281697396a09f",
            ),
        ] {
            assert_eq!(hash(topic, payload, meta), format!("0x{expected}"));
        }
    }

    #[test]
    fn a_hash_is_read_back_from_its_text() {
        let hash = MessageHash([0xa5; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hex::encode([0xa5; 32]).parse(), Ok(hash));
        for bad in ["", "0x", "0xa5", "zz", &"a5".repeat(33)] {
            assert_eq!(
                bad.parse::<MessageHash>().unwrap_err().to_string(),
                "hash is not valid: 0x and 64 hex digits"
            );
        }
    }
}
