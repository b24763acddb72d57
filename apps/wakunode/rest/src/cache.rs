//! Messages that wait to be read, as nwaku keeps them.
//!
//! A message comes in if its pubsub topic or its content topic is subscribed to, and then can be read once by either,
//! whichever is asked first. All topics share the room; in a full cache the message with the smallest timestamp gives
//! way. Knows no network.

use std::collections::{HashSet, VecDeque};

use waku_api::WakuMessage;

use crate::limits::{MAX_CACHE_TOPICS, MAX_SEEN_TOPICS};

pub(crate) struct Cache {
    capacity: usize,
    shards: Topics,
    contents: Topics,
    messages: VecDeque<Waiting>,
}

struct Waiting {
    pubsub_topic: String,
    message: WakuMessage,
    /// Whether it can be read by its pubsub topic.
    by_shard: bool,
    /// Whether it can be read by its content topic.
    by_content: bool,
}

/// The topics of one kind.
#[derive(Default)]
pub(crate) struct Topics {
    subscribed: HashSet<String>,
    /// Topics of messages that came in by their other topic.
    seen: VecDeque<String>,
}

/// Too many topics are subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_CACHE_TOPICS} topics")]
pub(crate) struct TooManyTopics;

impl Topics {
    fn knows(&self, topic: &str) -> bool {
        self.subscribed.contains(topic) || self.seen.iter().any(|it| it == topic)
    }

    fn see(&mut self, topic: &str) {
        if !self.knows(topic) {
            if self.seen.len() >= MAX_SEEN_TOPICS {
                self.seen.pop_front();
            }
            self.seen.push_back(topic.to_owned());
        }
    }

    /// Subscribes to those that are not yet.
    pub(crate) fn subscribe(&mut self, topics: &[String]) -> Result<(), TooManyTopics> {
        let fresh: HashSet<&String> = topics
            .iter()
            .filter(|it| !self.subscribed.contains(*it))
            .collect();
        if self.subscribed.len() + fresh.len() > MAX_CACHE_TOPICS {
            return Err(TooManyTopics);
        }
        self.subscribed.extend(fresh.into_iter().cloned());
        Ok(())
    }

    fn forget(&mut self, topic: &str) {
        self.subscribed.remove(topic);
        self.seen.retain(|it| it != topic);
    }

    /// The topics that are subscribed to.
    pub(crate) fn subscribed(&self) -> Vec<String> {
        self.subscribed.iter().cloned().collect()
    }
}

impl Cache {
    /// A cache of so many messages.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            shards: Topics::default(),
            contents: Topics::default(),
            messages: VecDeque::new(),
        }
    }

    /// The pubsub topics.
    pub(crate) fn shards(&mut self) -> &mut Topics {
        &mut self.shards
    }

    /// The content topics.
    pub(crate) fn contents(&mut self) -> &mut Topics {
        &mut self.contents
    }

    /// Takes a pubsub topic back. Its messages can still be read by their content topics.
    pub(crate) fn unsubscribe_shard(&mut self, topic: &str) {
        self.shards.forget(topic);
        let mine = |it: &Waiting| it.pubsub_topic == topic;
        self.messages
            .iter_mut()
            .filter(|it| mine(it))
            .for_each(|it| it.by_shard = false);
        self.messages.retain(Waiting::can_be_read);
    }

    /// Takes a content topic back. Its messages can still be read by their pubsub topics.
    pub(crate) fn unsubscribe_content(&mut self, topic: &str) {
        self.contents.forget(topic);
        let mine = |it: &Waiting| it.message.content_topic == topic;
        self.messages
            .iter_mut()
            .filter(|it| mine(it))
            .for_each(|it| it.by_content = false);
        self.messages.retain(Waiting::can_be_read);
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// Takes a message in, if it is wanted and not there yet.
    pub(crate) fn add(&mut self, pubsub_topic: &str, message: &WakuMessage) {
        let wanted = self.shards.subscribed.contains(pubsub_topic)
            || self.contents.subscribed.contains(&message.content_topic);
        if self.capacity == 0 || !wanted || self.messages.iter().any(|it| it.message == *message) {
            return;
        }
        self.shards.see(pubsub_topic);
        self.contents.see(&message.content_topic);
        if self.messages.len() >= self.capacity {
            let oldest = self
                .messages
                .iter()
                .enumerate()
                .min_by_key(|(_, it)| it.message.timestamp);
            if let Some(index) = oldest.map(|(index, _)| index) {
                self.messages.remove(index);
            }
        }
        self.messages.push_back(Waiting {
            pubsub_topic: pubsub_topic.to_owned(),
            message: message.clone(),
            by_shard: true,
            by_content: true,
        });
    }

    /// Takes out the messages of a pubsub topic, in the order in which they came; `None` if it is not known.
    pub(crate) fn take_shard(&mut self, topic: &str) -> Option<Vec<WakuMessage>> {
        self.shards
            .knows(topic)
            .then(|| self.take(|it| it.by_shard && it.pubsub_topic == topic))
    }

    /// Takes out the messages of a content topic.
    pub(crate) fn take_content(&mut self, topic: &str) -> Option<Vec<WakuMessage>> {
        self.contents
            .knows(topic)
            .then(|| self.take(|it| it.by_content && it.message.content_topic == topic))
    }

    fn take(&mut self, goes: impl Fn(&Waiting) -> bool) -> Vec<WakuMessage> {
        let all = std::mem::take(&mut self.messages);
        let (taken, stay): (VecDeque<_>, VecDeque<_>) = all.into_iter().partition(goes);
        self.messages = stay;
        taken.into_iter().map(|it| it.message).collect()
    }
}

