//! Which conversation a room is.

use crate::{
    error::{ChatError, check_len},
    limits::MAX_TOPIC_BYTES,
    nick::Nickname,
};

/// Topics and defaults of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomConfig {
    /// The relay topic that carries the room, `/waku/2/rs/CLUSTER/SHARD`.
    pub pubsub_topic: String,
    /// The content topic of the conversation, `/APPLICATION/VERSION/NAME/ENCODING` (spec 23/WAKU2-TOPICS).
    pub content_topic: String,
    /// The nickname until one is set.
    pub default_nick: String,
}

impl Default for RoomConfig {
    /// Toy chat on the default shard of cluster 0 (spec 22/TOY-CHAT).
    fn default() -> Self {
        Self {
            pubsub_topic: "/waku/2/rs/0/0".into(),
            content_topic: "/toy-chat/2/huilong/proto".into(),
            default_nick: "anonymous".into(),
        }
    }
}

impl RoomConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks its rule, by name.
    pub fn validate(&self) -> Result<(), ChatError> {
        check_topic("pubsub_topic", &self.pubsub_topic)?;
        check_topic("content_topic", &self.content_topic)?;
        let parts: Vec<&str> = self.content_topic.split('/').skip(1).collect();
        if !self.content_topic.starts_with('/')
            || !(4..=5).contains(&parts.len())
            || parts.iter().any(|part| part.is_empty())
        {
            return Err(ChatError::Malformed {
                field: "content_topic",
                expected: "/APPLICATION/VERSION/NAME/ENCODING",
            });
        }
        Nickname::new(&self.default_nick).map(drop)
    }
}

fn check_topic(field: &'static str, topic: &str) -> Result<(), ChatError> {
    if topic.is_empty() {
        return Err(ChatError::Empty { field });
    }
    check_len(field, topic.len(), MAX_TOPIC_BYTES, "bytes")?;
    match topic.find(char::is_control) {
        Some(at) => Err(ChatError::ControlCharacter { field, at }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_topic(content_topic: &str) -> Result<(), ChatError> {
        RoomConfig {
            content_topic: content_topic.into(),
            ..RoomConfig::default()
        }
        .validate()
    }

    #[test]
    fn topics_have_four_or_five_parts() {
        assert_eq!(with_topic("/toy-chat/3/mingde/proto"), Ok(()));
        assert_eq!(with_topic("/0/toy-chat/3/mingde/proto"), Ok(()));
        for bad in [
            "toy-chat/3/mingde/proto",
            "/toy-chat/3/mingde",
            "/a//b/c",
            "/a/b/c/d/e/f",
            "/",
        ] {
            assert_eq!(
                with_topic(bad).unwrap_err().to_string(),
                "content_topic is not valid: /APPLICATION/VERSION/NAME/ENCODING"
            );
        }
    }

    #[test]
    fn a_bad_field_is_named() {
        let config = RoomConfig::default();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(with_topic("").unwrap_err().to_string(), "content_topic is empty");
        assert_eq!(
            with_topic("/a/b\0/c/d").unwrap_err().to_string(),
            "content_topic holds a control character at byte 4"
        );
        let long = RoomConfig {
            pubsub_topic: "/".repeat(257),
            ..config.clone()
        };
        assert_eq!(
            long.validate().unwrap_err().to_string(),
            "pubsub_topic is 257 bytes long, the limit is 256"
        );
        let nameless = RoomConfig {
            default_nick: " ".into(),
            ..config
        };
        assert_eq!(nameless.validate().unwrap_err().to_string(), "nick is empty");
    }
}
