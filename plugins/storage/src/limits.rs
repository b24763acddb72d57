//! Every bound of the engine, in one place.
//!
//! Sizes are bytes, times are stated in the unit of their type. A caller that meets one of these bounds gets
//! [`Error::TooLarge`](crate::Error::TooLarge), [`Error::Busy`](crate::Error::Busy) or
//! [`Error::InvalidArgument`](crate::Error::InvalidArgument) with the bound in it.

use std::time::Duration;

/// Longest job id, in bytes of UTF-8.
pub const MAX_JOB_ID_BYTES: usize = 128;
/// Longest file name stem that a job id may turn into; leaves room for `.db.format-2.new-journal` below 255.
pub const MAX_FILE_STEM_BYTES: usize = 228;
/// Jobs of one store that are open at the same time; each has one thread and up to
/// `1 + MAX_READERS` connections.
pub const MAX_OPEN_JOBS: usize = 256;
/// Those of one owner among them, in the module: nobody takes all places.
pub const MAX_OPEN_JOBS_OF_OWNER: usize = 64;

/// Longest category, in bytes of UTF-8.
pub const MAX_CATEGORY_BYTES: usize = 4096;
/// Longest key: two components of the greatest length that the encoding allows.
pub const MAX_KEY_BYTES: usize = 128 * 1024;
/// Largest payload.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024 * 1024;
/// Longest time that a key may be given to live: a hundred years.
pub const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// Operations in one batch.
pub const MAX_BATCH_OPS: usize = 65_536;
/// Bytes of categories, keys and payloads in one batch: the largest payload, with room for its key. The host lets a call
/// through that carries as much.
pub const MAX_BATCH_BYTES: usize = 65 * 1024 * 1024;

/// Batches that wait for the writer of one job, unless the options say otherwise.
pub const QUEUE_BATCHES: usize = 4096;
/// Bytes that wait for the writer of one job, unless the options say otherwise. A single batch that is
/// larger is admitted alone.
pub const QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Callers that may wait for room in the queue of one job.
pub const MAX_WAITING_CALLERS: usize = 4096;

/// Operations that share one transaction.
pub const GROUP_OPS: usize = 1024;
/// Bytes that share one transaction.
pub const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// Expired keys that are removed from the file in one transaction.
pub const PURGE_ROWS: usize = 1024;
/// Least time between two such transactions, unless the first one left some.
pub const PURGE_PAUSE: Duration = Duration::from_secs(1);
/// Time after which it is tried again when it failed.
pub const PURGE_RETRY: Duration = Duration::from_secs(60);

/// Watches of one job.
pub const MAX_WATCHES: usize = 256;
/// Changes that wait for one watcher.
pub const WATCH_CHANGES: usize = 1024;
/// Bytes of the changes that wait for one watcher; one change always fits.
pub const WATCH_BYTES: usize = 1024 * 1024;

/// Time after which a watcher is told that nothing has happened, so that both ends know of each other.
pub const WATCH_QUIET: Duration = Duration::from_secs(10);

/// Read connections of one job; they are opened when needed.
pub const MAX_READERS: usize = 4;
/// Pages of a file that are given back to the file system in one transaction: 1 MiB.
pub const RELEASE_PAGES: u32 = 256;
/// Problems of a file that one check tells.
pub const CHECK_PROBLEMS: usize = 100;
/// Bytes after which a page of all rows of a job ends; one row always fits.
pub const MAX_ROWS_BYTES: usize = 4 * 1024 * 1024;
/// Rows of one page of a scan, and categories of one page of their list.
pub const MAX_PAGE_ROWS: usize = 10_000;
/// Bytes of keys and payloads after which a page ends; one row always fits.
pub const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Keys of one `get_many`.
pub const MAX_GET_MANY: usize = 1024;
/// Bytes of payloads in the answer of one `get_many`.
pub const MAX_GET_MANY_BYTES: usize = 64 * 1024 * 1024;

/// Largest payload that is read on the calling thread of an asynchronous call; a larger one is read on a thread
/// that may block.
pub const INLINE_PAYLOAD_BYTES: usize = 64 * 1024;
/// Sessions of the module: one for each caller and job.
pub const MAX_SESSIONS: usize = 4096;
/// Threads of the module on which reads may run at the same time.
pub const READ_THREADS: usize = 32;
/// Threads of the module on which jobs may be opened, closed and dropped at the same time.
pub const JOB_THREADS: usize = 16;
/// Failed writes that wait to be published as events.
pub const FAILED_EVENTS: usize = 1024;

/// Longest wait of a blocking call, unless the options say otherwise.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for a job to apply what was accepted and close, unless the options say otherwise.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for running reads when a job closes.
pub const CLOSE_READERS_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for running reads when a file that has got another key is put in its place.
pub const REKEY_READERS_TIMEOUT: Duration = Duration::from_secs(10);
/// Quiet time after which the writer moves the log into the file.
pub const IDLE_CHECKPOINT: Duration = Duration::from_secs(1);
/// How long SQLite itself waits for a lock. With one writer and one owner this should never be needed.
pub(crate) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of one connection, in KiB.
pub(crate) const CACHE_KIB: i64 = 256;
/// The same where the file is encrypted: a page that is not in it is decrypted and checked again, which takes far longer
/// than to read it.
pub(crate) const CIPHER_CACHE_KIB: i64 = 2048;
/// Page cache of the connection that writes to a job, in KiB. It is given back when there is nothing to write.
pub(crate) const WRITER_CACHE_KIB: i64 = 2048;
/// Stack of a writer thread.
pub(crate) const WRITER_STACK_BYTES: usize = 512 * 1024;
/// Size to which a log that was moved into the file is cut.
pub(crate) const LOG_SIZE_LIMIT: i64 = 4 * 1024 * 1024;

