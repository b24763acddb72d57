//! What can be asked of a job.

use crate::error::{Error, Result, check_size};
use crate::key::{Key, KeyRange};
use crate::limits;

/// Which rows a scan gives, and how many at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The keys of interest.
    pub range: KeyRange,
    /// Goes on behind this key: the `next` of the page before.
    pub after: Option<Key>,
    /// Rows of one page, 1 to [`limits::MAX_PAGE_ROWS`]. A page also ends at [`limits::MAX_PAGE_BYTES`].
    pub limit: usize,
    /// From the last key to the first.
    pub reverse: bool,
    /// Leaves the payloads out.
    pub keys_only: bool,
}

impl Scan {
    /// All of `range`, forward, with payloads, in pages of the greatest size.
    pub fn new(range: KeyRange) -> Self {
        Scan {
            range,
            after: None,
            limit: limits::MAX_PAGE_ROWS,
            reverse: false,
            keys_only: false,
        }
    }

    /// `prefix` and all its extensions.
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        Scan::new(KeyRange::prefix(prefix))
    }

    /// Sets the number of rows of one page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Scan { limit, ..self }
    }

    /// Goes from the last key to the first.
    #[must_use]
    pub fn reverse(self) -> Self {
        Scan {
            reverse: true,
            ..self
        }
    }

    /// Leaves the payloads out.
    #[must_use]
    pub fn keys_only(self) -> Self {
        Scan {
            keys_only: true,
            ..self
        }
    }

    /// Goes on behind `key`.
    #[must_use]
    pub fn after(self, key: impl Into<Key>) -> Self {
        Scan {
            after: Some(key.into()),
            ..self
        }
    }

    pub(crate) fn check(&self, category: &str) -> Result<()> {
        crate::batch::check_range(category, &self.range)?;
        self.after.as_ref().map_or(Ok(()), crate::batch::check_key)?;
        check_page(self.limit)
    }
}

pub(crate) fn check_page(limit: usize) -> Result<()> {
    if limit == 0 {
        return Err(Error::argument("limit", "must not be 0"));
    }
    check_size("limit", limit, limits::MAX_PAGE_ROWS)
}

/// One row of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Key,
    /// The payload; `None` when only keys were asked for.
    pub payload: Option<Vec<u8>>,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, N> {
    /// What it holds, in the order asked for.
    pub rows: Vec<T>,
    /// Where the next page goes on; `None` when there is no more.
    pub next: Option<N>,
}
