//! What is asked of a store, and what it answers.

use crate::{
    MessageHash, WakuMessage,
    limits::{STORE_PAGE, STORE_PAGE_CEILING},
};

/// Which messages to read, and how many at once. Filters that are set hold together; the default asks for the oldest
/// page of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreQuery {
    /// Whether the messages shall come along, or their hashes alone.
    pub include_data: bool,
    /// Only messages of this pubsub topic.
    pub pubsub_topic: Option<String>,
    /// Only messages of these content topics; all if it is empty.
    pub content_topics: Vec<String>,
    /// Only messages whose timestamp is this one or later, in nanoseconds since 1970.
    pub time_start: Option<i64>,
    /// Only messages whose timestamp is this one or earlier.
    pub time_end: Option<i64>,
    /// Only messages of these hashes; all if it is empty.
    pub hashes: Vec<MessageHash>,
    /// Goes on behind this message: the [`cursor`](StorePage::cursor) of the page before.
    pub cursor: Option<MessageHash>,
    /// From the oldest to the newest, or back.
    pub forward: bool,
    /// Messages of one page: 20 if not set or 0, at most 100.
    pub limit: Option<u64>,
}

impl Default for StoreQuery {
    fn default() -> Self {
        Self {
            include_data: true,
            pubsub_topic: None,
            content_topics: Vec::new(),
            time_start: None,
            time_end: None,
            hashes: Vec::new(),
            cursor: None,
            forward: true,
            limit: None,
        }
    }
}

impl StoreQuery {
    /// How many messages a page has at most.
    pub(crate) fn page(&self) -> usize {
        match self.limit {
            None | Some(0) => STORE_PAGE,
            Some(limit) => usize::try_from(limit)
                .unwrap_or(usize::MAX)
                .min(STORE_PAGE_CEILING),
        }
    }
}

/// Some messages, the oldest first whichever way is asked for. They are ordered by timestamp, then by hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorePage {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// Where the next page goes on; `None` if there is no more.
    pub cursor: Option<MessageHash>,
}

/// A message in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its hash.
    pub hash: MessageHash,
    /// The message, if it was asked for.
    pub message: Option<WakuMessage>,
    /// The pubsub topic, if the message was asked for.
    pub pubsub_topic: Option<String>,
}
