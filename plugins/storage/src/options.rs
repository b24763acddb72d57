//! How a store behaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::limits;
use crate::server::Server;

/// A write that failed although it had been accepted, and whose outcome nobody waited for.
#[derive(Debug, Clone)]
pub struct FailedWrite {
    /// The job.
    pub job: String,
    /// The number on the write's receipt.
    pub sequence: u64,
    /// Why it failed.
    pub error: Error,
}

/// Is told of each [`FailedWrite`], on the writer thread of the job: it must not block, nor call the store.
pub type FailedWriteHook = Arc<dyn Fn(&FailedWrite) + Send + Sync>;

/// How a store behaves. All its jobs are alike.
#[derive(Clone)]
pub struct Options {
    /// Batches that may wait for the writer of one job; at least 1. [`limits::QUEUE_BATCHES`] by default.
    pub queue_batches: usize,
    /// Bytes that may wait for the writer of one job. A larger batch is admitted alone.
    /// [`limits::QUEUE_BYTES`] by default.
    pub queue_bytes: usize,
    /// Longest wait of a blocking call. [`limits::CALL_TIMEOUT`] by default.
    pub call_timeout: Duration,
    /// Longest wait for a job to close. [`limits::CLOSE_TIMEOUT`] by default.
    pub close_timeout: Duration,
    /// Size in bytes over which the file of a job does not grow; rounded down to whole pages. Of a job that a server
    /// keeps, the bytes of categories, keys and payloads. No limit by default.
    pub quota: Option<u64>,
    /// The same for single jobs, by id, in place of `quota`.
    pub quotas: BTreeMap<String, u64>,
    /// Jobs that a server keeps, by id. All others are files of the store's directory.
    pub servers: BTreeMap<String, Server>,
    /// Overwrites in the file what is deleted. The log may hold it a while longer.
    pub secure_delete: bool,
    /// Is told of failures that nobody waited for. They are reported by barriers and when a job closes too.
    pub on_failed_write: Option<FailedWriteHook>,
}

impl Options {
    /// The quota of one job.
    pub(crate) fn quota_of(&self, job: &str) -> Option<u64> {
        self.quotas.get(job).copied().or(self.quota)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            queue_batches: limits::QUEUE_BATCHES,
            queue_bytes: limits::QUEUE_BYTES,
            call_timeout: limits::CALL_TIMEOUT,
            close_timeout: limits::CLOSE_TIMEOUT,
            quota: None,
            quotas: BTreeMap::new(),
            servers: BTreeMap::new(),
            secure_delete: false,
            on_failed_write: None,
        }
    }
}
