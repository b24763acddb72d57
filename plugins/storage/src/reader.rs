//! Reads, on connections of their own: they neither wait for the writer nor hold it up.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{Error, ErrorContext, Result};
use crate::limits;

struct State<C> {
    idle: Vec<C>,
    open: usize,
    closed: bool,
}

/// The read connections of one job: opened when first needed, at most [`limits::MAX_READERS`].
pub(crate) struct Readers<C = Connection> {
    open: fn(&Path, &ErrorContext) -> Result<C>,
    path: PathBuf,
    context: ErrorContext,
    state: Mutex<State<C>>,
    freed: Condvar,
}

/// Gives a connection back, also when the read panics.
struct Lease<'a, C> {
    readers: &'a Readers<C>,
    connection: Option<C>,
}

impl<C> Drop for Lease<'_, C> {
    fn drop(&mut self) {
        let mut state = self.readers.lock();
        match self.connection.take() {
            Some(connection) if !state.closed => state.idle.push(connection),
            _ => state.open -= 1,
        }
        drop(state);
        self.readers.freed.notify_all();
    }
}

impl<C> Readers<C> {
    /// `open` opens a connection that only reads.
    pub(crate) fn new(
        open: fn(&Path, &ErrorContext) -> Result<C>,
        path: PathBuf,
        context: ErrorContext,
    ) -> Self {
        let state = State {
            idle: Vec::new(),
            open: 0,
            closed: false,
        };
        Readers {
            open,
            path,
            context,
            state: Mutex::new(state),
            freed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.lock().open
    }

    fn lease(&self, timeout: Duration) -> Result<Lease<'_, C>> {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(Error::Closed);
            }
            if let Some(connection) = state.idle.pop() {
                return Ok(Lease {
                    readers: self,
                    connection: Some(connection),
                });
            }
            if state.open < limits::MAX_READERS {
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout {
                    what: "a read connection",
                    waited: timeout,
                });
            }
            state = self
                .freed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.open += 1;
        drop(state);
        let mut lease = Lease {
            readers: self,
            connection: None,
        };
        lease.connection = Some((self.open)(&self.path, &self.context)?);
        Ok(lease)
    }

    /// Runs `read` on a connection, waiting for one at most for `timeout`.
    pub(crate) fn with<R>(
        &self,
        timeout: Duration,
        read: impl FnOnce(&C) -> rusqlite::Result<R>,
    ) -> Result<R> {
        self.run(self.lease(timeout)?, read)
    }

    /// Runs `read` on a connection that is open and idle; `None` when there is none.
    pub(crate) fn with_idle<R>(&self, read: impl FnOnce(&C) -> rusqlite::Result<R>) -> Option<Result<R>> {
        let connection = self.lock().idle.pop()?;
        let lease = Lease {
            readers: self,
            connection: Some(connection),
        };
        Some(self.run(lease, read))
    }

    fn run<R>(&self, mut lease: Lease<'_, C>, read: impl FnOnce(&C) -> rusqlite::Result<R>) -> Result<R> {
        let connection = lease.connection.as_ref().ok_or(Error::Closed)?;
        let answer = read(connection).map_err(|error| self.context.wrap(error));
        if answer.as_ref().is_err_and(Error::poisons_connection) {
            lease.connection = None;
        }
        answer
    }

    /// Refuses further reads, waits for running ones and closes the connections.
    pub(crate) fn close(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        state.closed = true;
        state.open -= state.idle.len();
        state.idle.clear();
        self.freed.notify_all();
        while state.open > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout {
                    what: "running reads to end",
                    waited: timeout,
                });
            }
            state = self
                .freed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(())
    }
}
