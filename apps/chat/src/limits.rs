//! Every bound of the terminal chat, in one place.

use std::time::Duration;

/// Messages and notices that the list holds; beyond it the oldest leave (they stay in the history).
pub const MAX_ENTRIES: usize = 5000;

/// Rows that one message may take on the screen.
pub const MAX_ROWS: usize = 200;

/// Bytes of one message that are shown.
pub const MAX_SHOWN_BYTES: usize = 8 * 1024;

/// Characters of a sender's nickname that are shown.
pub const MAX_SHOWN_NICK: usize = 32;

/// Bytes in the input line: the longest text that the chat module sends.
pub const MAX_INPUT_BYTES: usize = 32 * 1024;

/// Input lines that the up arrow brings back.
pub const MAX_RECALL: usize = 100;

/// Messages asked for at once when older ones come into sight, and by `/history` alone.
pub const HISTORY_PAGE: usize = 50;

/// Most messages that `/history N` asks for: the largest page of the chat module.
pub const MAX_HISTORY: usize = 200;

/// Messages on their way out at a time.
pub const MAX_QUEUED_SENDS: usize = 64;

/// Other requests under way at a time.
pub const MAX_REQUESTS: usize = 16;

/// How long a request may take.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// How long a swap may take: it starts a module, drains the old one and moves its state.
pub const SWAP_DEADLINE: Duration = Duration::from_secs(120);

/// How long leaving waits for messages that are on their way out.
pub const EXIT_DEADLINE: Duration = Duration::from_secs(2);

/// Shortest time between two drawings of the screen.
pub const FRAME: Duration = Duration::from_millis(16);