impl Waiting {
    fn can_be_read(&self) -> bool {
        self.by_shard || self.by_content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: &str = "/waku/2/rs/1/0";
    const OTHER: &str = "/waku/2/rs/1/1";

    fn message(text: &str, content_topic: &str, timestamp: i64) -> WakuMessage {
        WakuMessage {
            payload: text.as_bytes().into(),
            content_topic: content_topic.into(),
            version: 0,
            timestamp,
            meta: None,
            ephemeral: false,
            proof: None,
        }
    }

    fn on_shard(capacity: usize) -> Cache {
        let mut cache = Cache::new(capacity);
        cache.shards().subscribe(&[SHARD.into()]).unwrap();
        cache
    }

    #[test]
    fn reading_drains_and_a_message_is_read_by_one_of_its_topics() {
        let mut cache = on_shard(9);
        let (one, two) = (message("1", "/a", 1), message("2", "/b", 2));
        cache.add(SHARD, &one);
        cache.add(SHARD, &two);
        cache.add(SHARD, &two);
        cache.add(OTHER, &message("3", "/a", 3));
        assert_eq!(cache.take_content("/b"), Some(vec![two]));
        assert_eq!(cache.take_shard(SHARD), Some(vec![one]));
        assert_eq!(cache.take_shard(SHARD), Some(vec![]));
        assert_eq!((cache.take_shard(OTHER), cache.take_content("/c")), (None, None));
        assert_eq!(cache.take_content("/a"), Some(vec![]), "it was seen");
    }

    #[test]
    fn the_oldest_of_all_topics_gives_way_whoever_comes() {
        let mut cache = on_shard(2);
        for (text, timestamp) in [("1", 5), ("2", 9), ("3", 7)] {
            cache.add(SHARD, &message(text, "/a", timestamp));
        }
        let times = |messages: Vec<WakuMessage>| messages.iter().map(|it| it.timestamp).collect::<Vec<_>>();
        assert_eq!(times(cache.take_shard(SHARD).unwrap()), [9, 7]);
        let mut none = on_shard(0);
        none.add(SHARD, &message("1", "/a", 5));
        assert_eq!(none.take_shard(SHARD), Some(vec![]));
    }

    #[test]
    fn what_is_taken_back_by_one_topic_stays_for_the_other() {
        let mut cache = on_shard(9);
        cache.contents().subscribe(&["/a".into()]).unwrap();
        cache.add(SHARD, &message("1", "/a", 1));
        cache.unsubscribe_shard(SHARD);
        assert_eq!(cache.take_shard(SHARD), None);
        cache.add(SHARD, &message("2", "/b", 2));
        assert_eq!(cache.take_content("/b"), None, "nothing wants it");
        cache.add(SHARD, &message("3", "/a", 3));
        cache.shards().subscribe(&[SHARD.into()]).unwrap();
        cache.unsubscribe_content("/a");
        let times: Vec<_> = cache
            .take_shard(SHARD)
            .unwrap()
            .iter()
            .map(|it| it.timestamp)
            .collect();
        assert_eq!(
            times,
            [3],
            "the first one could be read by its content topic only"
        );
        cache.reset();
        assert_eq!(cache.take_shard(SHARD), None);
    }

    #[test]
    fn topics_are_bounded() {
        let mut cache = Cache::new(2);
        let topics: Vec<String> = (0..=MAX_CACHE_TOPICS)
            .map(|number| format!("/{number}"))
            .collect();
        assert_eq!(cache.contents().subscribe(&topics), Err(TooManyTopics));
        cache.contents().subscribe(&topics[1..]).unwrap();
        assert_eq!(cache.contents().subscribe(&topics[..1]), Err(TooManyTopics));
        let mut cache = on_shard(1);
        for number in 0..=MAX_SEEN_TOPICS {
            cache.add(SHARD, &message("1", &format!("/{number}"), 1 + number as i64));
        }
        assert_eq!(cache.take_content("/0"), None, "the oldest topic is forgotten");
        assert_eq!(cache.take_content("/1"), Some(vec![]));
    }
}
