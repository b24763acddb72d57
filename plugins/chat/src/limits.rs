//! Every bound of the chat engine, in one place.

use std::time::Duration;

/// Longest nickname we give ourselves, in Unicode characters. Nicknames of others are kept as they came.
pub const MAX_NICK_CHARS: usize = 32;

/// Longest text that can be sent, in bytes of UTF-8. Far below the relay's message size, because large
/// messages travel slowly through a gossip mesh.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// Largest received payload, in bytes: the size of a whole message that Waku relays carry by default.
pub const MAX_PAYLOAD_BYTES: usize = 150 * 1024;

/// Longest content or pubsub topic, in bytes.
pub const MAX_TOPIC_BYTES: usize = 256;

/// Most messages in one page of history.
pub const MAX_PAGE: usize = 200;

/// A page of history ends early once its records exceed this many bytes, so that an answer stays small
/// however long the messages are.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Rows asked from the store at a time while a page is put together.
pub const SCAN_CHUNK: usize = 32;

/// Message hashes remembered in memory to recognise a repeat without asking the store.
pub const MAX_RECENT: usize = 1024;

/// How many seconds ahead of the clock a timestamp may be set to tell equal texts of one second apart.
/// Store nodes refuse messages more than 20 seconds ahead.
pub const MAX_SECONDS_AHEAD: u64 = 10;

/// How often something is tried when the module that it needs is away, for example to store a message that came in.
pub const AWAY_TRIES: u32 = 6;

/// The pause before the second try; each further one is twice as long.
pub const AWAY_FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause before a try.
pub const AWAY_LONGEST_PAUSE: Duration = Duration::from_secs(2);
