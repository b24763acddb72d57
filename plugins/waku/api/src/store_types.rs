//! What is asked of a store, and what it answers.

use backplane_sdk::record;

use crate::{MessageHash, WakuMessage};

/// Which messages to read, and how many at once. Filters that are set hold together.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreQuery {
    /// Only messages of these content topics; all if it is empty. Deployed nodes take at most 10, this one 256, and 10
    /// with a cursor.
    #[default([])]
    pub content_topics: Vec<String>,
    /// Only messages of this pubsub topic.
    pub pubsub_topic: Option<String>,
    /// Only messages whose timestamp is this one or later, in nanoseconds since the Unix epoch.
    pub time_start: Option<i64>,
    /// Only messages whose timestamp is this one or earlier.
    pub time_end: Option<i64>,
    /// Only messages of these hashes; all if it is empty. About 7000 get through to a peer.
    #[default([])]
    pub hashes: Vec<MessageHash>,
    /// Goes on behind this message: the `cursor` of the page before.
    pub cursor: Option<MessageHash>,
    /// From the oldest to the newest, or back.
    #[default(true)]
    pub forward: bool,
    /// Messages of one page: 20 if it is left out, at most 100. A page also ends at about 3.5 MiB.
    pub limit: Option<u32>,
    /// Whether the messages shall come along, or their hashes alone.
    #[default(true)]
    pub include_data: bool,
}

/// Some messages, the oldest first whichever way is asked for. They are ordered by timestamp, then by hash.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePage {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// Where the next page goes on; null if there is no more.
    pub cursor: Option<MessageHash>,
}

/// A message in a store.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its hash, as the store gives it.
    pub hash: MessageHash,
    /// The message; null if it was not asked for.
    pub message: Option<WakuMessage>,
    /// The shard on which it travelled; null if the message was not asked for.
    pub pubsub_topic: Option<String>,
}

/// The number of messages in an archive, and counts since it was opened.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveFigures {
    /// Messages that are there.
    pub messages: u64,
    /// Messages that were committed.
    pub stored: u64,
    /// Messages that were there already.
    pub duplicates: u64,
    /// Messages that were ephemeral, too old or of the future.
    pub refused: u64,
    /// Messages that the queue had no room for.
    pub missed: u64,
    /// Messages that the store did not take.
    pub failed: u64,
    /// Messages that retention removed.
    pub removed: u64,
    /// Queries that were worked on, of peers and others.
    pub queries: u64,
}
