//! Every bound of the REST and metrics servers, in one place.

use std::time::Duration;

/// Connections of one server at a time; further ones wait until the operating system refuses them.
pub const MAX_CONNECTIONS: usize = 256;
/// Bytes of the head of a request.
pub const MAX_HEAD: usize = 64 * 1024;
/// Bytes of the body of a request.
pub const MAX_BODY: usize = 16 * 1024 * 1024;
/// Bytes of bodies that are in memory at a time, of all connections together.
pub const MAX_BODIES: usize = 64 * 1024 * 1024;
/// A head must be complete within this time, and a connection without a request ends after it.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A body must be complete within this time.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// A client that takes nothing of an answer for this time is cut off.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stopping server waits for requests under way.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a connection could not be accepted, for lack of file handles for example.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long an endpoint waits for the node or a peer, as with nwaku.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it waits for one connection that an operator asks for.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(35);

/// Messages that the relay's cache holds, unless configured otherwise.
pub const RELAY_CACHE: usize = 50;
/// Upper end of the configurable size of the relay's cache.
pub const RELAY_CACHE_CEILING: usize = 100_000;
/// Messages that the cache of filter holds.
pub const FILTER_CACHE: usize = 50;
/// Topics that a cache is subscribed to.
pub const MAX_CACHE_TOPICS: usize = 4096;
/// Topics of messages that came by other subscriptions, and that can be read too; the oldest are forgotten.
pub const MAX_SEEN_TOPICS: usize = 1024;
/// Messages that wait for the caches; beyond it the oldest are left out, which the log tells.
pub const MESSAGE_QUEUE: u32 = 4096;

/// Items of a list in a request.
pub const MAX_LIST: usize = 4096;
/// Peers that one request connects to.
pub const MAX_DIALS: usize = 64;
/// Hashes in a store query.
pub const MAX_HASHES: usize = 7000;
/// Messages of a store page, unless asked for otherwise.
pub const STORE_PAGE: u32 = 20;
/// Most messages of a store page.
pub const STORE_PAGE_CEILING: u32 = 100;
/// Patterns of allowed origins.
pub const MAX_ORIGINS: usize = 64;
/// Bytes of an origin, and of a pattern for it.
pub const MAX_ORIGIN: usize = 512;
