//! The interface, call by call.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use backplane_sdk::{Bytes, Stream};
use storage_api as api;
use storage_api::{KeyError, Kv, KvError};

use super::lane::check_room;
use super::tenants::Tenant;
use super::{Storage, convert, watches};
use crate::error::Result;
use crate::{Ack, Batch, Error, Outcome, Session, Store};

/// The answer of `work`, or a timeout that says what was waited for.
pub(super) async fn within<T>(
    waited: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut work = pin!(work);
    // Most work is done at once, for less than a timer costs.
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return done;
    }
    let timed_out = |_| Err(Error::Timeout { what, waited });
    tokio::time::timeout(waited, work).await.unwrap_or_else(timed_out)
}

fn level(durable: bool) -> Ack {
    if durable { Ack::Durable } else { Ack::Applied }
}

impl Storage {
    /// Submits a batch and waits for its outcome. Both waits are bounded, also where the call has no deadline.
    async fn write(&self, job: &str, batch: Batch, ack: Ack, wait: bool) -> Result<Outcome> {
        let call = |session: Session| async move {
            let receipt = if wait {
                within(self.call_timeout, "room in the queue", session.submit(batch, ack)).await?
            } else {
                session.try_persist(batch, ack)?
            };
            within(self.call_timeout, "the outcome of a write", receipt).await
        };
        self.lanes.run(&self.tenants.tenant(job)?, call).await
    }

