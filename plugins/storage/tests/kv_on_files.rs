//! The contract of `storage.kv`, on jobs that are files.

mod common;
mod backend {
    pub(crate) use crate::common::{store, store_with};

    pub(crate) const READERS: usize = storage_plugin::limits::MAX_READERS;

    /// Cases of a property.
    pub(crate) const CASES: u32 = 64;
}

#[path = "kv/concurrent.rs"]
mod concurrent;
#[path = "kv/contract.rs"]
mod contract;
#[path = "kv/expiry.rs"]
mod expiry;
#[path = "kv/flow.rs"]
mod flow;
#[path = "kv/jobs.rs"]
mod jobs;
#[path = "kv/model.rs"]
mod model;
#[path = "kv/sds.rs"]
mod sds;
#[path = "kv/watch.rs"]
mod watch;