/// Connections to one server on which jobs are read, for all jobs that it keeps.
pub const SERVER_READERS: usize = 8;
/// Those on which jobs are written. Each job that is watched has one more.
pub const SERVER_WRITERS: usize = 8;
/// Largest file of the certificates of authorities that a URL names.
pub const SERVER_ROOTS_BYTES: usize = 1024 * 1024;
/// Longest wait for a connection to a server.
pub const SERVER_CONNECT_TIME: Duration = Duration::from_secs(5);
/// Silence of a server after which it is asked for a sign of life.
pub const SERVER_KEEPALIVE: Duration = Duration::from_secs(30);
/// Longest time that a transaction on a server may take, with all tries.
pub const SERVER_WORK_TIME: Duration = Duration::from_secs(60);
/// Longest time that the server works for one statement.
pub const SERVER_STATEMENT_TIME: Duration = Duration::from_secs(60);
/// Longest time that a statement waits for another node's.
pub const SERVER_LOCK_TIME: Duration = Duration::from_secs(10);
/// Longest pause of a node within a transaction, which may hold up others.
pub const SERVER_IDLE_TIME: Duration = Duration::from_secs(30);
/// How often a call to a server is tried, when others are in the way or the connection is lost.
pub const SERVER_TRIES: u32 = 10;
/// Pause behind the first try; each further one is twice as long, and up to twice that.
pub const SERVER_PAUSE: Duration = Duration::from_millis(10);
/// Longest of these pauses, and pause between attempts to listen again.
pub const SERVER_MOST_PAUSE: Duration = Duration::from_secs(1);
/// Statements that a connection to a server keeps prepared.
pub const SERVER_STATEMENTS: usize = 256;

/// Databases of `storage.sql` that are open at the same time; each has one thread and up to `1 + MAX_READERS`
/// connections.
pub const MAX_OPEN_DATABASES: usize = 64;
/// Those of one owner among them.
pub const MAX_OPEN_DATABASES_OF_OWNER: usize = 16;
/// Largest text or blob of a database, and largest row in a file.
pub const SQL_VALUE_BYTES: usize = 1_000_000;
/// Largest row of an answer; with its encoding it fits into one item of a stream.
pub const SQL_ROW_BYTES: usize = 1_000_000;
/// Longest statement.
pub const SQL_TEXT_BYTES: usize = 1_000_000;
/// Parameters of one statement.
pub const SQL_PARAMETERS: usize = 1000;
/// Columns of a table, an index or an answer.
pub const SQL_COLUMNS: usize = 200;
/// Longest pattern of `LIKE` and `GLOB`, in bytes: one comparison cannot be interrupted, and takes as long as this
/// times the text.
pub const SQL_PATTERN_BYTES: usize = 200;
/// Depth of an expression, of triggers that set off each other, and of selects that are joined by `UNION` and the like.
pub const SQL_DEPTH: usize = 100;
/// Rows that a query answers within a transaction.
pub const SQL_HELD_ROWS: usize = 10_000;
/// Their bytes.
pub const SQL_HELD_BYTES: usize = 8_000_000;
/// Migrations of one database.
pub const SQL_MIGRATIONS: usize = 1000;
/// Longest name of a migration, in bytes.
pub const SQL_MIGRATION_NAME_BYTES: usize = 128;
/// Calls that wait for the writer of one database; further ones wait for a place.
pub const SQL_QUEUE: usize = 64;
/// Statements that a connection keeps prepared.
pub const SQL_STATEMENTS: usize = 64;
/// Longest time that a transaction may be open.
pub const SQL_TRANSACTION_TIME: Duration = Duration::from_secs(60);
/// Longest time that a query outside of a transaction may take, its reader's pauses included.
pub const SQL_QUERY_TIME: Duration = Duration::from_secs(300);
/// Longest time that migrations may take together.
pub const SQL_MIGRATION_TIME: Duration = Duration::from_secs(600);
/// Steps of SQLite's virtual machine between two looks at whether a statement is to be interrupted; some
/// microseconds.
pub(crate) const SQL_INTERRUPT_STEPS: i32 = 1000;
/// How often a query that waits for its reader looks whether it is to end.
pub(crate) const SQL_READER_CHECK: Duration = Duration::from_millis(50);

/// Threads of the module on which calls of `storage.content` may run at the same time.
pub const CONTENT_THREADS: usize = 16;
/// Streams of files that are read at the same time.
pub const CONTENT_READS: usize = 64;
/// Bytes of an upload that are gathered before they are written, unless the stream ends before.
pub const CONTENT_WRITE_BYTES: usize = 256 * 1024;
/// Least time between two words of progress.
pub(crate) const CONTENT_PROGRESS_LEAST: Duration = Duration::from_millis(100);
/// Time after which a word of progress is said although nothing has changed.
pub(crate) const CONTENT_PROGRESS_MOST: Duration = Duration::from_millis(900);
