//! What a relayed message must be to be forwarded.

use super::{MessageAcceptance, Protected};
use crate::{PubsubTopic, WakuMessage};

/// What becomes of a relayed message.
#[derive(Debug, PartialEq)]
pub(crate) enum Judgement {
    /// Forward it, and deliver it here if somebody wants it.
    Accept(PubsubTopic, WakuMessage),
    /// Neither forward nor deliver it, but don't blame the sender: deployed nodes are of two minds about it.
    /// nwaku relays a message with an empty payload or content topic, js-waku scores down whoever forwards
    /// one.
    Ignore,
    /// No peer accepts it: it isn't a Waku message, is too large, or is not signed on a protected shard.
    Reject,
}

impl Judgement {
    /// The answer to gossipsub.
    pub(crate) fn acceptance(&self) -> MessageAcceptance {
        match self {
            Self::Accept(..) => MessageAcceptance::Accept,
            Self::Ignore => MessageAcceptance::Ignore,
            Self::Reject => MessageAcceptance::Reject,
        }
    }
}

/// What is demanded of messages.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// The most bytes of a serialized message.
    pub(crate) max_size: usize,
    /// The shards where it takes a signature.
    pub(crate) protected: Protected,
}

impl Rules {
    /// Judges the bytes of a message on a topic at the time `now`, in nanoseconds since 1970. Timestamps are the
    /// sender's word and not checked here but on protected shards: else only an archive or a rate limit proof binds
    /// them to the present.
    pub(crate) fn judge(&self, topic: &str, bytes: &[u8], now: i64) -> Judgement {
        if bytes.len() > self.max_size {
            return Judgement::Reject;
        }
        let (Ok(topic), Ok(message)) = (topic.parse(), WakuMessage::decode(bytes)) else {
            return Judgement::Reject;
        };
        if !self.protected.admits(topic, &message, now) {
            return Judgement::Reject;
        }
        if message.payload.is_empty() || message.content_topic.is_empty() {
            return Judgement::Ignore;
        }
        Judgement::Accept(topic, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(topic: &str, bytes: &[u8], max_size: usize) -> Judgement {
        let rules = Rules {
            max_size,
            ..Rules::default()
        };
        rules.judge(topic, bytes, 1)
    }

    const TOPIC: &str = "/waku/2/rs/99/0";

    fn message() -> WakuMessage {
        WakuMessage {
            payload: vec![1],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        }
    }

    #[test]
    fn a_sound_message_is_accepted_whatever_its_timestamp() {
        for timestamp in [0, -1, i64::MAX] {
            let message = WakuMessage {
                timestamp,
                ..message()
            };
            let topic = TOPIC.parse().unwrap();
            assert_eq!(
                judge(TOPIC, &message.encode(), 100),
                Judgement::Accept(topic, message)
            );
        }
    }

    #[test]
    fn empty_payload_or_content_topic_is_ignored() {
        let no_payload = WakuMessage {
            payload: vec![],
            ..message()
        };
        let no_topic = WakuMessage {
            content_topic: String::new(),
            ..message()
        };
        assert_eq!(judge(TOPIC, &no_payload.encode(), 100), Judgement::Ignore);
        assert_eq!(judge(TOPIC, &no_topic.encode(), 100), Judgement::Ignore);
    }

    #[test]
    fn what_is_no_message_or_too_large_is_rejected() {
        let bytes = message().encode();
        assert_eq!(judge(TOPIC, &[0xff], 100), Judgement::Reject);
        assert_eq!(judge(TOPIC, &[], 100), Judgement::Reject);
        assert_eq!(judge(TOPIC, &bytes, bytes.len() - 1), Judgement::Reject);
        assert_eq!(judge("/other", &bytes, 100), Judgement::Reject);
        assert!(matches!(judge(TOPIC, &bytes, bytes.len()), Judgement::Accept(..)));
    }

    #[test]
    fn on_a_protected_shard_a_message_without_a_signature_is_rejected_also_if_it_is_empty() {
        let key = "0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let rules = Rules {
            max_size: 100,
            protected: Protected::new([format!("0:{key}").parse().unwrap()]),
        };
        let empty = WakuMessage {
            payload: vec![],
            ..message()
        };
        for unsigned in [message(), empty] {
            let bytes = unsigned.encode();
            assert_eq!(rules.judge(TOPIC, &bytes, 1), Judgement::Reject);
        }
        let elsewhere = rules.judge("/waku/2/rs/99/1", &message().encode(), 1);
        assert!(matches!(elsewhere, Judgement::Accept(..)));
    }
}
