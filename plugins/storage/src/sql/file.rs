//! The files: opening, checking and creating them.

use std::path::Path;

use super::guarded::Guarded;
use crate::error::{Error, ErrorContext, Result};
use crate::schema::{self, Kind};

/// The files of databases: `BpSq` in ASCII, with the list of migrations.
pub(crate) const KIND: Kind = Kind {
    application_id: 0x4270_5371,
    format: 1,
    create: "
        CREATE TABLE _backplane_migrations (
            version INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
    ",
    auto_vacuum: "none",
};

/// Opens the one connection that writes. Each of its commits waits for the disk.
pub(crate) fn open_writer(path: &Path, context: &ErrorContext, secure_delete: bool) -> Result<Guarded> {
    let connection = schema::open_first(path, context)?;
    let prepare = move || {
        let marks = schema::marks(&connection)?;
        if (marks.application_id, marks.format) != (KIND.application_id, KIND.format) {
            return Ok(Err(marks));
        }
        schema::configure(&connection, context)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A sort may be larger than the memory, but what is encrypted must not lie in a file that is not.
        let sorts = if context.key.is_set() { "memory" } else { "file" };
        connection.pragma_update(None, "temp_store", sorts)?;
        connection.pragma_update_and_check(None, "secure_delete", secure_delete, |_| Ok(()))?;
        Guarded::new(connection).map(Ok)
    };
    match prepare().map_err(|failed| context.wrap(failed))? {
        Ok(guarded) => schema::restrict(path).map(|()| guarded),
        Err(marks) => Err(refused(&marks, context)),
    }
}

fn refused(marks: &schema::Marks, context: &ErrorContext) -> Error {
    let job = context.job.clone();
    match (marks.application_id, marks.format, marks.tables) {
        (0, 0, 0) => Error::Corrupt { job },
        (id, found, _) if id == KIND.application_id => Error::IncompatibleVersion {
            job,
            found,
            supported: KIND.format,
        },
        (application_id, ..) => Error::ForeignFile { job, application_id },
    }
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path, context: &ErrorContext) -> Result<Guarded> {
    let connection = schema::open_reader(path, context)?;
    if context.key.is_set() {
        connection
            .pragma_update(None, "temp_store", "memory")
            .map_err(|failed| context.wrap(failed))?;
    }
    Guarded::new(connection).map_err(|failed| context.wrap(failed))
}