    /// Whether the expectations of the batch held, so that it was applied.
    async fn write_if(&self, job: &str, batch: Batch, ack: Ack) -> Result<bool, KvError> {
        match self.write(job, batch, ack, true).await {
            Ok(_) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A path that the present caller may name.
    pub(super) fn path(&self, path: String) -> Result<PathBuf> {
        self.tenants.check_operator()?;
        let path = PathBuf::from(path);
        if path.is_absolute() {
            return Ok(path);
        }
        Err(Error::argument("path", "must be absolute"))
    }

    async fn settle(&self, job: &str, ack: Ack) -> Result<(), KvError> {
        let call = |session: Session| async move {
            within(self.call_timeout, "earlier writes", session.settle(ack)).await
        };
        Ok(self.lanes.run(&self.tenants.tenant(job)?, call).await?)
    }
}

impl Kv for Storage {
    async fn persist(
        &self,
        job: String,
        ops: Vec<api::Op>,
        ack: api::Ack,
        wait: bool,
    ) -> Result<api::Receipt, KvError> {
        let batch = convert::batch(ops);
        let outcome = self.write(&job, batch, convert::ack(ack), wait).await?;
        Ok(convert::receipt(outcome))
    }

    async fn barrier(&self, job: String) -> Result<(), KvError> {
        self.settle(&job, Ack::Applied).await
    }

    async fn flush(&self, job: String) -> Result<(), KvError> {
        self.settle(&job, Ack::Durable).await
    }

    async fn get(&self, job: String, category: String, key: Bytes) -> Result<Option<Bytes>, KvError> {
        let tenant = self.tenants.tenant(&job)?;
        let key = convert::key(key);
        let read = |session: &Session, category: &str, key| session.get(category, key);
        let payload = self
            .read_key(&tenant, category, key, Session::get_now, read)
            .await?;
        Ok(payload.map(Bytes))
    }

    async fn get_many(
        &self,
        job: String,
        category: String,
        keys: Vec<Bytes>,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        let keys: Vec<_> = keys.into_iter().map(convert::key).collect();
        let read = move |session: &Session| session.get_many(&category, &keys);
        let payloads = self.read(&self.tenants.tenant(&job)?, read).await?;
        Ok(payloads.into_iter().map(|payload| payload.map(Bytes)).collect())
    }

    async fn exists(&self, job: String, category: String, key: Bytes) -> Result<bool, KvError> {
        let tenant = self.tenants.tenant(&job)?;
        let key = convert::key(key);
        let read = |session: &Session, category: &str, key| session.exists(category, key);
        let found = self.read_key(&tenant, category, key, Session::exists_now, read);
        Ok(found.await?)
    }

    async fn count(&self, job: String, category: String, range: api::KeyRange) -> Result<u64, KvError> {
        let range = convert::range(range);
        let read = move |session: &Session| session.count(&category, &range);
        Ok(self.read(&self.tenants.tenant(&job)?, read).await?)
    }

    async fn scan(&self, job: String, category: String, scan: api::Scan) -> Result<api::RowPage, KvError> {
        let scan = convert::scan(scan);
        let read = move |session: &Session| session.scan(&category, &scan);
        Ok(convert::rows(self.read(&self.tenants.tenant(&job)?, read).await?))
    }

    async fn put(
        &self,
        job: String,
        category: String,
        key: Bytes,
        payload: Bytes,
        durable: bool,
        ttl_ms: Option<u64>,
    ) -> Result<(), KvError> {
        let batch = Batch::new().put_for(category, convert::key(key), payload.0, convert::ttl(ttl_ms));
        self.write(&job, batch, level(durable), true).await?;
        Ok(())
    }

    async fn put_if_absent(
        &self,
        job: String,
        category: String,
        key: Bytes,
        payload: Bytes,
        durable: bool,
        ttl_ms: Option<u64>,
    ) -> Result<bool, KvError> {
        let key = convert::key(key);
        let batch = Batch::new().expect(category.clone(), key.clone(), None).put_for(
            category,
            key,
            payload.0,
            convert::ttl(ttl_ms),
        );
        self.write_if(&job, batch, level(durable)).await
    }

    async fn compare_and_put(
        &self,
        job: String,
        category: String,
        key: Bytes,
        expected: Option<Bytes>,
        payload: Bytes,
        durable: bool,
    ) -> Result<bool, KvError> {
        let key = convert::key(key);
        let batch = Batch::new()
            .expect(category.clone(), key.clone(), expected.map(|expected| expected.0))
            .put(category, key, payload.0);
        self.write_if(&job, batch, level(durable)).await
    }

    async fn delete(
        &self,
        job: String,
        category: String,
        key: Bytes,
        durable: bool,
    ) -> Result<bool, KvError> {
        let batch = Batch::new().delete(category, convert::key(key));
        let outcome = self.write(&job, batch, level(durable), true).await?;
        Ok(outcome.removed.is_some_and(|rows| rows > 0))
    }

    async fn delete_range(
        &self,
        job: String,
        category: String,
        range: api::KeyRange,
        durable: bool,
    ) -> Result<u64, KvError> {
        let batch = Batch::new().delete_range(category, convert::range(range));
        let outcome = self.write(&job, batch, level(durable), true).await?;
        Ok(outcome.removed.unwrap_or(0))
    }

    async fn list_categories(
        &self,
        job: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<api::CategoryPage, KvError> {
        let limit = convert::size(limit.into());
        let read = move |session: &Session| session.list_categories(after.as_deref(), limit);
        Ok(convert::categories(
            self.read(&self.tenants.tenant(&job)?, read).await?,
        ))
    }

    async fn list_jobs(&self) -> Result<Vec<String>, KvError> {
        let jobs = self.lanes.on_store(Store::list_jobs).await?;
        Ok(self.tenants.visible(jobs))
    }

    async fn stats(&self, job: String) -> Result<api::JobStats, KvError> {
        let Tenant { job, .. } = self.tenants.tenant(&job)?;
        let stats = self.lanes.on_store(move |store| store.job(&job)?.stats()).await?;
        Ok(convert::stats(stats))
    }

    async fn close_job(&self, job: String) -> Result<(), KvError> {
        Ok(self
            .lanes
            .end(self.tenants.tenant(&job)?, Store::close_job)
            .await?)
    }

    async fn drop_job(&self, job: String) -> Result<(), KvError> {
        Ok(self
            .lanes
            .end(self.tenants.tenant(&job)?, Store::drop_job)
            .await?)
    }

    async fn watch(
        &self,
        job: String,
        category: String,
        range: api::KeyRange,
    ) -> Result<Stream<api::Change>, KvError> {
        let range = convert::range(range);
        let watch = move |session: &Session| session.watch(&category, range);
        let watch = self.read(&self.tenants.tenant(&job)?, watch).await?;
        Ok(watches::stream(watch))
    }

    async fn backup_job(&self, job: String, path: String) -> Result<(), KvError> {
        let path = self.path(path)?;
        let read = move |session: &Session| session.backup_to(&path);
        Ok(self.read(&self.tenants.tenant(&job)?, read).await?)
    }

    async fn import_job(&self, job: String, path: String) -> Result<u64, KvError> {
        let path = self.path(path)?;
        let Tenant { job, .. } = self.tenants.tenant(&job)?;
        let import = move |store: &Store| store.import_job(&job, &path);
        Ok(self.lanes.on_store(import).await?)
    }

    async fn open_job(&self, job: String, key: Option<Bytes>) -> Result<(), KeyError> {
        let tenant = self.tenants.tenant(&job)?;
        Ok(self.lanes.unlock(tenant, convert::cipher_key(key)?).await?)
    }

    async fn set_job_key(
        &self,
        job: String,
        key: Option<Bytes>,
        new_key: Option<Bytes>,
        keep_copy: bool,
    ) -> Result<(), KeyError> {
        let Tenant { job, .. } = self.tenants.tenant(&job)?;
        let (old, new) = (convert::cipher_key(key)?, convert::cipher_key(new_key)?);
        let rekey = move |store: &Store| {
            check_room(store, &job)?;
            store.rekey_job(&job, old, new, keep_copy)
        };
        Ok(self.lanes.on_store(rekey).await?)
    }
}
