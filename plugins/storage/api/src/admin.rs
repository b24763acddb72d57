//! The interface for whoever owns the store.

use backplane_sdk::prelude::*;

use crate::{Compacted, JobInfo, KvError, RowPlace, StoredPage};

/// What whoever owns the store does with its jobs, whosever they are.
///
/// Only a caller that the provider's configuration gives access to every job may call it; it is refused to others, even
/// where they are granted the interface. Jobs are named with their owners, as `OWNER/NAME`. None is ever made by a call:
/// `job_not_found` says that there is none of that name. A job that a server keeps can be looked into, and is neither
/// checked nor made smaller: `invalid_argument` says so.
#[interface(id = "storage.admin", version = "1.0.1")]
pub trait Admin {
    /// All jobs, open or not, sorted by name. With `count` it is also looked into those that are not open, one after
    /// another, each of which takes no calls meanwhile.
    #[deadline(600000)]
    async fn jobs(&self, #[default(false)] count: bool) -> Result<Vec<JobInfo>, KvError>;

    /// One page of all rows of a job that lie behind `after`, by category and key, as they are at one moment. `limit` is
    /// 1 to 10000; a page also ends at 4 MiB, and one row always fits.
    async fn rows(
        &self,
        job: String,
        after: Option<RowPlace>,
        #[default(1000)] limit: u32,
    ) -> Result<StoredPage, KvError>;

    /// Reads the whole file of a job and says what is wrong with it, at most 100 things; nothing if it is sound. Writers
    /// are not held up.
    #[deadline(600000)]
    async fn check_job(&self, job: String) -> Result<Vec<String>, KvError>;

    /// Makes the file of a job smaller, in steps of at most 1 MiB between which writes have their turn.
    ///
    /// With `rewrite` the job is closed, its file written anew without any gap, and the next call opens it again; calls
    /// wait meanwhile, and the disk must have room for a second copy. A file that an earlier version made can be made
    /// smaller in this way alone, once.
    #[deadline(600000)]
    async fn compact_job(&self, job: String, #[default(false)] rewrite: bool) -> Result<Compacted, KvError>;
}
