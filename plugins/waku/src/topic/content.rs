use std::{fmt, str::FromStr};

use super::TopicError;

/// A content topic: `/{application}/{version}/{name}/{encoding}`, with a generation in front if there are five parts.
///
/// ```
/// use waku_plugin::ContentTopic;
/// let topic: ContentTopic = "/toy-chat/2/huilong/proto".parse().unwrap();
/// assert_eq!((topic.application(), topic.generation()), ("toy-chat", None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentTopic {
    generation: Option<u32>,
    application: String,
    version: String,
    name: String,
    encoding: String,
}

impl ContentTopic {
    /// Version of the sharding rule. Absent means 0, the only one there is.
    pub fn generation(&self) -> Option<u32> {
        self.generation
    }

    /// The application's name.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The application's version of its topics.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the messages are for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How payloads are encoded.
    pub fn encoding(&self) -> &str {
        &self.encoding
    }
}

impl FromStr for ContentTopic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let parts: Vec<&str> = text
            .strip_prefix('/')
            .ok_or(TopicError::NoLeadingSlash)?
            .split('/')
            .collect();
        let (generation, parts) = match parts[..] {
            [a, b, c, d] => (None, [a, b, c, d]),
            [generation, a, b, c, d] => (Some(parse_generation(generation)?), [a, b, c, d]),
            _ => return Err(TopicError::PartCount(parts.len())),
        };
        const NAMES: [&str; 4] = ["application", "version", "name", "encoding"];
        if let Some(empty) = parts.iter().position(|part| part.is_empty()) {
            return Err(TopicError::EmptyPart(NAMES[empty]));
        }
        let [application, version, name, encoding] = parts.map(str::to_owned);
        Ok(Self {
            generation,
            application,
            version,
            name,
            encoding,
        })
    }
}

fn parse_generation(text: &str) -> Result<u32, TopicError> {
    if text.is_empty() {
        return Err(TopicError::EmptyPart("generation"));
    }
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse()
        .ok()
        .filter(|_| canonical)
        .ok_or_else(|| TopicError::Generation(text.to_owned()))
}

impl fmt::Display for ContentTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(generation) = self.generation {
            write!(f, "/{generation}")?;
        }
        write!(
            f,
            "/{}/{}/{}/{}",
            self.application, self.version, self.name, self.encoding
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        text.parse::<ContentTopic>().unwrap_err().to_string()
    }

    #[test]
    fn four_and_five_parts() {
        let short: ContentTopic = "/waku/2/default-content/proto".parse().unwrap();
        assert_eq!(
            (
                short.application(),
                short.version(),
                short.name(),
                short.encoding(),
                short.generation()
            ),
            ("waku", "2", "default-content", "proto", None)
        );
        let long: ContentTopic = "/0/waku/2/default-content/proto".parse().unwrap();
        assert_eq!((long.application(), long.generation()), ("waku", Some(0)));
    }

    #[test]
    fn errors_name_the_part() {
        assert_eq!(error("waku/2/a/b"), "topic must start with slash");
        assert_eq!(error(""), "topic must start with slash");
        assert_eq!(
            error("/waku/2/a"),
            "content topic must have 4 or 5 parts, found 3"
        );
        assert_eq!(
            error("/0/waku/2/a/b/c"),
            "content topic must have 4 or 5 parts, found 6"
        );
        assert_eq!(error("/waku//a/b"), "content topic part version is empty");
        assert_eq!(error("/waku/2/a/"), "content topic part encoding is empty");
        assert_eq!(error("//waku/2/a/b"), "content topic part generation is empty");
        assert_eq!(
            error("/x/waku/2/a/b"),
            "content topic generation is not a number: x"
        );
        assert_eq!(
            error("/-1/waku/2/a/b"),
            "content topic generation is not a number: -1"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_or_refused(text in "/?[0-9a-z/é]{0,30}") {
            if let Ok(topic) = text.parse::<ContentTopic>() {
                prop_assert_eq!(topic.to_string(), text);
            }
        }

        #[test]
        fn well_formed_topics_are_accepted(parts in proptest::collection::vec("[^/]{1,8}", 4), generation: Option<u32>) {
            let mut text = generation.map(|number| format!("/{number}")).unwrap_or_default();
            for part in &parts {
                text.push('/');
                text.push_str(part);
            }
            let topic: ContentTopic = text.parse().unwrap();
            prop_assert_eq!(topic.generation(), generation);
            prop_assert_eq!(topic.to_string(), text);
        }
    }
}
