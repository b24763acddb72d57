//! A message.

use std::time::{SystemTime, UNIX_EPOCH};

use backplane_sdk::Bytes;
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use waku_api::WakuMessage;

/// A message as JSON has it. Bytes are in Base64.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    #[serde(deserialize_with = "payload")]
    payload: String,
    #[serde(deserialize_with = "content_topic")]
    content_topic: String,
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    timestamp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<String>,
    #[serde(default)]
    ephemeral: Option<bool>,
    #[serde(default)]
    proof: Option<String>,
}

/// Why JSON is no message after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageError {
    /// Something is not in Base64.
    #[error("Incorrect base64 string")]
    Base64,
}

fn payload<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    not_blank(from, "Field `payload` is missing or empty")
}

fn content_topic<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    not_blank(from, "Field `contentTopic` is missing or empty")
}

fn not_blank<'de, D: Deserializer<'de>>(from: D, refusal: &str) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom(refusal));
    }
    Ok(text)
}

impl TryFrom<Message> for WakuMessage {
    type Error = MessageError;

    /// Without a timestamp it is of the present.
    fn try_from(message: Message) -> Result<Self, MessageError> {
        let optional = |text: Option<String>| -> Result<Option<Bytes>, MessageError> {
            let bytes = text.as_deref().map(bytes).transpose()?;
            Ok(bytes.filter(|bytes| !bytes.0.is_empty()))
        };
        Ok(Self {
            payload: bytes(&message.payload)?,
            content_topic: message.content_topic,
            version: message.version.unwrap_or_default(),
            timestamp: match message.timestamp {
                None | Some(0) => now(),
                Some(timestamp) => timestamp,
            },
            meta: optional(message.meta)?,
            ephemeral: message.ephemeral.unwrap_or_default(),
            proof: optional(message.proof)?,
        })
    }
}

impl From<WakuMessage> for Message {
    fn from(message: WakuMessage) -> Self {
        let text = |bytes: Option<Bytes>| bytes.map(|bytes| BASE64.encode(&bytes.0));
        Self {
            payload: BASE64.encode(&message.payload.0),
            content_topic: message.content_topic,
            version: Some(message.version),
            timestamp: Some(message.timestamp),
            meta: text(message.meta.filter(|meta| !meta.0.is_empty())),
            ephemeral: Some(message.ephemeral),
            proof: Some(text(message.proof).unwrap_or_default()),
        }
    }
}

fn bytes(text: &str) -> Result<Bytes, MessageError> {
    let bytes = BASE64.decode(text.as_bytes());
    Ok(Bytes(bytes.map_err(|_| MessageError::Base64)?))
}

/// Nanoseconds since 1970; a clock before it gives 1.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<WakuMessage, String> {
        let message: Message = serde_json::from_value(value).map_err(|error| error.to_string())?;
        message
            .try_into()
            .map_err(|error: MessageError| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default_and_what_is_unknown_is_ignored() {
        let before = now();
        let message = read(json!({"payload": "AQI=", "contentTopic": "/a/1/b/c", "other": [1]})).unwrap();
        assert_eq!(message.payload.0, [1, 2]);
        assert!(message.timestamp >= before);
        assert_eq!((message.version, message.ephemeral), (0, false));
        assert_eq!((message.meta, message.proof), (None, None));
    }

    #[test]
    fn a_message_without_payload_or_topic_or_with_something_else_is_none() {
        for (value, text) in [
            (json!({"contentTopic": "/a/1/b/c"}), "missing field `payload`"),
            (json!({"payload": "AQ=="}), "missing field `contentTopic`"),
            (
                json!({"payload": " ", "contentTopic": "/a/1/b/c"}),
                "Field `payload` is missing or empty",
            ),
            (
                json!({"payload": "AQ==", "contentTopic": ""}),
                "Field `contentTopic` is missing or empty",
            ),
            (
                json!({"payload": "AQ", "contentTopic": "/a/1/b/c"}),
                "Incorrect base64 string",
            ),
            (
                json!({"payload": "AQ==", "contentTopic": "/a/1/b/c", "meta": "-"}),
                "Incorrect base64 string",
            ),
            (
                json!({"payload": "AQ==", "contentTopic": "/a/1/b/c", "version": -1}),
                "invalid value: integer `-1`, expected u32",
            ),
            (
                json!({"payload": "AQ==", "contentTopic": "/a/1/b/c", "timestamp": "1"}),
                "invalid type: string \"1\", expected i64",
            ),
        ] {
            assert_eq!(read(value).unwrap_err(), text);
        }
        let twice = r#"{"payload": "AQ==", "payload": "AQ==", "contentTopic": "/a/1/b/c"}"#;
        let error = serde_json::from_str::<Message>(twice).unwrap_err().to_string();
        assert!(error.starts_with("duplicate field `payload`"), "{error}");
    }

    proptest! {
        #[test]
        fn a_message_comes_back_as_it_went_out(
            payload in prop::collection::vec(any::<u8>(), 1..64),
            meta in prop::collection::vec(any::<u8>(), 0..64),
            proof in prop::collection::vec(any::<u8>(), 0..64),
            content_topic in "/[a-z]{1,8}/1/[^\u{0}]{1,8}/proto",
            (version, timestamp, ephemeral) in (any::<u32>(), any::<i64>(), any::<bool>()),
        ) {
            let some = |bytes: Vec<u8>| (!bytes.is_empty()).then_some(Bytes(bytes));
            let message = WakuMessage {
                payload: Bytes(payload),
                content_topic,
                version,
                timestamp: if timestamp == 0 { 1 } else { timestamp },
                meta: some(meta),
                ephemeral,
                proof: some(proof),
            };
            let text = serde_json::to_string(&Message::from(message.clone())).unwrap();
            let back: Message = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(WakuMessage::try_from(back).unwrap(), message);
        }

        #[test]
        fn any_text_is_a_message_or_an_error(text in "\\PC{0,200}") {
            let _message = serde_json::from_str::<Message>(&text).map(WakuMessage::try_from);
        }
    }
}
