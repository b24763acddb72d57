//! The backend of jobs that are files: SQLite, with one connection that writes and some that read.

mod apply;
mod query;
mod reads;
mod upkeep;
mod writes;

use std::path::Path;
use std::sync::Arc;

use crate::backend::{Observers, Opened};
use crate::error::{ErrorContext, Result};
use crate::options::Options;
use crate::reader::Readers;
use crate::schema;

/// Opens the file of a job, which has to be there.
pub(crate) fn open(
    path: &Path,
    context: &ErrorContext,
    options: &Options,
    observers: Arc<Observers>,
) -> Result<Opened> {
    let connection = schema::open_writer(path, context, options.secure_delete)?;
    let readers = Readers::new(schema::open_reader, path.to_owned(), context.clone());
    let readers = Arc::new(readers);
    Ok(Opened {
        reads: Box::new(reads::Files::new(Arc::clone(&readers), options.call_timeout)),
        writes: Box::new(writes::File::new(
            connection,
            readers,
            options.secure_delete,
            observers,
        )),
    })
}
