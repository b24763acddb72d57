//! The backend of jobs that several nodes share: tables of a PostgreSQL server.
//!
//! A [`Postgres`] has a few connections for all jobs that it keeps. The writer of a job applies a group in one
//! serializable transaction ([`writes`]), again when another node was in the way; [`failure`] has the policy. What is
//! committed is notified, and told to watches by a [`listener`] of each job that is watched, on every node alike.
//!
//! A key is gone by the server's clock, so that the nodes agree.

mod backup;
mod connection;
mod failure;
mod listener;
mod notice;
mod place;
mod plan;
mod reads;
mod statements;
mod table;
mod target;
mod tls;
mod writes;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::Notification;

use crate::backend::{Observers, Opened};
use crate::blocking::block_until;
use crate::directory::locked;
use crate::error::{Error, Result};
use crate::limits;
use crate::options::Options;
use crate::pool::{Lease, Pool};
use connection::{Answer, Connection};
use failure::{Failure, retried};
use table::Listed;
use target::Target;

/// A database that keeps jobs.
pub(crate) struct Postgres {
    target: Target,
    readers: Pool<Connection>,
    writers: Pool<Connection>,
    /// Where connections are driven, once there is one.
    runtime: Mutex<Option<Runtime>>,
}

impl Postgres {
    pub(crate) fn new(url: &str) -> Result<Postgres> {
        Ok(Postgres {
            target: Target::parse(url)?,
            readers: Pool::new("a connection to the server", limits::SERVER_READERS),
            writers: Pool::new("a connection to the server", limits::SERVER_WRITERS),
            runtime: Mutex::default(),
        })
    }

    /// Host and database, for people.
    pub(crate) fn name(&self) -> String {
        self.target.name()
    }

    /// Opens a job, making it if need be.
    pub(crate) fn open(
        this: &Arc<Self>,
        id: &str,
        options: &Options,
        observers: Arc<Observers>,
    ) -> Result<Opened> {
        let make = async |connection: &Connection| table::find_or_make(connection, id).await;
        let Listed { number, format } = this.try_for(limits::SERVER_WORK_TIME, id, make)?;
        if format != table::FORMAT {
            return Err(Error::IncompatibleVersion {
                job: id.to_owned(),
                found: format,
                supported: table::FORMAT,
            });
        }
        let table = Arc::new(Table {
            server: Arc::clone(this),
            job: id.to_owned(),
            number,
            writer: RandomState::new().hash_one(id),
            timeout: options.call_timeout,
        });
        let writes = writes::Writer::open(Arc::clone(&table), options.quota_of(id), Arc::clone(&observers))?;
        Ok(Opened {
            writes: Box::new(writes),
            reads: Box::new(reads::Reader::new(table, observers)),
        })
    }

    /// Removes a job; false when there was none.
    pub(crate) fn remove(&self, id: &str) -> Result<bool> {
        let remove = async |connection: &Connection| table::remove(connection, id).await;
        self.try_for(limits::SERVER_WORK_TIME, id, remove)
    }

    /// Whether there is a job.
    pub(crate) fn has(&self, id: &str) -> Result<bool> {
        let find = async |connection: &Connection| table::find(connection, id).await;
        self.try_for(limits::SERVER_WORK_TIME, id, find)
            .map(|found| found.is_some())
    }

    fn try_for<T>(
        &self,
        time: Duration,
        job: &str,
        work: impl AsyncFn(&Connection) -> Answer<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + time;
        retried(deadline, |_| self.with(&self.writers, job, deadline, &work))
    }

    /// Runs `work` on a connection of `pool`, which does not outlive a failure.
    fn with<T>(
        &self,
        pool: &Pool<Connection>,
        job: &str,
        deadline: Instant,
        work: impl AsyncFn(&Connection) -> Answer<T>,
    ) -> Result<T, Failure> {
        let lease = self.lease(pool, deadline)?;
        let answer = block_until(deadline, work(&lease));
        let failure = match answer {
            Some(Ok(done)) => return Ok(done),
            Some(Err(failed)) => Failure::of(&failed, job),
            None => Failure::silent(),
        };
        lease.discard();
        Err(failure)
    }

    /// A connection that is not known to be lost.
    fn lease<'a>(
        &self,
        pool: &'a Pool<Connection>,
        deadline: Instant,
    ) -> Result<Lease<'a, Connection>, Failure> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let lease = pool.lease(left, || self.connect(|_| ()))?;
            if !lease.is_lost() {
                return Ok(lease);
            }
            lease.discard();
        }
    }

    fn connect(&self, heard: impl Fn(&Notification) + Send + 'static) -> Result<Connection, Failure> {
        let target = self.target.clone();
        let connecting = self
            .runtime()?
            .spawn(async move { Connection::open(&target, heard).await });
        // It is over sooner, unless the runtime is.
        match block_until(Instant::now() + 3 * limits::SERVER_CONNECT_TIME, connecting) {
            Some(Ok(connected)) => connected,
            _ => Err(Failure::silent()),
        }
    }

    fn runtime(&self) -> Result<Handle> {
        let mut place = locked(&self.runtime);
        if let Some(runtime) = &*place {
            return Ok(runtime.handle().clone());
        }
        let built = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("storage-postgres")
            .enable_all()
            .build()
            .map_err(Error::io("start the thread of the connections to a server"))?;
        Ok(place.insert(built).handle().clone())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Does not block, so that it may be dropped anywhere.
        if let Some(runtime) = locked(&self.runtime).take() {
            runtime.shutdown_background();
        }
    }
}

/// The table of one job.
struct Table {
    server: Arc<Postgres>,
    job: String,
    number: i64,
    /// Who tells of writes: this opening of the job.
    writer: u64,
    /// Longest wait of a read.
    timeout: Duration,
}

impl Table {
    fn name(&self) -> String {
        table::name(self.number)
    }

    /// Runs something that only reads, again when the connection is lost.
    fn read<T>(&self, work: impl AsyncFn(&Connection) -> Answer<T>) -> Result<T> {
        let deadline = Instant::now() + self.timeout;
        let server = &self.server;
        retried(deadline, |_| {
            server.with(&server.readers, &self.job, deadline, &work)
        })
    }
}
