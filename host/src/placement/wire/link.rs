//! Sending frames, from any thread, without waiting for the other side.
//!
//! A frame is written at once where the system takes it. What it does not take waits in a bounded queue that a thread
//! works off; until then later frames go behind it.

use super::{Frame, FrameError};
use crate::limits;
use std::cell::RefCell;
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Why a frame is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The other side does not take what waits for it.
    #[error("{limit} bytes wait for the other side already", limit = limits::WIRE_QUEUE)]
    Full,
    /// The connection is gone.
    #[error("the connection is closed")]
    Closed,
    /// It is larger than a frame may be.
    #[error("{0}")]
    Frame(#[from] FrameError),
}

/// The sending half of a connection.
pub(crate) struct Link {
    socket: UnixStream,
    state: Mutex<State>,
    /// Told when there is something to send, room, or an end.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What waits for the thread.
    queue: Vec<u8>,
    /// How many bytes the thread has taken from it and is writing.
    writing: usize,
    closed: bool,
}

impl State {
    /// How many bytes are not sent yet.
    const fn waits(&self) -> usize {
        self.queue.len() + self.writing
    }
}

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that is larger is not kept for the next frame.
const KEPT: usize = 64 * 1024;

impl Link {
    /// Starts the thread, which is called `name` and ends with the connection.
    pub(crate) fn start(socket: UnixStream, name: &str) -> io::Result<Arc<Self>> {
        let link = Arc::new(Self {
            socket,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let writing = Arc::clone(&link);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || writing.work_off())?;
        Ok(link)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame; never waits.
    pub(crate) fn send(&self, frame: &Frame<'_>) -> Result<(), Refused> {
        self.send_within(frame, Duration::ZERO)
    }

    /// The same, after waiting at most `patience` for room.
    pub(crate) fn send_within(&self, frame: &Frame<'_>, patience: Duration) -> Result<(), Refused> {
        // Taken out, because nothing that runs meanwhile may find it borrowed.
        let mut bytes = SCRATCH.take();
        bytes.clear();
        let sent = frame
            .write(&mut bytes)
            .map_err(Refused::from)
            .and_then(|()| self.put(&bytes, patience));
        if bytes.capacity() <= KEPT {
            SCRATCH.set(bytes);
        }
        sent
    }

    fn put(&self, bytes: &[u8], patience: Duration) -> Result<(), Refused> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        // One frame always finds room in an empty queue.
        while !state.closed && state.waits() > 0 && state.waits() + bytes.len() > limits::WIRE_QUEUE {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Refused::Full);
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.closed {
            return Err(Refused::Closed);
        }
        let written = match state.waits() {
            0 => self.write_now(bytes),
            _ => 0,
        };
        if written < bytes.len() {
            state.queue.extend_from_slice(&bytes[written..]);
            drop(state);
            self.changed.notify_all();
        }
        Ok(())
    }

    /// How much the system takes without waiting. An error comes to light when the thread writes the rest.
    fn write_now(&self, bytes: &[u8]) -> usize {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: the descriptor is open as long as the socket, and the bytes are valid for the call.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
        usize::try_from(sent).unwrap_or(0)
    }

    fn work_off(&self) {
        let mut state = self.lock();
        loop {
            if state.closed {
                return;
            }
            if state.queue.is_empty() {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let bytes = std::mem::take(&mut state.queue);
            state.writing = bytes.len();
            drop(state);
            let written = (&self.socket).write_all(&bytes);
            state = self.lock();
            state.writing = 0;
            state.closed |= written.is_err();
            self.changed.notify_all();
        }
    }

    /// Sends what waits, as far as that goes within `patience`, and ends both directions.
    pub(crate) fn finish(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        while !state.closed && state.waits() > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.close();
    }

    /// Ends both directions at once. The thread ends, and whoever reads finds the end.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        // One that is closed by the other side cannot be shut down any more.
        self.socket.shutdown(Shutdown::Both).ok();
    }
}
