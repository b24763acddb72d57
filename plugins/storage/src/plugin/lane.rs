//! Lanes: one for each caller and job, in which the caller's calls take their places in the order they were made.
//!
//! A lane has the session. While a job is being opened or closed for one call, the caller's next calls line up
//! behind it; otherwise a call leaves the lane as soon as it has its place in the queue of the job, so that calls of
//! one caller may be under way side by side.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use compact_str::CompactString;
use tokio::task::unconstrained;

use super::tenants::{Tenant, owner};
use super::threads::Threads;
use crate::error::{Error, Result};
use crate::{CipherKey, Session, Store, job_id, limits};

/// The lanes of each caller, by job.
type Map = HashMap<CompactString, HashMap<CompactString, Arc<Lane>>>;

/// First come, first served: tokio's lock is fair.
type Lane = tokio::sync::Mutex<Option<Session>>;

/// All lanes of a store.
pub(crate) struct Lanes {
    store: Arc<Store>,
    jobs: Threads,
    lanes: Mutex<Map>,
}

impl Lanes {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Lanes {
            store,
            jobs: Threads::new(limits::JOB_THREADS),
            lanes: Mutex::default(),
        }
    }

    /// Makes `call` with the caller's session of the job, which is opened if need be. The call has its place
    /// before a later call of the caller begins; its first poll must take it.
    pub(crate) async fn run<T, F>(&self, tenant: &Tenant, call: impl FnOnce(Session) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let lane = self.lane(tenant)?;
        // The place in line is taken at the first poll, whatever the poller's budget.
        let mut place = unconstrained(lane.lock()).await;
        let session = match place.take().filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => self.open(&tenant.job).await?,
        };
        *place = Some(session.clone());
        let mut call = pin!(call(session));
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        drop(place);
        match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.await,
        }
    }

    async fn open(&self, job: &str) -> Result<Session> {
        let id = CompactString::from(job);
        let open = move |store: &Store| {
            check_room(store, &id)?;
            Ok(store.open_job(&id)?.session())
        };
        self.on_store(open).await
    }

    /// Opens the job under a key, or without one.
    pub(crate) async fn unlock(&self, tenant: Tenant, key: Option<CipherKey>) -> Result<()> {
        let unlock = move |store: &Store| {
            check_room(store, &tenant.job)?;
            store.open_job_with(&tenant.job, key).map(drop)
        };
        self.on_store(unlock).await
    }

    /// Ends the job with `end`, after the caller's earlier calls have taken their places.
    pub(crate) async fn end<T: Send + 'static>(
        &self,
        tenant: Tenant,
        end: fn(&Store, &str) -> Result<T>,
    ) -> Result<T> {
        let lane = self.lane(&tenant)?;
        let mut place = unconstrained(lane.lock()).await;
        *place = None;
        let ended = self.on_store(move |store| end(store, &tenant.job)).await;
        drop(place);
        drop(lane);
        forget(&mut self.lock(), Session::is_closed);
        ended
    }

    /// Asks the store something that may block.
    pub(crate) async fn on_store<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.store);
        self.jobs.run(move || ask(&store)).await
    }

    /// Closes the store; later calls end with [`Error::Closed`].
    pub(crate) async fn close(&self) -> Result<()> {
        let store = Arc::clone(&self.store);
        // Not behind calls that wait for a thread.
        Threads::new(1).run(move || store.close()).await
    }

    fn lock(&self) -> MutexGuard<'_, Map> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self, tenant: &Tenant) -> Result<Arc<Lane>> {
        let Tenant { caller, job } = tenant;
        let mut lanes = self.lock();
        if let Some(lane) = lanes.get(caller).and_then(|jobs| jobs.get(job)) {
            return Ok(Arc::clone(lane));
        }
        job_id::stem(job)?;
        let limit = limits::MAX_SESSIONS;
        if count(&lanes) >= limit {
            forget(&mut lanes, |session| session.is_closed() || session.is_idle());
        }
        if count(&lanes) >= limit {
            return Err(Error::Busy {
                what: "sessions",
                limit,
            });
        }
        let lane = Arc::<Lane>::default();
        lanes
            .entry(caller.clone())
            .or_default()
            .insert(job.clone(), Arc::clone(&lane));
        Ok(lane)
    }
}

/// Refuses one more job of an owner that has too many open.
pub(super) fn check_room(store: &Store, id: &str) -> Result<()> {
    let limit = limits::MAX_OPEN_JOBS_OF_OWNER;
    let mates = store.open_jobs();
    let mates = mates
        .iter()
        .filter(|mate| *mate != id && owner(mate) == owner(id));
    if mates.count() >= limit {
        let what = "open jobs of one owner";
        return Err(Error::Busy { what, limit });
    }
    Ok(())
}

fn count(lanes: &Map) -> usize {
    lanes.values().map(HashMap::len).sum()
}

/// Removes the lanes that no call is in and that have no session, or one that `is_over`.
fn forget(lanes: &mut Map, is_over: fn(&Session) -> bool) {
    lanes.retain(|_, jobs| {
        jobs.retain(|_, lane| match Arc::get_mut(lane) {
            Some(lane) => lane.get_mut().as_ref().is_some_and(|session| !is_over(session)),
            None => true,
        });
        !jobs.is_empty()
    });
}
