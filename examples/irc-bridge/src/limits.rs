//! Every bound of the bridge.

use std::time::Duration;

/// The longest line that is read: 512 bytes, and as many tags as IRCv3 allows.
pub(crate) const MAX_LINE_BYTES: usize = 512 + 8191;
/// The most text in a line that is written. The server puts our prefix in front, and all of it has 512 bytes at most.
pub(crate) const MAX_TEXT_BYTES: usize = 380;
/// How much of a nickname of the chat is put in front of its text.
pub(crate) const MAX_NICK_CHARS: usize = 32;
/// How many lines one message of the chat may become; what is beyond is left out, and `…` says so.
pub(crate) const MAX_LINES: usize = 4;
/// How many lines wait for the connection, and how many for the chat. Further ones are dropped and counted.
pub(crate) const QUEUE: usize = 64;
/// How many of our own messages are remembered until the chat tells them: as many as its events may wait.
pub(crate) const PENDING: usize = 256;
/// How long connecting, and then registering, may take each.
pub(crate) const CONNECT: Duration = Duration::from_secs(20);
/// After how long a silence the server is asked whether it is there; after as much again it is gone.
pub(crate) const SILENCE: Duration = Duration::from_secs(120);
/// How long writing a line may take.
pub(crate) const WRITE: Duration = Duration::from_secs(20);
/// The wait before connecting again, at first and at most; it doubles.
pub(crate) const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// How many lines may be written at once, and how long it takes until one more may: servers end floods.
pub(crate) const PACE: (u32, Duration) = (5, Duration::from_millis(700));
/// How often another nickname is tried where ours is taken.
pub(crate) const NICK_ATTEMPTS: usize = 3;
/// How long saying goodbye may take.
pub(crate) const GOODBYE: Duration = Duration::from_secs(2);
/// The longest nickname and channel, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 50;
