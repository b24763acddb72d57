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

/// How long modules whose first start failed may take to become ready by being restarted.
pub const START_DEADLINE: Duration = Duration::from_secs(5);

/// How long the modules may take to stop, all together.
pub const STOP_DEADLINE: Duration = Duration::from_secs(20);

/// Messages that wait between the host and the screen; beyond it the oldest leave, and the screen says so.
pub const EVENT_QUEUE: u32 = 4096;

/// What a session tells that may wait for who reads it.
pub const SESSION_QUEUE: usize = 256;

/// How often the states of the modules are looked at.
pub const STATE_INTERVAL: Duration = Duration::from_millis(200);

/// How often other chats on this machine are looked for.
pub const NEIGHBOUR_INTERVAL: Duration = Duration::from_secs(1);

/// How long one connection to another chat on this machine may take.
pub const NEIGHBOUR_DEADLINE: Duration = Duration::from_secs(5);

/// Other chats on this machine that are looked at.
pub const MAX_NEIGHBOURS: usize = 64;

/// Bytes of the file in which a chat tells its address.
pub const MAX_ADDRESS_BYTES: u64 = 512;

/// Chats of one person on one machine that find a data folder of their own.
pub const MAX_INSTANCES: usize = 32;

/// Files of the plugin folder that a swap looks at.
pub const MAX_PLUGIN_FILES: usize = 4096;

/// Bytes of one line of a pipe.
pub const MAX_PIPE_LINE: usize = 1 << 20;

/// Requests of a pipe under way at a time.
pub const MAX_PIPE_REQUESTS: usize = 64;

/// Bytes of the log file of one run; what comes later is left out.
pub const MAX_LOG_BYTES: usize = 8 << 20;

/// How long an unattended conversation may take as a whole.
pub const UNATTENDED_DEADLINE: Duration = Duration::from_secs(600);

/// How long an unattended conversation waits for one thing: a start, a connection, a message, an exit.
pub const STEP_DEADLINE: Duration = Duration::from_secs(90);

/// Messages that each of the two has under way at a time.
pub const UNATTENDED_WINDOW: usize = 8;
