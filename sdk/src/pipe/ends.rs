//! Whose the ends of a stream are.

use super::bounded::Pipe;
use super::{Limits, Tickets};
use backplane_plugin_api::{Buf, Reply, status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What a reading end is called by. Nobody can guess it.
type Name = [u8; NAME];
/// How long it is, in bytes.
const NAME: usize = 16;

/// Reading ends by name.
type Readers = Mutex<HashMap<Name, Reader>>;

/// Writing ends by number.
type Writers = HashMap<u64, Arc<Pipe>>;

struct Reader {
    pipe: Arc<Pipe>,
    /// Whose it is; nobody's while it is on its way.
    owner: Option<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The streams of a host.
pub struct Streams {
    tickets: Arc<dyn Tickets>,
    limits: Limits,
    /// The number of the last writing end: one stands for one in all modules.
    last: AtomicU64,
    readers: Arc<Readers>,
}

impl Streams {
    /// No streams yet.
    pub fn new(tickets: Arc<dyn Tickets>, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            tickets,
            limits,
            last: AtomicU64::new(0),
            readers: Arc::default(),
        })
    }

    /// The ends of the module `name`, which has none yet. No other has its `number`.
    pub fn ends(self: &Arc<Self>, name: Arc<str>, number: u64) -> Ends {
        Ends {
            streams: Arc::clone(self),
            number,
            name,
            opened: Arc::default(),
            writers: Mutex::new(Some(HashMap::new())),
        }
    }

    /// Takes the reading end `name` over into another buffer, and for nobody yet; the buffer it came in then closes
    /// nothing. `None` where it is no such end.
    pub fn carry(&self, name: &[u8]) -> Option<Buf> {
        let pipe = self.take(name)?;
        self.put(pipe, None).ok()
    }

    fn take(&self, name: &[u8]) -> Option<Arc<Pipe>> {
        let reader = lock(&self.readers).remove(&Name::try_from(name).ok()?)?;
        Some(reader.pipe)
    }

    /// Gives a reading end a new name.
    fn put(&self, pipe: Arc<Pipe>, owner: Option<u64>) -> Result<Buf, Reply> {
        let mut name = Name::default();
        if let Err(error) = getrandom::fill(&mut name) {
            pipe.close();
            let message = format!("the system has no random numbers: {error}");
            return Err(Reply::error(status::INTERNAL, message));
        }
        lock(&self.readers).insert(name, Reader { pipe, owner });
        let held = Box::new(Held {
            name,
            readers: Arc::downgrade(&self.readers),
        });
        Ok(Buf {
            ptr: Box::into_raw(held).cast(),
            len: NAME,
            cap: NAME,
            free: Some(free),
        })
    }
}

/// The ends that one module has. Dropping it ends and closes them.
pub struct Ends {
    streams: Arc<Streams>,
    /// Under which it owns reading ends, and waits.
    pub(super) number: u64,
    name: Arc<str>,
    /// How many streams that it opened exist.
    opened: Arc<AtomicUsize>,
    /// Its writing ends; `None` once it has stopped.
    writers: Mutex<Option<Writers>>,
}

impl Ends {
    pub(super) fn open(&self, window: u64) -> Result<(u64, Buf), Reply> {
        let Streams { tickets, limits, .. } = &*self.streams;
        let mut writers = lock(&self.writers);
        let writers = self.running(&mut writers)?;
        if self.opened.load(Ordering::Relaxed) >= limits.open {
            let message = format!(
                "{} has {} streams open, which is the limit",
                self.name, limits.open
            );
            return Err(Reply::error(status::BUSY, message));
        }
        let window = match usize::try_from(window).unwrap_or(usize::MAX) {
            0 => limits.window,
            wanted => wanted.min(limits.window),
        };
        let pipe = Arc::new(Pipe::new(
            Arc::clone(tickets),
            *limits,
            window,
            Arc::clone(&self.opened),
        ));
        let reader = self.streams.put(Arc::clone(&pipe), None)?;
        let number = self.streams.last.fetch_add(1, Ordering::Relaxed) + 1;
        writers.insert(number, pipe);
        Ok((number, reader))
    }

    pub(super) fn claim(&self, name: &[u8]) -> Result<Buf, Reply> {
        let pipe = self.streams.take(name);
        let pipe = pipe.ok_or_else(|| {
            let message = "the stream was closed, or somebody else reads it";
            Reply::error(status::NOT_FOUND, message)
        })?;
        self.streams.put(pipe, Some(self.number))
    }

    pub(super) fn writer(&self, number: u64) -> Result<Arc<Pipe>, Reply> {
        let mut writers = lock(&self.writers);
        let found = self.running(&mut writers)?.get(&number);
        found.cloned().ok_or_else(|| self.no_writer(number))
    }

    fn no_writer(&self, number: u64) -> Reply {
        let message = format!("{} has no writing end {number}, or it was ended", self.name);
        Reply::error(status::NOT_FOUND, message)
    }

    fn running<'a>(&self, writers: &'a mut Option<Writers>) -> Result<&'a mut Writers, Reply> {
        let stopped = || Reply::error(status::STOPPING, format!("{} has stopped", self.name));
        writers.as_mut().ok_or_else(stopped)
    }

    pub(super) fn finish(&self, number: u64, code: i32, message: String) -> Result<(), Reply> {
        let pipe = self.running(&mut lock(&self.writers))?.remove(&number);
        pipe.ok_or_else(|| self.no_writer(number))?.finish(code, message);
        Ok(())
    }

    /// The reading end, which is its own or nobody's.
    pub(super) fn reader(&self, name: &[u8]) -> Result<Arc<Pipe>, Reply> {
        let find = || {
            let readers = lock(&self.streams.readers);
            let reader = readers.get(&Name::try_from(name).ok()?)?;
            let readable = reader.owner.is_none_or(|owner| owner == self.number);
            readable.then(|| Arc::clone(&reader.pipe))
        };
        find().ok_or_else(|| {
            let message = format!("{} has no such reading end, or it was closed", self.name);
            Reply::error(status::NOT_FOUND, message)
        })
    }

    /// Ends what it has not finished. What was written is still read, and it opens nothing any more.
    pub fn end(&self, code: i32, message: &str) {
        let unfinished = lock(&self.writers).take();
        for pipe in unfinished.unwrap_or_default().into_values() {
            pipe.finish(code, message.to_owned());
        }
    }

    /// Closes what it reads.
    pub fn close(&self) {
        let own = |reader: &Reader| reader.owner == Some(self.number);
        let closed: Vec<_> = lock(&self.streams.readers)
            .extract_if(|_, reader| own(reader))
            .collect();
        for (_, reader) in closed {
            reader.pipe.close();
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.end(status::UNAVAILABLE, &format!("{} is gone", self.name));
        self.close();
    }
}

/// A reading end as a buffer: the name comes first, because that is what the buffer shows.
#[repr(C)]
struct Held {
    name: Name,
    readers: Weak<Readers>,
}

unsafe extern "C" fn free(ptr: *mut u8, _: usize, _: usize) {
    // SAFETY: `put` made the buffer of such a box, and its owner frees it once.
    let held = unsafe { Box::from_raw(ptr.cast::<Held>()) };
    // Under another name it is somebody else's by now.
    let reader = held.readers.upgrade().and_then(|it| lock(&it).remove(&held.name));
    if let Some(reader) = reader {
        reader.pipe.close();
    }
}

#[cfg(test)]
mod tests;
