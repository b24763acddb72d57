//! Every bound of the host, in one place.

use std::time::Duration;

/// The most modules that a host holds at the same time, the front ends included. Slots travel as 16 bits.
pub const MODULES: usize = 1024;
/// The most interfaces that one module or front end may bind.
pub const BINDINGS: usize = 256;
/// The most threads that may be inside one module, and the most calls that it may have deferred; the next is
/// answered `BUSY`.
pub const IN_FLIGHT: u64 = 4096;
/// The most calls that wait for a module which is being swapped; the next is answered `BUSY`.
pub const QUEUED_CALLS: usize = 4096;
/// The most bytes of arguments and attachments that wait with them: two of the largest calls. So much memory may each
/// module take that is being swapped, for as long as that lasts.
pub const QUEUED_BYTES: usize = 2 * PAYLOAD;
/// The largest arguments or answer of one call, attachments not counted, in bytes: the largest batch of `storage.kv`, with
/// its encoding.
pub const PAYLOAD: usize = 72 << 20;
/// The most attachments of one call.
pub const ATTACHMENTS: usize = 1024;
/// The most events that wait for room in one full queue whose policy is to block.
pub const BLOCKED_EVENTS: usize = 1024;
/// The most events that a generation may publish before it is let in.
pub const HELD_EVENTS: usize = 256;
/// The most calls and events that wait for the thread of a module whose code runs on one thread only; the next
/// is answered `BUSY`.
pub const OWN_THREAD_JOBS: usize = 1024;
/// How many events are taken from a queue at a time.
pub const EVENT_BATCH: usize = 64;
/// The longest that a caller waits who sets no deadline, where the method does not say either.
pub const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// The longest that a publisher waits for room, when it serves no call with an earlier deadline.
pub const EMIT_DEADLINE: Duration = Duration::from_secs(30);
/// The most bytes of items that wait in one stream, unless a single item is larger.
pub const STREAM_WINDOW: usize = 1 << 20;
/// The most items that wait in one stream.
pub const STREAM_ITEMS: usize = 1024;
/// The largest item of a stream, in bytes.
pub const STREAM_ITEM: usize = 1 << 20;
/// The most streams that one module or front end may have opened that exist; the next is refused with `BUSY`.
pub const STREAMS: usize = 256;
/// The longest that the end of a stream waits for the other one, when it serves no call with an earlier deadline.
pub const STREAM_WAIT: Duration = Duration::from_secs(60);
/// The most items of one stream that an answer in JSON holds.
pub const JSON_STREAM_ITEMS: usize = 100_000;
/// The most bytes of encoded items of the streams that an answer in JSON holds.
pub const JSON_STREAM_BYTES: usize = 16 << 20;
/// How long an event handler may take before the event counts as failed.
pub const EVENT_DEADLINE: Duration = Duration::from_secs(30);
/// How long cancelled calls may take to end before they are abandoned.
pub const CANCEL_GRACE: Duration = Duration::from_millis(500);
/// How long threads that look into a module may keep its generation from being exchanged.
pub const EXCHANGE: Duration = Duration::from_millis(500);
/// How soon event delivery looks again at a module that had no room.
pub const DELIVERY_RETRY: Duration = Duration::from_millis(1);
/// How long an answer of `TIMEOUT` is kept for a caller that has not asked for it.
pub const UNCLAIMED_ANSWER: Duration = Duration::from_secs(5);
/// The lines of log that are kept for those who ask later.
pub const LOG_LINES: usize = 4096;
/// The lines of log that one module may write in a second; what is more is counted and dropped.
pub const LOG_LINES_PER_SECOND: u64 = 1000;
/// The entries of the audit log that are kept of each kind: grants, refusals, and uses of sensitive methods.
pub const AUDIT_ENTRIES: usize = 4096;
/// For how long the same refusal, or the same use, is counted in one entry of the audit log.
pub const AUDIT_REPEAT: Duration = Duration::from_secs(1);
/// The most modules that are gone for good of which a module has not heard yet; with more the oldest gives way.
pub const LOSSES: usize = 64;
/// The longest that a module waits for the next of them before it has to ask anew.
pub const LOSS_WAIT: Duration = Duration::from_secs(3600);
/// The longest reason that a module gives for stopping the host, in characters; the rest is left out.
pub const STOP_REASON: usize = 1024;
/// The state changes that are kept for those who ask later.
pub const STATE_CHANGES: usize = 1024;

/// The largest frame between a host and a module that runs elsewhere, in bytes: the largest payload, and attachments.
pub const FRAME: usize = PAYLOAD + (24 << 20);
/// The most bytes that wait to be sent to the other side of such a wire; with more a call is answered `BUSY`.
pub const WIRE_QUEUE: usize = 64 << 20;
/// The most threads that read one wire, all but one of them because a plugin waits where it must not.
pub const WIRE_THREADS: usize = 8;
/// How long the thread that reads a wire may be busy before another one takes over.
pub const WIRE_STUCK: Duration = Duration::from_millis(100);
/// How soon something is sent again for which there was no room.
pub const WIRE_RETRY: Duration = Duration::from_millis(5);
/// The most bytes of one stream that are under way, unless a single item is larger.
pub const WIRE_STREAM_ROOM: u32 = 256 << 10;
/// What a piece of such a stream takes of that room at the least, in bytes, however few its items have.
pub const WIRE_STREAM_PIECE: u32 = 256;
/// The most pieces of one stream that wait on the side that takes them in: as many as there is room for, and the end.
pub const WIRE_STREAM_PIECES: usize = WIRE_STREAM_ROOM.div_ceil(WIRE_STREAM_PIECE) as usize + 1;
/// How often the host asks the other side whether it is there.
pub const WIRE_PULSE: Duration = Duration::from_secs(1);
/// How long the other side may leave that unanswered.
pub const WIRE_SILENCE: Duration = Duration::from_secs(20);
/// How long the other side may take for its first word.
pub const WIRE_GREETING: Duration = Duration::from_secs(10);
/// The largest first word, in bytes.
pub const WIRE_GREETING_BYTES: usize = 4 << 20;
/// How long a module that runs elsewhere waits to be heard by its host.
pub const WIRE_PATIENCE: Duration = Duration::from_secs(30);
/// How long the process of a module may take to end once it is not needed any more, before it is killed.
pub const PROCESS_END: Duration = Duration::from_secs(2);
/// The longest line that the process of a module writes to its error output, in bytes; the rest is another line.
pub const PROCESS_LINE: usize = 8 << 10;
/// The longest text of a line of the log that comes over a wire, in bytes.
pub const WIRE_LOG_TEXT: usize = 8 << 10;
/// How long the process of a module may take to show how it ended, once its connection is gone, before it is killed.
pub const PROCESS_STATUS: Duration = Duration::from_millis(100);
/// The most lifecycle functions that wait for the module in a process of its own.
pub const PROCESS_JOBS: usize = 16;
