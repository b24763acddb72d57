//! Stores: the jobs of one directory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::job_id;
use crate::limits;
use crate::options::Options;
use crate::root::{self, RootLock};

/// The place of one job. Its lock is held while the job is being opened or closed, so that others need not wait.
type Slot = Arc<Mutex<Option<Job>>>;

#[derive(Default)]
struct State {
    lock: Option<Arc<RootLock>>,
    slots: HashMap<String, Slot>,
    closed: bool,
}

/// The jobs of one directory: a file `<id>.db` each, opened on demand.
///
/// The store owns its directory from the first opened job until [`Store::close`]; a second store of the same
/// directory, in whatever process, then gets [`Error::AlreadyOpen`] at once. All methods may be called from any
/// thread. Dropping the store closes it, and logs what [`Store::close`] would have said.
pub struct Store {
    pub(crate) root: PathBuf,
    pub(crate) options: Options,
    state: Mutex<State>,
    /// Held while a file is created, so that two ids that differ only by case do not both find no file.
    pub(crate) creating: Mutex<()>,
    /// Held while a file is imported: one after another, and jobs can be made meanwhile.
    pub(crate) importing: Mutex<()>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// A store of `root`, which need not exist yet. Touches nothing on the disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when `root` is empty, is no directory or lies below something that is none, or
    /// when the options allow no queue.
    pub fn new(root: impl Into<PathBuf>, options: Options) -> Result<Store> {
        let root = root.into();
        root::check(&root)?;
        if options.queue_batches == 0 {
            return Err(Error::argument("queue_batches", "must not be 0"));
        }
        Ok(Store {
            root,
            options,
            state: Mutex::default(),
            creating: Mutex::default(),
            importing: Mutex::default(),
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a job, creating it if need be; the same job when it is open already.
    ///
    /// # Errors
    /// [`Error::AlreadyOpen`]; [`Error::InvalidArgument`] for an id that breaks the rules or differs only by case
    /// from one that exists; [`Error::NotADatabase`], [`Error::Corrupt`], [`Error::ForeignFile`] or
    /// [`Error::IncompatibleVersion`] for a file that is not ours to write; [`Error::Busy`] over
    /// [`limits::MAX_OPEN_JOBS`]; [`Error::Closed`] when the store is closed.
    pub fn open_job(&self, id: &str) -> Result<Job> {
        let path = self.path(id)?;
        let (slot, lock) = self.slot(id)?;
        let mut place = locked(&slot);
        if let Some(job) = &*place {
            return Ok(job.clone());
        }
        let opened = self
            .create(id)
            .and_then(|()| Job::open(id, &path, &self.options, lock));
        match opened {
            Ok(job) if locked(&self.state).closed => job.close().and(Err(Error::Closed)),
            Ok(job) => Ok(place.insert(job).clone()),
            Err(error) => {
                drop(place);
                self.release(id, &slot);
                Err(error)
            }
        }
    }

    pub(crate) fn path(&self, id: &str) -> Result<PathBuf> {
        Ok(self.root.join(format!("{}.db", job_id::stem(id)?)))
    }

    fn slot(&self, id: &str) -> Result<(Slot, Arc<RootLock>)> {
        let mut state = locked(&self.state);
        if state.closed {
            return Err(Error::Closed);
        }
        let lock = match &state.lock {
            Some(lock) => Arc::clone(lock),
            None => Arc::clone(state.lock.insert(Arc::new(root::acquire(&self.root)?))),
        };
        if let Some(slot) = state.slots.get(id) {
            return Ok((Arc::clone(slot), lock));
        }
        if state.slots.len() >= limits::MAX_OPEN_JOBS {
            return Err(Error::Busy {
                what: "open jobs",
                limit: limits::MAX_OPEN_JOBS,
            });
        }
        let slot = Slot::default();
        state.slots.insert(id.to_owned(), Arc::clone(&slot));
        Ok((slot, lock))
    }

    /// Forgets a slot that is empty and that nobody else is about to fill.
    fn release(&self, id: &str, slot: &Slot) {
        let mut state = locked(&self.state);
        // The map and this caller hold it.
        if Arc::strong_count(slot) == 2 && locked(slot).is_none() {
            state.slots.remove(id);
        }
    }

    /// Makes a new job of a file that the reference implementation wrote (its format 1), which is only read;
    /// gives the number of rows. The job exists completely or not at all, and is not open afterwards.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the job exists; [`Error::NotADatabase`], [`Error::Corrupt`],
    /// [`Error::ForeignFile`] or [`Error::IncompatibleVersion`] for another kind of file; [`Error::TooLarge`] for
    /// a row over a limit; otherwise as [`Store::open_job`].
    pub fn import_job(&self, id: &str, source: &Path) -> Result<u64> {
        self.path(id)?;
        let (slot, _lock) = self.slot(id)?;
        let place = locked(&slot);
        let imported = self.import(id, source);
        drop(place);
        self.release(id, &slot);
        root::sync_names(&self.root).and(imported)
    }

    /// An open job.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when it is not open.
    pub fn job(&self, id: &str) -> Result<Job> {
        let slot = locked(&self.state).slots.get(id).map(Arc::clone);
        let job = slot.and_then(|slot| locked(&slot).clone());
        job.ok_or_else(|| Error::JobNotFound { job: id.to_owned() })
    }

    /// The ids of the jobs that are open, or being opened or closed, in no order.
    pub fn open_jobs(&self) -> Vec<String> {
        locked(&self.state).slots.keys().cloned().collect()
    }

    /// The ids of all jobs on disk, open or not, sorted.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn list_jobs(&self) -> Result<Vec<String>> {
        root::jobs(&self.root)
    }

    /// Closes a job: applies what was accepted, moves the log into the file, ends its writer. A job that is not
    /// open is no error.
    ///
    /// # Errors
    /// [`Error::Unacknowledged`] when writes failed that nobody was told of; a failure of the database. The job
    /// is closed all the same. [`Error::Timeout`] after the options' `close_timeout`: the job takes no more calls,
    /// its writer goes on, and a further call waits again.
    pub fn close_job(&self, id: &str) -> Result<()> {
        let slot = locked(&self.state).slots.get(id).map(Arc::clone);
        let Some(slot) = slot else { return Ok(()) };
        let closed = close_slot(&mut locked(&slot));
        self.release(id, &slot);
        closed
    }

    /// Closes a job and removes its files.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when there is no such job on disk; as [`Store::open_job`] and [`Store::close_job`],
    /// but failed writes are of no interest any more.
    pub fn drop_job(&self, id: &str) -> Result<()> {
        let path = self.path(id)?;
        if !self.root.exists() {
            return Err(Error::JobNotFound { job: id.to_owned() });
        }
        let (slot, _lock) = self.slot(id)?;
        let mut place = locked(&slot);
        let closed = close_slot(&mut place);
        let removed = match closed {
            // The writer still uses the file.
            Err(error) if place.is_some() => Err(error),
            // What could not be written is of no interest any more; a full disk must not keep the job.
            _ => root::remove_database(&path),
        };
        drop(place);
        self.release(id, &slot);
        match removed {
            Ok(false) => Err(Error::JobNotFound { job: id.to_owned() }),
            other => other.map(drop),
        }
    }

    /// Closes all jobs and gives the directory free. Later calls do nothing.
    ///
    /// # Errors
    /// The first of those that [`Store::close_job`] would give. All jobs are closed all the same. The directory
    /// stays taken until the last writer has ended.
    pub fn close(&self) -> Result<()> {
        let slots = {
            let mut state = locked(&self.state);
            state.closed = true;
            state.lock = None;
            std::mem::take(&mut state.slots)
        };
        // Queues are closed first, so that the writers drain side by side.
        let jobs: Vec<Job> = slots
            .into_values()
            .filter_map(|slot| locked(&slot).take())
            .collect();
        jobs.iter().for_each(|job| job.shared.queue.close());
        jobs.iter().map(Job::close).fold(Ok(()), Result::and)
    }
}

/// Closes the job of a slot, and empties the slot unless the writer still uses the file.
fn close_slot(place: &mut Option<Job>) -> Result<()> {
    let Some(job) = place else { return Ok(()) };
    let closed = job.close();
    if job.has_ended() {
        *place = None;
    }
    closed
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(root = %self.root.display(), %error, "a store did not close cleanly");
        }
    }
}
