//! `storage.admin`, call by call.

use std::fs;

use storage_api as api;
use storage_api::{Admin, KvError};

use super::tenants::{Tenant, owner};
use super::{Storage, convert};
use crate::error::Result;
use crate::root::with_suffix;
use crate::{Error, Session, Store, Survey};

impl Storage {
    /// A job of whomever, which must exist, as one of a caller who may use them all.
    async fn any_job(&self, job: &str) -> Result<Tenant> {
        self.check_admin()?;
        let tenant = self.tenants.tenant(job)?;
        let id = tenant.job.clone();
        let exists = move |store: &Store| store.jobs.existing(&id).map(drop);
        self.lanes.on_store(exists).await?;
        Ok(tenant)
    }

    fn check_admin(&self) -> Result<()> {
        let refused = |caller| {
            let reason =
                format!("{caller:?} has no access to all jobs, which the configuration could give it");
            Error::argument("caller", reason)
        };
        self.tenants.operator().map_err(refused)
    }
}

impl Admin for Storage {
    async fn jobs(&self, count: bool) -> Result<Vec<api::JobInfo>, KvError> {
        self.check_admin()?;
        let jobs = self.lanes.on_store(Store::list_jobs).await?;
        let mut infos = Vec::with_capacity(jobs.len());
        for job in jobs {
            let look = move |store: &Store| Ok(info(store, job, count));
            infos.push(self.lanes.on_store(look).await?);
        }
        Ok(infos)
    }

    async fn rows(
        &self,
        job: String,
        after: Option<api::RowPlace>,
        limit: u32,
    ) -> Result<api::StoredPage, KvError> {
        let tenant = self.any_job(&job).await?;
        let after = after.map(|place| (place.category, convert::key(place.key)));
        let limit = convert::size(limit.into());
        let read = move |session: &Session| session.rows(after.as_ref(), limit);
        Ok(convert::stored(self.read(&tenant, read).await?))
    }

    async fn check_job(&self, job: String) -> Result<Vec<String>, KvError> {
        let tenant = self.any_job(&job).await?;
        Ok(self.read(&tenant, Session::check).await?)
    }

    async fn compact_job(&self, job: String, rewrite: bool) -> Result<api::Compacted, KvError> {
        let tenant = self.any_job(&job).await?;
        let done = match rewrite {
            true => self.lanes.end(tenant, Store::rewrite_job).await?,
            false => self.read(&tenant, Session::compact).await?,
        };
        Ok(api::Compacted {
            bytes_before: done.bytes_before,
            bytes_after: done.bytes_after,
        })
    }
}

/// What can be said of a job; that it cannot be looked into is among it.
fn info(store: &Store, job: String, count: bool) -> api::JobInfo {
    let survey = count.then(|| store.survey(&job)).transpose();
    let (survey, problem) = match survey {
        Ok(survey) => (survey, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let path = store.jobs.path(&job).unwrap_or_default();
    let size = |suffix| fs::metadata(with_suffix(&path, suffix)).map_or(0, |found| found.len());
    api::JobInfo {
        owner: owner(&job).unwrap_or_default().to_owned(),
        open: store.job(&job).is_ok(),
        file_bytes: survey.map_or_else(|| size(""), |survey: Survey| survey.file_bytes),
        log_bytes: survey.map_or_else(|| size("-wal"), |survey| survey.log_bytes),
        free_bytes: survey.and_then(|survey| survey.free_bytes),
        rows: survey.map(|survey| survey.rows),
        problem,
        job,
    }
}
