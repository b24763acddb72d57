//! What can be configured.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use backplane_sdk::{Error, record};

use super::tenants::Tenants;
use crate::{Options, Server};

/// Smallest quota of a job: what an empty one needs, with room to work in.
const MIN_QUOTA: u64 = 64 * 1024;
/// Largest queue, in batches.
const MAX_QUEUE_BATCHES: u32 = 1_000_000;
/// Largest queue, in bytes.
const MAX_QUEUE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Longest wait, in milliseconds: one hour.
const MAX_TIMEOUT_MS: u64 = 3_600_000;

/// What is special about one job.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct JobConfig {
    /// The PostgreSQL database that keeps the job, for several nodes at once, as
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE&sslrootcert=FILE`; a file of its own when left out.
    pub url: Option<String>,
}

impl fmt::Debug for JobConfig {
    /// Leaves the URL out, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobConfig").finish_non_exhaustive()
    }
}

/// How the store behaves.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageConfig {
    /// The folder of the job files; the module's own folder when left out. Another instance must not use it at
    /// the same time.
    pub directory: Option<String>,
    /// Size in bytes over which the file of a job does not grow, at least 65536; no limit when left out.
    pub quota: Option<u64>,
    /// The same for single jobs, as `OWNER/NAME`, in place of `quota`.
    pub quotas: Option<BTreeMap<String, u64>>,
    /// What is special about single jobs, as `OWNER/NAME`.
    pub jobs: Option<BTreeMap<String, JobConfig>>,
    /// Which jobs of others a caller may use, each as `OWNER/NAME`, `OWNER/*` or `*`. When left out, `cli`, which is
    /// the command `backplane`, may use all.
    pub access: Option<BTreeMap<String, Vec<String>>>,
    /// Bytes that each caller may have in `storage.content`; 20 GiB when left out.
    pub content_quota: Option<u64>,
    /// The same for single callers, in place of `content_quota`.
    pub content_quotas: Option<BTreeMap<String, u64>>,
    /// Where the node that exchanges files listens, as multiaddresses; nowhere when left out.
    pub content_listen: Option<Vec<String>>,
    /// The nodes that it dials, as multiaddresses. Without these and `content_listen` there is no exchange.
    pub content_peers: Option<Vec<String>>,
    /// Overwrites in the file what is deleted.
    #[default(false)]
    pub secure_delete: bool,
    /// Batches that may wait for the writer of one job, 1 to 1000000.
    #[default(4096)]
    pub queue_batches: u32,
    /// Bytes that may wait for the writer of one job, 1 to 4294967296. A larger batch is admitted alone.
    #[default(33554432)]
    pub queue_bytes: u64,
    /// Longest wait of a call for room in the queue, for the outcome of a write, and for a read connection, in
    /// milliseconds, 1 to 3600000. The deadline of the call ends it earlier.
    #[default(30000)]
    pub call_timeout_ms: u64,
    /// Longest wait for a job to close, in milliseconds, 1 to 3600000.
    #[default(60000)]
    pub close_timeout_ms: u64,
}

fn within(field: &str, value: u64, least: u64, most: u64) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("{field} is {value}; it must be {least} to {most}").into())
}

/// Refuses what is no name of a job.
fn named(field: &str, job: &str) -> Result<(), Error> {
    match job.split('/').count() {
        2 => Ok(()),
        _ => Err(format!("{field}: {job:?} must be OWNER/NAME").into()),
    }
}

impl StorageConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.directory.as_ref().is_some_and(String::is_empty) {
            return Err("directory is empty; leave it out for the module's own folder".into());
        }
        if let Some(quota) = self.quota {
            within("quota", quota, MIN_QUOTA, i64::MAX.unsigned_abs())?;
        }
        for (job, quota) in self.quotas.iter().flatten() {
            named("quotas", job)?;
            within(
                &format!("quotas: {job:?}"),
                *quota,
                MIN_QUOTA,
                i64::MAX.unsigned_abs(),
            )?;
        }
        self.servers()?;
        Tenants::new(self.access.as_ref())?;
        super::content::check_addresses(self)?;
        let quotas = self.content_quotas.iter().flat_map(BTreeMap::values);
        for quota in quotas.chain(&self.content_quota) {
            within("content_quota", *quota, 0, i64::MAX.unsigned_abs())?;
        }
        within(
            "queue_batches",
            self.queue_batches.into(),
            1,
            MAX_QUEUE_BATCHES.into(),
        )?;
        within("queue_bytes", self.queue_bytes, 1, MAX_QUEUE_BYTES)?;
        within("call_timeout_ms", self.call_timeout_ms, 1, MAX_TIMEOUT_MS)?;
        within("close_timeout_ms", self.close_timeout_ms, 1, MAX_TIMEOUT_MS)
    }

    /// The servers that keep jobs; one for each URL.
    fn servers(&self) -> Result<BTreeMap<String, Server>, Error> {
        let (mut servers, mut by_url) = (BTreeMap::new(), BTreeMap::<&str, Server>::new());
        for (job, config) in self.jobs.iter().flatten() {
            named("jobs", job)?;
            let Some(url) = config.url.as_deref() else {
                continue;
            };
            let server = match by_url.get(url) {
                Some(server) => server.clone(),
                None => Server::new(url).map_err(|error| format!("jobs: {job:?}: {error}"))?,
            };
            by_url.insert(url, server.clone());
            servers.insert(job.clone(), server);
        }
        Ok(servers)
    }

    pub(crate) fn options(&self) -> Result<Options, Error> {
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Ok(Options {
            queue_batches: size(self.queue_batches.into()),
            queue_bytes: size(self.queue_bytes),
            call_timeout: Duration::from_millis(self.call_timeout_ms),
            close_timeout: Duration::from_millis(self.close_timeout_ms),
            quota: self.quota,
            quotas: self.quotas.clone().unwrap_or_default(),
            secure_delete: self.secure_delete,
            servers: self.servers()?,
            on_failed_write: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> StorageConfig {
        serde_json::from_value(serde_json::json!({ "jobs": { "notes/log": { "url": url } } })).unwrap()
    }

    fn refused(url: &str) -> String {
        config(url).check().unwrap_err().to_string()
    }

    #[test]
    fn a_url_is_checked_and_shown_nowhere() {
        let url = "postgres://notes:a-secret@127.0.0.1/notes";
        assert!(!format!("{:?}", config(url)).contains("secret"));
        #[cfg(feature = "postgres")]
        {
            let options = config(url).options().unwrap();
            assert_eq!(
                format!("{:?}", options.servers["notes/log"]),
                "Server(127.0.0.1/notes)"
            );
        }
        #[cfg(not(feature = "postgres"))]
        assert_eq!(
            refused(url),
            "jobs: \"notes/log\": url: names a PostgreSQL server, and this plugin was built without its feature `postgres`"
        );
        let refusal = refused("mysql://notes:a-secret@127.0.0.1/notes");
        assert_eq!(refusal, "jobs: \"notes/log\": url: must begin with postgres://");
        assert!(!refused("postgres://notes:a-secret@127.0.0.1:port/notes").contains("secret"));
    }

    #[test]
    fn a_job_is_named_with_its_owner() {
        let config: StorageConfig = serde_json::from_str(r#"{ "jobs": { "log": {} } }"#).unwrap();
        assert_eq!(
            config.check().unwrap_err().to_string(),
            "jobs: \"log\" must be OWNER/NAME"
        );
    }
}
