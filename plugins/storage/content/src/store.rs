//! The store: everything that is in one directory.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};

use tokio::sync::watch;

use crate::cid::Cid;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files;
use crate::index::{FileInfo, Index, Space};
use crate::limits;
use crate::reader::Reader;
use crate::reserve::Reserve;
use crate::upload::Upload;

/// How a store behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Bytes that each owner may have in files and uploads.
    pub quota: u64,
    /// The same for single owners, in place of `quota`.
    pub quotas: BTreeMap<String, u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quota: limits::QUOTA,
            quotas: BTreeMap::new(),
        }
    }
}

/// Files under their identifiers, in one directory that nobody else uses. Clones are the same store.
///
/// Its functions block on the disk.
#[derive(Clone)]
pub struct Contents(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    /// Where the files of datasets lie.
    pub(crate) directory: PathBuf,
    pub(crate) index: Index,
    pub(crate) reserve: Reserve,
    pub(crate) uploads: Mutex<HashMap<String, Arc<Mutex<Upload>>>>,
    options: Options,
    datasets: Mutex<HashMap<i64, Weak<Dataset>>>,
    closed: AtomicBool,
    /// Changes whenever a file is wanted, or is not any more.
    pub(crate) wants: watch::Sender<u64>,
    /// What makes the directory ours. Held while something is written; empty once the store is closed.
    lock: RwLock<Option<File>>,
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// How many blocks were looked at.
    pub blocks: u64,
    /// How many of them were damaged, and are dropped.
    pub damaged: u64,
    /// Their numbers, at most [`limits::MAX_NAMED_BLOCKS`] of them.
    pub named: Vec<u64>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(root: &Path) -> Result<File> {
    let file = files::open(&root.join(".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::AlreadyOpen {
            root: root.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock the directory")(error)),
    }
}

impl Contents {
    /// Opens the store in `root`, which is made if need be.
    ///
    /// # Errors
    /// [`Error::AlreadyOpen`] where another has it; [`Error::ForeignFile`]; a failure of the disk.
    pub fn open(root: &Path, options: Options) -> Result<Self> {
        let directory = root.join("files");
        files::make_directory(&directory)?;
        let lock = take(root)?;
        let index = Index::open(&root.join("index.db"))?;
        let known = index.sweep(limits::UPLOAD_KEPT)?;
        for id in files::present(&directory)? {
            if known.binary_search(&id).is_err() {
                files::remove(&directory, id)?;
            }
        }
        files::sync_names(root)?;
        Ok(Self(Arc::new(Inner {
            directory,
            index,
            reserve: Reserve::new(root),
            options,
            uploads: Mutex::default(),
            datasets: Mutex::default(),
            closed: AtomicBool::new(false),
            wants: watch::Sender::new(0),
            lock: RwLock::new(Some(lock)),
        })))
    }

    /// Takes no more calls, waits for those that write, notes how far open uploads and datasets are, and gives the
    /// directory free.
    ///
    /// # Errors
    /// A failure of the disk; the directory is free all the same, and what was not noted has to come again.
    pub fn close(&self) -> Result<()> {
        self.0.closed.store(true, Ordering::Release);
        self.0.wants.send_modify(|changes| *changes += 1);
        let mut lock = self.0.lock.write().unwrap_or_else(PoisonError::into_inner);
        let uploads = std::mem::take(&mut *locked(&self.0.uploads));
        let uploads = uploads.into_values();
        let noted = uploads.map(|upload| locked(&upload).note(&self.0.index));
        let noted = noted.fold(Ok(()), Result::and);
        let datasets: Vec<_> = locked(&self.0.datasets)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        let also = datasets.iter().map(|dataset| self.note(dataset, true));
        let noted = also.fold(noted, Result::and);
        *lock = None;
        noted
    }

    /// Begins something that writes: the store is not closed before the guard is gone. Not to be nested.
    pub(crate) fn enter(&self) -> Result<RwLockReadGuard<'_, Option<File>>> {
        let guard = self.0.lock.read().unwrap_or_else(PoisonError::into_inner);
        match guard.is_some() && !self.is_closed() {
            true => Ok(guard),
            false => Err(Error::Closed),
        }
    }

    /// The directory of the store.
    #[cfg(feature = "exchange")]
    pub(crate) fn root(&self) -> &Path {
        self.0.directory.parent().unwrap_or(&self.0.directory)
    }

    /// Changes whenever a file is wanted, or is not any more.
    #[cfg(feature = "exchange")]
    pub(crate) fn wants(&self) -> watch::Receiver<u64> {
        self.0.wants.subscribe()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    pub(crate) fn index(&self) -> Result<&Index> {
        match self.is_closed() {
            true => Err(Error::Closed),
            false => Ok(&self.0.index),
        }
    }

    pub(crate) fn quota(&self, owner: &str) -> u64 {
        self.0
            .options
            .quotas
            .get(owner)
            .copied()
            .unwrap_or(self.0.options.quota)
    }

    /// The open dataset with this number.
    pub(crate) fn dataset(&self, id: i64) -> Result<Option<Arc<Dataset>>> {
        let mut datasets = locked(&self.0.datasets);
        if let Some(dataset) = datasets.get(&id).and_then(Weak::upgrade) {
            return Ok(Some(dataset));
        }
        let Some(row) = self.index()?.dataset(id)? else {
            return Ok(None);
        };
        let dataset = Arc::new(Dataset::open(&self.0.directory, row)?);
        datasets.retain(|_, dataset| dataset.strong_count() > 0);
        datasets.insert(id, Arc::downgrade(&dataset));
        Ok(Some(dataset))
    }

    fn dataset_of(&self, file: &FileInfo) -> Result<Arc<Dataset>> {
        let cid = file.cid;
        self.dataset(file.dataset)?.ok_or(Error::NotFound { cid })
    }

    /// Brings to the disk what was written of a dataset, and notes it, when it is as much as to be worth it, or at once.
    pub(crate) fn note(&self, dataset: &Dataset, now: bool) -> Result<()> {
        let _one = locked(&dataset.noting);
        let Some(have) = dataset.unnoted(now) else {
            return Ok(());
        };
        let noted = dataset
            .sync()
            .and_then(|()| self.0.index.note(dataset.id, have.as_deref()));
        if noted.is_err() {
            dataset.unnote();
        }
        noted
    }

    /// Does something that makes room: `note` in the index, which needs some itself, and then to the files.
    pub(crate) fn make_room<T>(
        &self,
        note: impl Fn(&Index) -> Result<T>,
        remove: impl FnOnce(T) -> Result<()>,
    ) -> Result<()> {
        let index = self.index()?;
        let noted = match note(index) {
            Err(Error::DiskFull) if self.0.reserve.give_back() => note(index),
            noted => noted,
        };
        remove(noted?)?;
        self.0.reserve.take();
        Ok(())
    }

    /// Removes the files of datasets that nobody has any more.
    pub(crate) fn remove(&self, gone: &[i64]) -> Result<()> {
        gone.iter().try_for_each(|id| {
            locked(&self.0.datasets).remove(id);
            files::remove(&self.0.directory, *id)
        })
    }

    /// The file of an owner, with what is here of it just now.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn file(&self, owner: &str, cid: Cid) -> Result<FileInfo> {
        let file = self.index()?.file(owner, cid)?;
        self.with_present(file)
    }

    pub(crate) fn with_present(&self, mut file: FileInfo) -> Result<FileInfo> {
        let open = locked(&self.0.datasets)
            .get(&file.dataset)
            .and_then(Weak::upgrade);
        if let Some(dataset) = open {
            file.here = dataset.count();
        }
        Ok(file)
    }

    /// Files by owner and identifier, behind `after`, of those that `wanted` lets through; at most `limit`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit that is 0 or over [`limits::MAX_PAGE`].
    pub fn files(
        &self,
        after: Option<(&str, Cid)>,
        limit: usize,
        wanted: impl FnMut(&str, Cid) -> bool,
    ) -> Result<Vec<FileInfo>> {
        if !(1..=limits::MAX_PAGE).contains(&limit) {
            let reason = format!("is {limit}; it must be 1 to {}", limits::MAX_PAGE);
            return Err(Error::argument("limit", reason));
        }
        let files = self.index()?.files(after, limit, wanted)?;
        files.into_iter().map(|file| self.with_present(file)).collect()
    }

    /// Reads a file from `offset` on, to its end or `len` bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::InvalidArgument`] for an offset behind the end.
    pub fn read(&self, owner: &str, cid: Cid, offset: u64, len: Option<u64>) -> Result<Reader> {
        let file = self.index()?.file(owner, cid)?;
        let reader = Reader::new(self.clone(), self.dataset_of(&file)?, offset, len)?;
        self.0.index.touch(owner, cid)?;
        Ok(reader)
    }

    /// Lets a file stay when room is needed, or not.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn set_pinned(&self, owner: &str, cid: Cid, pinned: bool) -> Result<()> {
        self.index()?.set_pinned(owner, cid, pinned)
    }

    /// Takes a file from its owner. Its blocks go with the last file that has them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete(&self, owner: &str, cid: Cid) -> Result<()> {
        let _open = self.enter()?;
        let note = |index: &Index| index.delete(owner, cid);
        self.make_room(note, |gone| {
            self.0.wants.send_modify(|changes| *changes += 1);
            self.remove(&gone)
        })
    }

    /// What an owner has, and may have.
    ///
    /// # Errors
    /// A failure of the disk.
    pub fn space(&self, owner: &str) -> Result<Space> {
        self.index()?.space(owner, self.quota(owner))
    }

    /// Looks at all blocks of a file that are here, and drops those that are damaged.
    ///
    /// # Errors
    /// [`Error::NotFound`]; a failure of the disk.
    pub fn check(&self, owner: &str, cid: Cid) -> Result<Checked> {
        let _open = self.enter()?;
        let file = self.index()?.file(owner, cid)?;
        let dataset = self.dataset_of(&file)?;
        let blocks = dataset.count();
        let mut checked = Checked {
            blocks,
            ..Checked::default()
        };
        dataset.check(&self.0.directory, &|| self.index().map(drop), &mut |block| {
            checked.damaged += 1;
            if checked.named.len() < limits::MAX_NAMED_BLOCKS {
                checked.named.push(block);
            }
        })?;
        self.note(&dataset, true)?;
        Ok(checked)
    }
}
