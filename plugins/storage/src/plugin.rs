//! The module: what stands behind the interfaces `storage.kv`, `storage.sql`, `storage.content` and `storage.admin`.
//!
//! A call goes from [`kv`] into the [`lane`] of its caller and job, which keeps the caller's order and has the
//! session; writes then wait for the writer, reads run as [`reads`] says, and [`convert`] turns what comes out into
//! the contract's types.
//!
//! A call of `storage.sql` goes from [`sql`] to the database that it means; `storage.admin` is in [`admin`].
//!
//! A call of `storage.content` goes from [`content`] to the store of files.
//!
//! Whose job, database or file a call means, and whether its caller may use it, is up to [`tenants`].

mod admin;
mod config;
mod content;
mod convert;
mod kv;
mod lane;
mod reads;
mod report;
mod rows;
mod sql;
mod tenants;
#[cfg(test)]
mod tests;
mod threads;
mod watches;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backplane_sdk::prelude::*;
use storage_api::KvEvents;

use crate::limits;
use crate::{Options, Store};
use content::Files;
use lane::Lanes;
use report::Reporter;
use sql::Databases;
use tenants::Tenants;
use threads::Threads;

/// The folder of the databases, in that of the jobs.
const DATABASES: &str = "sql";
/// The folder of the files, in that of the jobs.
const FILES: &str = "content";

pub use config::{JobConfig, StorageConfig};
pub(crate) use convert::fault;

/// Keeps keys and payloads in jobs, and relational databases, one SQLite file each, and files by their content.
///
/// The files lie in the module's own folder, or where the configuration says. One module at a time may have them
/// open.
pub struct Storage {
    tenants: Arc<Tenants>,
    lanes: Lanes,
    reads: Threads,
    databases: Databases,
    files: Files,
    reporter: Reporter,
    call_timeout: Duration,
}

/// Keeps keys and payloads in jobs, and relational databases, one SQLite file each, and files by their content.
#[module(
    name = "storage",
    provides(storage_api::Kv, storage_api::Sql, storage_api::Content, storage_api::Admin),
    exclusive("job files")
)]
impl Module for Storage {
    type Config = StorageConfig;

    fn check(config: &StorageConfig) -> Result<(), Error> {
        config.check()
    }

    async fn start(context: Context, config: StorageConfig) -> Result<Self, Error> {
        let events: KvEvents = context.events();
        let publish = move |write| {
            let events = events.clone();
            async move { events.failed(&write).await }
        };
        let storage = Self::open(context.data_dir(), &config, publish)?;
        storage.files.start().await?;
        Ok(storage)
    }

    async fn stop(&self) {
        if let Err(error) = self.lanes.close().await {
            tracing::error!(%error, "the store did not close cleanly");
        }
        if let Err(error) = self.databases.close().await {
            tracing::error!(%error, "the databases did not close cleanly");
        }
        if let Err(error) = self.files.close().await {
            tracing::error!(%error, "the files did not close cleanly");
        }
        self.reporter.end().await;
    }
}

impl Storage {
    /// A module whose files lie in `data_dir` unless `config` says otherwise, and that tells failed writes to
    /// `publish`. Nothing is opened yet. Needs a tokio runtime.
    fn open<F, P>(data_dir: &Path, config: &StorageConfig, publish: P) -> Result<Self, Error>
    where
        P: Fn(storage_api::FailedWrite) -> F + Send + 'static,
        F: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let (reporter, hook) = Reporter::start(publish);
        let options = Options {
            on_failed_write: Some(hook),
            ..config.options()?
        };
        let call_timeout = options.call_timeout;
        let root = config.directory.as_ref().map_or(data_dir, Path::new);
        let databases = Databases::new(root.join(DATABASES), options.clone())?;
        let store = Arc::new(Store::new(root, options)?);
        Ok(Self {
            tenants: Arc::new(Tenants::new(config.access.as_ref())?),
            lanes: Lanes::new(store),
            reads: Threads::new(limits::READ_THREADS),
            databases,
            files: Files::new(root.join(FILES), config),
            reporter,
            call_timeout,
        })
    }
}
