//! Stores: the jobs of one directory.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::cipher::CipherKey;
use crate::directory::{Directory, Kept, locked};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::options::Options;
use crate::rekey::Rekey;
use crate::root;
use crate::upkeep::{self, Compacted, Survey};

/// The jobs of one directory: a file `<id>.db` each, opened on demand.
///
/// The store owns its directory from the first opened job until [`Store::close`]; a second store of the same
/// directory, in whatever process, then gets [`Error::AlreadyOpen`] at once. All methods may be called from any
/// thread. Dropping the store closes it, and logs what [`Store::close`] would have said.
pub struct Store {
    pub(crate) jobs: Directory<Job>,
    /// Held while a file is imported: one after another, and jobs can be made meanwhile.
    pub(crate) importing: Mutex<()>,
}

impl Store {
    /// A store of `root`, which need not exist yet. Touches nothing on the disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when `root` is empty, is no directory or lies below something that is none, or
    /// when the options allow no queue.
    pub fn new(root: impl Into<PathBuf>, options: Options) -> Result<Store> {
        if options.queue_batches == 0 {
            return Err(Error::argument("queue_batches", "must not be 0"));
        }
        Ok(Store {
            jobs: Directory::new(root.into(), options)?,
            importing: Mutex::default(),
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.jobs.root
    }

    /// Opens a job, creating it if need be; the same job when it is open already.
    ///
    /// # Errors
    /// [`Error::AlreadyOpen`]; [`Error::InvalidArgument`] for an id that breaks the rules or differs only by case
    /// from one that exists; [`Error::NotADatabase`], [`Error::Corrupt`], [`Error::ForeignFile`] or
    /// [`Error::IncompatibleVersion`] for a file that is not ours to write; [`Error::Busy`] over
    /// [`MAX_OPEN_JOBS`](crate::limits::MAX_OPEN_JOBS); [`Error::Closed`] when the store is closed.
    pub fn open_job(&self, id: &str) -> Result<Job> {
        self.jobs.open(id)
    }

    /// Opens a job under a key, creating it encrypted if need be, or without one; the same job when it is open already.
    ///
    /// The key is kept as long as the job is open.
    ///
    /// # Errors
    /// [`Error::WrongKey`], [`Error::KeyRequired`] or [`Error::NotEncrypted`] when the key of the file is another one;
    /// [`Error::NoEncryption`] for a key when the feature `sqlcipher` is off; otherwise as [`Store::open_job`].
    pub fn open_job_with(&self, id: &str, key: Option<CipherKey>) -> Result<Job> {
        self.jobs.unlock(id, key)
    }

    /// Gives a job the key `new` in place of `old`: without `old` it is encrypted for the first time, without `new` it
    /// is encrypted no longer. The job is open afterwards, and stays the same for those that use it: reads go on while
    /// a copy under the new key is made and verified, and writes wait. With `keep_copy` the file stays as it was
    /// under the name `<id>.db.before-rekey`.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when there is no such job on disk; [`Error::InvalidArgument`] when there is neither key;
    /// [`Error::Timeout`] when running reads do not end; otherwise as [`Store::open_job_with`]. The file stays as it was.
    pub fn rekey_job(
        &self,
        id: &str,
        old: Option<CipherKey>,
        new: Option<CipherKey>,
        keep_copy: bool,
    ) -> Result<()> {
        self.jobs.rekey(id, Rekey { old, new, keep_copy })
    }

    /// Makes a new job of a file that the reference implementation wrote (its format 1), which is only read;
    /// gives the number of rows. The job exists completely or not at all, and is not open afterwards.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the job exists; [`Error::NotADatabase`], [`Error::Corrupt`],
    /// [`Error::ForeignFile`] or [`Error::IncompatibleVersion`] for another kind of file; [`Error::TooLarge`] for
    /// a row over a limit; otherwise as [`Store::open_job`].
    pub fn import_job(&self, id: &str, source: &Path) -> Result<u64> {
        self.jobs.path(id)?;
        if !Job::is_file(&self.jobs.options, id) {
            return Err(Error::argument(
                "job id",
                "is kept by a server; only a file can be imported",
            ));
        }
        let (slot, _lock) = self.jobs.slot(id)?;
        let place = locked(&slot);
        let imported = self.import(id, source);
        drop(place);
        self.jobs.release(id, &slot);
        root::sync_names(self.root()).and(imported)
    }

    /// An open job.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when it is not open.
    pub fn job(&self, id: &str) -> Result<Job> {
        self.jobs.get(id)
    }

    /// The ids of the jobs that are open, or being opened or closed, in no order.
    pub fn open_jobs(&self) -> Vec<String> {
        self.jobs.opened()
    }

    /// The ids of all jobs, open or not, sorted: files, and those that servers keep, also if a server cannot be asked.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn list_jobs(&self) -> Result<Vec<String>> {
        let mut jobs = root::jobs(self.root())?;
        jobs.retain(|job| Job::is_file(&self.jobs.options, job));
        for (job, server) in &self.jobs.options.servers {
            match server.has(job) {
                Ok(false) => {}
                Ok(true) => jobs.push(job.clone()),
                Err(error) => {
                    tracing::warn!(job, %error, "whether there is a job is unknown");
                    jobs.push(job.clone());
                }
            }
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    /// Closes a job: applies what was accepted, moves the log into the file, ends its writer. A job that is not
    /// open is no error.
    ///
    /// # Errors
    /// [`Error::Unacknowledged`] when writes failed that nobody was told of; a failure of the database. The job
    /// is closed all the same. [`Error::Timeout`] after the options' `close_timeout`: the job takes no more calls,
    /// its writer goes on, and a further call waits again.
    pub fn close_job(&self, id: &str) -> Result<()> {
        self.jobs.close_one(id)
    }

    /// Closes a job and removes its files.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when there is no such job on disk; as [`Store::open_job`] and [`Store::close_job`],
    /// but failed writes are of no interest any more.
    pub fn drop_job(&self, id: &str) -> Result<()> {
        self.jobs.remove(id)
    }

    /// What a job has in it, open or not, and how large it is. One that is not open takes no other calls meanwhile.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when there is none; otherwise as [`Store::open_job`].
    pub fn survey(&self, id: &str) -> Result<Survey> {
        self.jobs.visit(id, Job::survey)
    }

    /// Closes a job and writes its file anew, without any gap. Whoever opens it waits meanwhile. The job is there as it
    /// was, or rewritten, whatever happens.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when there is none; as [`Store::close_job`] and [`Store::open_job`];
    /// [`Error::Locked`] when another process reads the file; [`Error::DiskFull`].
    pub fn rewrite_job(&self, id: &str) -> Result<Compacted> {
        self.jobs.existing(id)?;
        if !Job::is_file(&self.jobs.options, id) {
            return Err(Error::not_a_file());
        }
        self.jobs.while_closed(id, |path, context, closed| {
            closed?;
            let bytes_before = upkeep::size(path)?;
            self.rewrite(path, context)?;
            let bytes_after = upkeep::size(path)?;
            Ok(Compacted {
                bytes_before,
                bytes_after,
            })
        })
    }

    /// Closes all jobs and gives the directory free. Later calls do nothing.
    ///
    /// # Errors
    /// The first of those that [`Store::close_job`] would give. All jobs are closed all the same. The directory
    /// stays taken until the last writer has ended.
    pub fn close(&self) -> Result<()> {
        self.jobs.close()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(root = %self.root().display(), %error, "a store did not close cleanly");
        }
    }
}
