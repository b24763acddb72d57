//! A message on its way from one archive to another.

use prost::Message as _;

use crate::{DecodeError, WakuMessage};

/// A message and the pubsub topic that it was sent on, as one frame of the transfer protocol. The topic goes first on the
/// wire of the deployed nodes; the specification has it behind the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferredMessage {
    /// The pubsub topic, as it came.
    pub pubsub_topic: String,
    /// The message.
    pub message: WakuMessage,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Wire {
    #[prost(string, optional, tag = "1")]
    pubsub_topic: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    message: Option<Vec<u8>>,
}

impl TransferredMessage {
    /// The protobuf.
    pub fn encode(&self) -> Vec<u8> {
        Wire {
            pubsub_topic: Some(self.pubsub_topic.clone()),
            message: Some(self.message.encode()),
        }
        .encode_to_vec()
    }

    /// Reads the protobuf.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = Wire::decode(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        let missing = DecodeError::MissingField;
        Ok(Self {
            pubsub_topic: wire.pubsub_topic.ok_or(missing("pubsub"))?,
            message: WakuMessage::decode(&wire.message.ok_or(missing("msg"))?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_topic_goes_before_the_message() {
        let transferred = TransferredMessage {
            pubsub_topic: "/waku/2/rs/99/0".to_owned(),
            message: WakuMessage {
                payload: vec![1, 2],
                content_topic: "/a/1/b/c".into(),
                ..WakuMessage::default()
            },
        };
        let bytes = transferred.encode();
        assert_eq!(
            hex::encode(&bytes),
            "0a0f2f77616b752f322f72732f39392f30120e0a02010212082f612f312f622f63"
        );
        assert_eq!(TransferredMessage::decode(&bytes), Ok(transferred));
        // As the specification has it: the message would be a topic.
        assert!(TransferredMessage::decode(&[0x0a, 2, 0x0a, 0, 0x12, 1, b'/']).is_err());
        assert_eq!(
            TransferredMessage::decode(&[0x0a, 0]),
            Err(DecodeError::MissingField("msg"))
        );
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = TransferredMessage::decode(&bytes);
        }
    }
}
