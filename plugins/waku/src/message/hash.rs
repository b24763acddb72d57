//! The deterministic message hash (14/WAKU2-MESSAGE).

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::WakuMessage;

/// SHA-256 over pubsub topic, payload, content topic, meta and the timestamp as eight big-endian bytes.
/// Version, ephemeral and proof take no part. Its text is `0x` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageHash([u8; 32]);

/// A text that is no message hash. The texts are those of the deployed nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseHashError {
    /// Not 32 bytes; carries the number there were.
    #[error("waku message hash parsing error: invalid hash length: {0}")]
    Length(usize),
    /// A character that is no hex digit.
    #[error("Exception converting hex string to bytes: {0} is not a hexadecimal character")]
    Digit(char),
}

impl MessageHash {
    /// The hash of `message` on `pubsub_topic`.
    pub fn of(pubsub_topic: &str, message: &WakuMessage) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(pubsub_topic);
        hasher.update(&message.payload);
        hasher.update(&message.content_topic);
        hasher.update(&message.meta);
        hasher.update(message.timestamp.to_be_bytes());
        Self(hasher.finalize().into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for MessageHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

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
    type Err = ParseHashError;

    /// Reads 64 hex digits, with or without `0x`.
    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if let Some(other) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(ParseHashError::Digit(other));
        }
        let mut bytes = [0; 32];
        match hex::decode_to_slice(digits, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(ParseHashError::Length(digits.len() / 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = "/waku/2/default-waku/proto";
    const SHARD: &str = "/waku/2/rs/0/0";

    /// Specification (first four) and nwaku's tests (last four): topic, payload, meta, hash.
    #[test]
    fn all_eight_vectors() {
        let payload = "010203045445535405060708";
        let secret = hex::encode("super-secret");
        let long: String = (0..64u8).map(|byte| format!("{byte:02x}")).collect();
        let vectors = [
            (
                DEFAULT,
                payload,
                &*secret,
                "64cce733fed134e83da02b02c6f689814872b1a0ac97ea56b76095c3c72bfe05",
            ),
            (
                DEFAULT,
                payload,
                &*long,
                "7158b6498753313368b9af8f6e0a0a05104f68f972981da42a43bc53fb0c1b27",
            ),
            (
                DEFAULT,
                payload,
                "",
                "a2554498b31f5bcdfcbf7fa58ad1c2d45f0254f3f8110a85588ec3cf10720fd8",
            ),
            (
                DEFAULT,
                "",
                &*secret,
                "483ea950cb63f9b9d6926b262bb36194d3f40a0463ce8446228350bd44e96de4",
            ),
            (
                SHARD,
                payload,
                "",
                "cccab07fed94181c83937c8ca8340c9108492b7ede354a6d95421ad34141fd37",
            ),
            (
                SHARD,
                payload,
                &*secret,
                "b9b4852f9d8c489846e8bfc6c5ca6a1a8d460a40d28832a966e029eb39619199",
            ),
            (
                SHARD,
                payload,
                &*long,
                "653460d04f66c5b11814d235152f4f246e6f03ef80a305a825913636fbafd0ba",
            ),
            (
                SHARD,
                "",
                &*secret,
                "0f6448cc23b2db6c696aa6ab4b693eff4cf3549ff346fe1dbeb281697396a09f",
            ),
        ];
        for (topic, payload, meta, expected) in vectors {
            let message = WakuMessage {
                payload: hex::decode(payload).unwrap(),
                content_topic: "/waku/2/default-content/proto".into(),
                timestamp: 0x175789bfa23f8400,
                meta: hex::decode(meta).unwrap(),
                version: 7,
                ephemeral: true,
                proof: vec![1],
            };
            assert_eq!(message.hash(topic).to_string(), format!("0x{expected}"));
        }
    }

    /// The toy-chat vector of `alice` saying `hi`.
    #[test]
    fn toy_chat_vector() {
        let message = WakuMessage {
            payload: hex::decode("08a0f6d78a061205616c6963651a026869").unwrap(),
            content_topic: "/toy-chat/2/huilong/proto".into(),
            timestamp: 1_633_024_800_000_000_000,
            ..WakuMessage::default()
        };
        let expected = "0x1e119a4c7080c84d1e9fdaec2f994a1d5951a0dd94859b01b7ab28ead01021cc";
        assert_eq!(message.hash(SHARD).to_string(), expected);
    }

    #[test]
    fn text_form_is_read_back_and_errors_have_the_known_texts() {
        let hash = WakuMessage::default().hash(SHARD);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string()[2..].parse(), Ok(hash));
        let text = |input: &str| input.parse::<MessageHash>().unwrap_err().to_string();
        assert_eq!(
            text("0x0011"),
            "waku message hash parsing error: invalid hash length: 2"
        );
        assert_eq!(
            text("test"),
            "Exception converting hex string to bytes: t is not a hexadecimal character"
        );
    }
}
