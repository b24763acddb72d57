//! Reads, on connections of their own: they neither wait for the writer nor hold it up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{Error, ErrorContext, Result};
use crate::limits;
use crate::pool::{Lease, Pool};

/// The read connections of one job: opened when first needed, at most [`limits::MAX_READERS`].
pub(crate) struct Readers<C = Connection> {
    open: fn(&Path, &ErrorContext) -> Result<C>,
    path: PathBuf,
    context: ErrorContext,
    pool: Pool<C>,
}

impl<C> Readers<C> {
    /// `open` opens a connection that only reads.
    pub(crate) fn new(
        open: fn(&Path, &ErrorContext) -> Result<C>,
        path: PathBuf,
        context: ErrorContext,
    ) -> Self {
        Readers {
            open,
            path,
            context,
            pool: Pool::new("a read connection", limits::MAX_READERS),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is known of it.
    pub(crate) fn context(&self) -> &ErrorContext {
        &self.context
    }

    /// Number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.pool.open()
    }

    /// Runs `read` on a connection, waiting for one at most for `timeout`.
    pub(crate) fn with<R>(
        &self,
        timeout: Duration,
        read: impl FnOnce(&C) -> rusqlite::Result<R>,
    ) -> Result<R> {
        let open = || (self.open)(&self.path, &self.context);
        self.run(self.pool.lease(timeout, open)?, read)
    }

    /// Runs `read` on a connection that is open and idle; `None` when there is none.
    pub(crate) fn with_idle<R>(&self, read: impl FnOnce(&C) -> rusqlite::Result<R>) -> Option<Result<R>> {
        Some(self.run(self.pool.lease_idle()?, read))
    }

    fn run<R>(&self, lease: Lease<'_, C>, read: impl FnOnce(&C) -> rusqlite::Result<R>) -> Result<R> {
        let answer = read(&lease).map_err(|error| self.context.wrap(error));
        if answer.as_ref().is_err_and(Error::poisons_connection) {
            lease.discard();
        }
        answer
    }

    /// Refuses further reads, waits for running ones and closes the connections.
    pub(crate) fn close(&self, timeout: Duration) -> Result<()> {
        self.pool.close(timeout)
    }

    /// Lets further reads wait until [`Readers::resume`]; waits for running ones and closes the connections.
    pub(crate) fn pause(&self, timeout: Duration) -> Result<()> {
        self.pool.pause(timeout)
    }

    /// Lets reads begin again, on new connections.
    pub(crate) fn resume(&self) {
        self.pool.resume();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::KeySlot;

    #[test]
    fn a_pause_waits_for_running_reads_and_closes_the_connections() {
        let context = ErrorContext {
            job: "j".into(),
            quota: None,
            key: KeySlot::default(),
        };
        let readers = Readers::new(|_, _| Ok(()), PathBuf::new(), context);
        let second = Duration::from_secs(1);
        let running = readers.with(second, |()| {
            let refused = readers.pause(Duration::from_millis(1));
            assert!(matches!(refused, Err(Error::Timeout { .. })), "{refused:?}");
            Ok(())
        });
        assert_eq!((running, readers.open()), (Ok(()), 0));
        assert_eq!(readers.pause(second), Ok(()));
        let waiting = readers.with(Duration::from_millis(1), |()| Ok(()));
        assert!(matches!(waiting, Err(Error::Timeout { .. })), "{waiting:?}");
        readers.resume();
        assert_eq!(readers.with(second, |()| Ok(())), Ok(()));
        assert_eq!(readers.open(), 1);
    }
}
