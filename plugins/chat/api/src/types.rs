//! What goes in and comes out.

use std::fmt;

use backplane_sdk::{Fixed, record};

/// The name of a message: its deterministic hash (14/WAKU2-MESSAGE).
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash(pub Fixed<32>);

/// A place in the history. Cursors sort as the history does.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub Fixed<40>);

/// One message of the history.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its hash, its identity.
    pub hash: MessageHash,
    /// Its place in the history.
    pub cursor: Cursor,
    /// The time that it is filed under: Unix, in nanoseconds. That of the Waku message; if that has none, the sender's
    /// claim; if there is none either, 0.
    pub timestamp: i64,
    /// When the sender claims to have sent it: Unix, in seconds.
    pub sent_at: i64,
    /// When it came in here, or was written here: Unix, in nanoseconds.
    pub received_at: i64,
    /// The sender's nickname as it came; empty if `raw`.
    pub nick: String,
    /// The text as it came.
    pub text: String,
    /// The payload was no message of toy chat, and is shown as plain text.
    #[default(false)]
    pub raw: bool,
    /// Which way it went.
    pub direction: Direction,
    /// A relay has it. False only for a message that was written here and that no relay took, as far as is known.
    pub published: bool,
}

/// Which way a message went.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody else's, or ours from another device.
    Incoming,
    /// Written here.
    Outgoing,
}

/// Consecutive messages, oldest first.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// Where to go on in the same direction; null if there is no more.
    pub next: Option<Cursor>,
    /// Records in this part of the history that could not be read, because they are damaged or of a later format.
    #[default(0)]
    pub unreadable: u32,
}

/// What the room is, and what it has counted since the first start of this module, swaps included.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInfo {
    /// The content topic of the conversation.
    pub content_topic: String,
    /// The pubsub topic that carries it.
    pub pubsub_topic: String,
    /// Our nickname.
    pub nick: String,
    /// Messages written here.
    pub sent: u64,
    /// New messages of others.
    pub received: u64,
    /// Repeats that were recognised.
    pub duplicates: u64,
}

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
