//! Directories: files of one kind, each opened on demand, and the lock that makes them ours.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cipher::{self, CipherKey};
use crate::error::{Error, ErrorContext, Result};
use crate::job_id;
use crate::options::Options;
use crate::rekey::Rekey;
use crate::root::{self, RootLock};

/// What a directory keeps: something open with one file and one writer. Clones are the same.
pub(crate) trait Kept: Clone {
    /// What many of them are called, and how many may be open.
    const OPEN: (&'static str, usize);

    /// Makes an empty file, under a name that is not yet its own.
    fn create(unfinished: &Path, context: &ErrorContext) -> Result<()>;

    /// Opens it, and starts its writer. A file has to be there.
    fn open(path: &Path, context: ErrorContext, options: &Options, root: Arc<RootLock>) -> Result<Self>;

    /// What is known of it.
    fn context(&self) -> &ErrorContext;

    /// Gives the file another key; reads go on, and writes wait.
    fn rekey(&self, rekey: Rekey) -> Result<()>;

    /// Whether `id` is a file of the directory.
    fn is_file(_options: &Options, _id: &str) -> bool {
        true
    }

    /// Whether there is one under `id`, whose file would be at `path`.
    fn exists(_options: &Options, _id: &str, path: &Path) -> Result<bool> {
        Ok(path.exists())
    }

    /// Removes what is kept, which is closed; false when there was nothing.
    fn remove(_options: &Options, _id: &str, path: &Path) -> Result<bool> {
        root::remove_database(path)
    }

    /// Takes no more calls.
    fn refuse(&self);

    /// Does what was accepted and ends the writer. Once it has ended, later calls do nothing; after a timeout they
    /// wait again.
    fn close(&self) -> Result<()>;

    /// Whether nothing uses the file any more.
    fn has_ended(&self) -> bool;
}

/// The place of one file. Its lock is held while the file is being opened or closed, so that others need not wait.
pub(crate) type Slot<K> = Arc<Mutex<Option<K>>>;

struct State<K> {
    lock: Option<Arc<RootLock>>,
    slots: HashMap<String, Slot<K>>,
    closed: bool,
}

/// The files of one directory, which is owned from the first opened one until [`Directory::close`].
pub(crate) struct Directory<K> {
    pub(crate) root: PathBuf,
    pub(crate) options: Options,
    state: Mutex<State<K>>,
    /// Held while a file is created, so that two ids that differ only by case do not both find no file.
    pub(crate) creating: Mutex<()>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Kept> Directory<K> {
    /// Touches nothing on the disk.
    pub(crate) fn new(root: PathBuf, options: Options) -> Result<Self> {
        root::check(&root)?;
        let state = State {
            lock: None,
            slots: HashMap::new(),
            closed: false,
        };
        Ok(Directory {
            root,
            options,
            state: Mutex::new(state),
            creating: Mutex::default(),
        })
    }

    /// Opens `id`, creating it if need be; the same when it is open already, whatever its key.
    pub(crate) fn open(&self, id: &str) -> Result<K> {
        self.open_or_make(id, None)
    }

    /// The same under a key, or with none; refused when the file has another one.
    pub(crate) fn unlock(&self, id: &str, key: Option<CipherKey>) -> Result<K> {
        cipher::check_build(key.as_ref())?;
        let kept = self.open_or_make(id, key.clone())?;
        cipher::check_same(kept.context(), key.as_ref()).map(|()| kept)
    }

    /// Gives `id` another key; it is open afterwards.
    pub(crate) fn rekey(&self, id: &str, rekey: Rekey) -> Result<()> {
        cipher::check_build(rekey.old.as_ref().or(rekey.new.as_ref()))?;
        if K::is_file(&self.options, id) && !self.path(id)?.exists() {
            return Err(Error::JobNotFound { job: id.to_owned() });
        }
        self.unlock(id, rekey.old.clone())?.rekey(rekey)
    }

    fn open_or_make(&self, id: &str, key: Option<CipherKey>) -> Result<K> {
        let path = self.path(id)?;
        let (slot, lock) = self.slot(id)?;
        let mut place = locked(&slot);
        if let Some(kept) = &*place {
            return Ok(kept.clone());
        }
        let context = self.context(id, key);
        let made = match K::is_file(&self.options, id) {
            true => self.create(&context),
            false => Ok(()),
        };
        let opened = made.and_then(|()| K::open(&path, context, &self.options, lock));
        match opened {
            Ok(kept) if locked(&self.state).closed => kept.close().and(Err(Error::Closed)),
            Ok(kept) => Ok(place.insert(kept).clone()),
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

    pub(crate) fn slot(&self, id: &str) -> Result<(Slot<K>, Arc<RootLock>)> {
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
        let (what, limit) = K::OPEN;
        if state.slots.len() >= limit {
            return Err(Error::Busy { what, limit });
        }
        let slot = Slot::default();
        state.slots.insert(id.to_owned(), Arc::clone(&slot));
        Ok((slot, lock))
    }

    /// Forgets a slot that is empty and that nobody else is about to fill.
    pub(crate) fn release(&self, id: &str, slot: &Slot<K>) {
        let mut state = locked(&self.state);
        // The map and this caller hold it.
        if Arc::strong_count(slot) == 2 && locked(slot).is_none() {
            state.slots.remove(id);
        }
    }

    /// What is open under `id`.
    pub(crate) fn get(&self, id: &str) -> Result<K> {
        let slot = locked(&self.state).slots.get(id).map(Arc::clone);
        let kept = slot.and_then(|slot| locked(&slot).clone());
        kept.ok_or_else(|| Error::JobNotFound { job: id.to_owned() })
    }

    /// The ids of those that are open, or being opened or closed, in no order.
    pub(crate) fn opened(&self) -> Vec<String> {
        locked(&self.state).slots.keys().cloned().collect()
    }

    /// Closes `id`. One that is not open is no error.
    pub(crate) fn close_one(&self, id: &str) -> Result<()> {
        let slot = locked(&self.state).slots.get(id).map(Arc::clone);
        let Some(slot) = slot else { return Ok(()) };
        let closed = close_slot(&mut locked(&slot));
        self.release(id, &slot);
        closed
    }

    /// Closes `id` and removes its files.
    pub(crate) fn remove(&self, id: &str) -> Result<()> {
        // What could not be written is of no interest any more; a full disk must not keep the file.
        let removed = self.while_closed(id, |path, _context, _closed| K::remove(&self.options, id, path))?;
        match removed {
            false => Err(Error::JobNotFound { job: id.to_owned() }),
            true => Ok(()),
        }
    }

    /// Closes `id`, and does `work` with its file before anybody opens it again. `work` gets what was known of the file
    /// while it was open, its key among it, and is told how the closing went.
    pub(crate) fn while_closed<T>(
        &self,
        id: &str,
        work: impl FnOnce(&Path, &ErrorContext, Result<()>) -> Result<T>,
    ) -> Result<T> {
        let path = self.path(id)?;
        if K::is_file(&self.options, id) && !self.root.exists() {
            return Err(Error::JobNotFound { job: id.to_owned() });
        }
        let (slot, _lock) = self.slot(id)?;
        let mut place = locked(&slot);
        let known = place.as_ref().map(|kept| kept.context().clone());
        let context = known.unwrap_or_else(|| self.context(id, None));
        let closed = close_slot(&mut place);
        let done = match closed {
            // The writer still uses the file.
            Err(error) if place.is_some() => Err(error),
            closed => work(&path, &context, closed),
        };
        drop(place);
        self.release(id, &slot);
        done
    }

    /// Does `work` with `id`, which must exist. If it is not open it is for that long alone, and others wait for it.
    pub(crate) fn visit<T>(&self, id: &str, work: impl FnOnce(&K) -> Result<T>) -> Result<T> {
        let path = self.existing(id)?;
        let (slot, lock) = self.slot(id)?;
        let place = locked(&slot);
        let done = match place.clone() {
            Some(kept) => {
                drop(place);
                work(&kept)
            }
            None => {
                let done = K::open(&path, self.context(id, None), &self.options, lock).and_then(|kept| {
                    let done = work(&kept);
                    kept.close().and(done)
                });
                drop(place);
                done
            }
        };
        self.release(id, &slot);
        done
    }

    /// Where the file of `id` is, if it is one. It must exist.
    pub(crate) fn existing(&self, id: &str) -> Result<PathBuf> {
        let path = self.path(id)?;
        match K::exists(&self.options, id, &path)? {
            true => Ok(path),
            false => Err(Error::JobNotFound { job: id.to_owned() }),
        }
    }

    /// Closes all and gives the directory free. It stays taken until the last writer has ended.
    pub(crate) fn close(&self) -> Result<()> {
        let slots = {
            let mut state = locked(&self.state);
            state.closed = true;
            state.lock = None;
            std::mem::take(&mut state.slots)
        };
        // All take no more calls first, so that the writers drain side by side.
        let open: Vec<K> = slots
            .into_values()
            .filter_map(|slot| locked(&slot).take())
            .collect();
        open.iter().for_each(K::refuse);
        open.iter().map(K::close).fold(Ok(()), Result::and)
    }
}

/// Closes what is in a slot, and empties the slot unless the writer still uses the file.
fn close_slot<K: Kept>(place: &mut Option<K>) -> Result<()> {
    let Some(kept) = place else { return Ok(()) };
    let closed = kept.close();
    if kept.has_ended() {
        *place = None;
    }
    closed
}
