//! Pools: connections that are opened when first needed, up to a number, and lent one by one.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

struct State<C> {
    idle: Vec<C>,
    open: usize,
    /// Nothing is lent for now.
    paused: bool,
    closed: bool,
}

pub(crate) struct Pool<C> {
    /// What its connections are called.
    what: &'static str,
    most: usize,
    state: Mutex<State<C>>,
    freed: Condvar,
}

/// A connection that is lent. It goes back when this is dropped, also when its user panics.
pub(crate) struct Lease<'a, C> {
    pool: &'a Pool<C>,
    connection: Option<C>,
}

impl<C> Lease<'_, C> {
    /// Does not give the connection back: it is of no more use.
    pub(crate) fn discard(mut self) {
        self.connection = None;
    }
}

impl<C> Deref for Lease<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection
            .as_ref()
            .unwrap_or_else(|| unreachable!("lent until dropped"))
    }
}

impl<C> DerefMut for Lease<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection
            .as_mut()
            .unwrap_or_else(|| unreachable!("lent until dropped"))
    }
}

impl<C> Drop for Lease<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        match self.connection.take() {
            Some(connection) if !state.closed && !state.paused => state.idle.push(connection),
            _ => state.open -= 1,
        }
        drop(state);
        self.pool.freed.notify_all();
    }
}

impl<C> Pool<C> {
    /// A pool of at most `most` connections; one of them is called `what`.
    pub(crate) fn new(what: &'static str, most: usize) -> Self {
        let state = State {
            idle: Vec::new(),
            open: 0,
            paused: false,
            closed: false,
        };
        Pool {
            what,
            most,
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

    /// A connection, from `open` if none is idle and there may be more; waits for one at most for `timeout`.
    pub(crate) fn lease<E: From<Error>>(
        &self,
        timeout: Duration,
        open: impl FnOnce() -> Result<C, E>,
    ) -> Result<Lease<'_, C>, E> {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(Error::Closed.into());
            }
            if let Some(connection) = state.idle.pop() {
                return Ok(self.lend(Some(connection)));
            }
            if state.open < self.most && !state.paused {
                break;
            }
            state = self.wait(state, deadline).ok_or(Error::Timeout {
                what: self.what,
                waited: timeout,
            })?;
        }
        state.open += 1;
        drop(state);
        let mut lease = self.lend(None);
        lease.connection = Some(open()?);
        Ok(lease)
    }

    /// A connection that is open and idle.
    pub(crate) fn lease_idle(&self) -> Option<Lease<'_, C>> {
        let connection = self.lock().idle.pop()?;
        Some(self.lend(Some(connection)))
    }

    fn lend(&self, connection: Option<C>) -> Lease<'_, C> {
        Lease {
            pool: self,
            connection,
        }
    }

    /// Waits until a connection is given back; `None` at the deadline.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State<C>>,
        deadline: Instant,
    ) -> Option<MutexGuard<'a, State<C>>> {
        let left = deadline
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())?;
        let woken = self.freed.wait_timeout(state, left);
        Some(woken.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Lends no more connections, waits for those that are lent, and closes them all.
    pub(crate) fn close(&self, timeout: Duration) -> Result<()> {
        let mut state = self.lock();
        state.closed = true;
        self.drain(state, timeout)
    }

    /// Lends nothing until [`Pool::resume`], waits for the connections that are lent, and closes them all.
    pub(crate) fn pause(&self, timeout: Duration) -> Result<()> {
        let mut state = self.lock();
        state.paused = true;
        self.drain(state, timeout)
    }

    /// Lends again, new connections.
    pub(crate) fn resume(&self) {
        self.lock().paused = false;
        self.freed.notify_all();
    }

    fn drain(&self, mut state: MutexGuard<'_, State<C>>, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        state.open -= state.idle.len();
        state.idle.clear();
        self.freed.notify_all();
        while state.open > 0 {
            state = self.wait(state, deadline).ok_or(Error::Timeout {
                what: "running reads to end",
                waited: timeout,
            })?;
        }
        Ok(())
    }
}
