//! What a relayed message must be to be forwarded.

use super::MessageAcceptance;
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
    /// No peer accepts it: it isn't a Waku message, or it is too large.
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

/// Judges the bytes of a message of at most `max_size` bytes on a topic. Timestamps are the sender's word and
/// not checked here: only an archive or a rate limit proof binds them to the present.
pub(crate) fn judge(topic: &str, bytes: &[u8], max_size: usize) -> Judgement {
    if bytes.len() > max_size {
        return Judgement::Reject;
    }
    match (topic.parse(), WakuMessage::decode(bytes)) {
        (Ok(topic), Ok(message)) if !message.payload.is_empty() && !message.content_topic.is_empty() => {
            Judgement::Accept(topic, message)
        }
        (Ok(_), Ok(_)) => Judgement::Ignore,
        _ => Judgement::Reject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
