//! How the module is configured.

use backplane_sdk::record;

use crate::{ChatError, RoomConfig};

/// How the chat module is configured.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatConfig {
    /// The content topic of the conversation: `/APPLICATION/VERSION/NAME/ENCODING`.
    #[default("/toy-chat/2/huilong/proto")]
    pub content_topic: String,
    /// The pubsub topic that carries it: `/waku/2/rs/CLUSTER/SHARD`. Null: the one that follows from the content topic
    /// by autosharding, which the node must then do.
    pub pubsub_topic: Option<String>,
    /// The nickname until one is set: 1 to 32 characters.
    #[default("anonymous")]
    pub nick: String,
    /// The job of the store that keeps the history.
    #[default("chat")]
    pub job: String,
}

impl ChatConfig {
    /// Checks every field that is ours.
    ///
    /// # Errors
    /// The first field that breaks its rule, by name.
    pub(crate) fn check(&self) -> Result<(), ChatError> {
        if self.job.is_empty() {
            return Err(ChatError::Empty { field: "job" });
        }
        let pubsub_topic = self.pubsub_topic.clone();
        self.room(pubsub_topic.unwrap_or_else(|| RoomConfig::default().pubsub_topic))
            .validate()
    }

    /// The room on this pubsub topic.
    pub(crate) fn room(&self, pubsub_topic: String) -> RoomConfig {
        RoomConfig {
            pubsub_topic,
            content_topic: self.content_topic.clone(),
            default_nick: self.nick.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ChatConfig {
        let room = RoomConfig::default();
        ChatConfig {
            content_topic: room.content_topic,
            pubsub_topic: None,
            nick: room.default_nick,
            job: "chat".into(),
        }
    }

    #[test]
    fn a_wrong_field_is_named_before_anything_starts() {
        assert_eq!(config().check(), Ok(()));
        let refusal = |config: ChatConfig| config.check().unwrap_err().to_string();
        let wrong = ChatConfig {
            content_topic: "chat".into(),
            ..config()
        };
        assert_eq!(
            refusal(wrong),
            "content_topic is not valid: /APPLICATION/VERSION/NAME/ENCODING"
        );
        let wrong = ChatConfig {
            pubsub_topic: Some(String::new()),
            ..config()
        };
        assert_eq!(refusal(wrong), "pubsub_topic is empty");
        let wrong = ChatConfig {
            nick: " ".into(),
            ..config()
        };
        assert_eq!(refusal(wrong), "nick is empty");
        let wrong = ChatConfig {
            job: String::new(),
            ..config()
        };
        assert_eq!(refusal(wrong), "job is empty");
    }
}
