//! Servers: where the configuration says that a job is kept elsewhere than in a file.

use std::fmt;
use std::sync::Arc;

use crate::backend::{Observers, Opened};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::postgres::Postgres;

/// A database of a PostgreSQL server (13 or newer) that keeps jobs, for several nodes at once. Clones share their
/// connections.
///
/// Nothing is connected before the first job is opened. `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Server(Arc<Postgres>);

impl Server {
    /// The server and database of a URL `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    ///
    /// Connections are protected as its parameter `sslmode` says, by the rules of libpq: `prefer` when it is left out. The
    /// file of `sslrootcert` is read here, and not again.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another kind of URL, for a file of certificates that is of no use, and for every URL
    /// when the plugin was built without the feature `postgres`; [`Error::TooLarge`] for such a file of more than
    /// [`limits::SERVER_ROOTS_BYTES`](crate::limits::SERVER_ROOTS_BYTES).
    pub fn new(url: &str) -> Result<Server> {
        let known = |scheme: &&str| url.starts_with(*scheme);
        if !["postgres://", "postgresql://"].iter().any(known) {
            return Err(Error::argument("url", "must begin with postgres://"));
        }
        Postgres::new(url).map(|server| Server(Arc::new(server)))
    }

    /// Opens a job, making it if need be.
    pub(crate) fn open(&self, id: &str, options: &Options, observers: Arc<Observers>) -> Result<Opened> {
        Postgres::open(&self.0, id, options, observers)
    }

    /// Removes a job; false when there was none.
    pub(crate) fn remove(&self, id: &str) -> Result<bool> {
        self.0.remove(id)
    }

    /// Whether there is a job.
    pub(crate) fn has(&self, id: &str) -> Result<bool> {
        self.0.has(id)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.0.name())
    }
}
