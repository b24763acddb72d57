//! Servers: where the configuration says that a job is kept elsewhere than in a file.

use std::fmt;
use std::sync::Arc;

use crate::backend::{Observers, Opened};
use crate::error::{Error, Result};
use crate::options::Options;

#[cfg(feature = "postgres")]
use crate::postgres::Postgres;

/// What stands for the server in a build without the feature `postgres`: there is none.
#[cfg(not(feature = "postgres"))]
enum Postgres {}

/// A database of a PostgreSQL server (13 or newer) that keeps jobs, for several nodes at once. Clones share their
/// connections.
///
/// Nothing is connected before the first job is opened. `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Server(Arc<Postgres>);

impl Server {
    /// The server and database of a URL `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another kind of URL, and for every URL when the plugin was built without the
    /// feature `postgres`.
    pub fn new(url: &str) -> Result<Server> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(Error::argument("url", "must begin with postgres://"));
        }
        #[cfg(feature = "postgres")]
        return Postgres::new(url).map(|server| Server(Arc::new(server)));
        #[cfg(not(feature = "postgres"))]
        return Err(Error::argument(
            "url",
            "names a PostgreSQL server, and this plugin was built without its feature `postgres`",
        ));
    }

    /// Opens a job, making it if need be.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables))]
    pub(crate) fn open(&self, id: &str, options: &Options, observers: Arc<Observers>) -> Result<Opened> {
        #[cfg(feature = "postgres")]
        return Postgres::open(&self.0, id, options, observers);
        #[cfg(not(feature = "postgres"))]
        match *self.0 {}
    }

    /// Removes a job; false when there was none.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables))]
    pub(crate) fn remove(&self, id: &str) -> Result<bool> {
        #[cfg(feature = "postgres")]
        return self.0.remove(id);
        #[cfg(not(feature = "postgres"))]
        match *self.0 {}
    }

    /// Whether there is a job.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables))]
    pub(crate) fn has(&self, id: &str) -> Result<bool> {
        #[cfg(feature = "postgres")]
        return self.0.has(id);
        #[cfg(not(feature = "postgres"))]
        match *self.0 {}
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "postgres")]
        return write!(f, "Server({})", self.0.name());
        #[cfg(not(feature = "postgres"))]
        match *self.0 {
            _ => f.write_str("Server"),
        }
    }
}
