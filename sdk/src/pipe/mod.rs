//! Streams as whoever stands behind the C table keeps them: the host, and the test kit in its place.
//!
//! `bounded` is one stream, `ends` says whose its ends are, `table` is what modules call.

mod bounded;
mod ends;
#[cfg(test)]
mod fake;
mod table;

pub use ends::{Ends, Streams};
pub use table::{Owner, table};

use backplane_plugin_api::Reply;

/// The bounds of streams.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of items that wait in one stream. A single item may be larger.
    pub window: usize,
    /// The most items that wait in one stream.
    pub items: usize,
    /// The largest item, in bytes.
    pub item: usize,
    /// The most streams that one module may have opened that exist.
    pub open: usize,
}

/// Who waits, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// The number of the module, as [`Streams::ends`] was told.
    pub who: u64,
    /// Until when, on the host's clock; 0 stands for as long as the host lets wait.
    pub deadline_ns: u64,
}

/// Waiting, as `PENDING` calls wait.
pub trait Tickets: Send + Sync {
    /// A ticket that ends with `TIMEOUT` at the deadline.
    fn open(&self, wait: Wait) -> u64;

    /// Answers it. One that is over is passed over. Called without a lock.
    fn answer(&self, ticket: u64, reply: Reply);

    /// Whether somebody still waits for it, or may come to.
    fn is_wanted(&self, ticket: u64) -> bool;
}
