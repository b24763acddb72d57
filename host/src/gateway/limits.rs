//! Every bound of the control socket, in one place.

use std::time::Duration;

/// The longest line that a client may send, in bytes: bytes are two digits each, and a call has little else.
pub const LINE: usize = 2 * crate::limits::PAYLOAD;
/// The longest line that a client of this crate takes, in bytes: an answer carries its bytes as text.
pub const ANSWER_LINE: usize = 512 << 20;
/// The most connections at the same time.
pub const CONNECTIONS: usize = 64;
/// The most requests that may be under way on one connection; the next is answered `busy`.
pub const REQUESTS: usize = 64;
/// The most requests of one batch.
pub const BATCH: usize = 64;
/// The most subscriptions of one connection.
pub const SUBSCRIPTIONS: usize = 64;
/// The events that wait for a reader that is slow; what comes then is dropped and counted.
pub const EVENTS: u32 = 1024;
/// The lines that wait to be written to one connection.
pub const OUTGOING: usize = 16;
/// The notifications that a client keeps while it waits for an answer.
pub const KEPT_NOTIFICATIONS: usize = 4096;
/// The longest path of a socket, in bytes: what every Unix has room for, the final zero left out.
pub const SOCKET_PATH: usize = 103;
/// How long a host that holds the socket may take to accept, when another one looks whether it lives.
pub const PROBE: Duration = Duration::from_secs(2);
/// How long a connection beyond the limit may take to read why it is closed.
pub const REFUSAL: Duration = Duration::from_secs(2);
/// The pause after the system refused to accept a connection.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often the log is looked at for those who follow it.
pub const LOG_POLL: Duration = Duration::from_millis(100);
/// How often the host is asked whether somebody wants it to stop.
pub const STOP_WATCH: Duration = Duration::from_millis(500);
