//! The backend of jobs that are files: SQLite, with one connection that writes and some that read.

mod apply;
mod query;
mod reads;
mod writes;

use std::path::Path;
use std::sync::Arc;

use crate::backend::{Observers, Opened};
use crate::error::{ErrorContext, Result};
use crate::options::Options;
use crate::schema;

/// Opens the file of a job, which has to be there.
pub(crate) fn open(id: &str, path: &Path, options: &Options, observers: Arc<Observers>) -> Result<Opened> {
    let context = ErrorContext {
        job: id.to_owned(),
        quota: options.quota_of(id),
    };
    let connection = schema::open_writer(path, &context, options.secure_delete)?;
    Ok(Opened {
        reads: Box::new(reads::Files::new(path, options.call_timeout, context.clone())),
        writes: Box::new(writes::File::new(connection, context, observers)),
    })
}
