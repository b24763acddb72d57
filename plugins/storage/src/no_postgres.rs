//! What stands for the backend of servers in a build without the feature `postgres`: there is none.

use std::sync::Arc;

use crate::backend::{Observers, Opened};
use crate::error::{Error, Result};
use crate::options::Options;

pub(crate) enum Postgres {}

impl Postgres {
    pub(crate) fn new(_url: &str) -> Result<Postgres> {
        Err(Error::argument(
            "url",
            "names a PostgreSQL server, and this plugin was built without its feature `postgres`",
        ))
    }

    pub(crate) fn name(&self) -> String {
        match *self {}
    }

    pub(crate) fn open(this: &Arc<Self>, _: &str, _: &Options, _: Arc<Observers>) -> Result<Opened> {
        match **this {}
    }

    pub(crate) fn remove(&self, _: &str) -> Result<bool> {
        match *self {}
    }

    pub(crate) fn has(&self, _: &str) -> Result<bool> {
        match *self {}
    }
}
