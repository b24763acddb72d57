//! The files: opening, checking and creating them.

use std::path::Path;

use rusqlite::OpenFlags;

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
};

/// Opens the one connection that writes. Each of its commits waits for the disk.
pub(crate) fn open_writer(path: &Path, context: &ErrorContext, secure_delete: bool) -> Result<Guarded> {
    let open = || {
        let connection = schema::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let marks = schema::marks(&connection)?;
        if (marks.application_id, marks.format) != (KIND.application_id, KIND.format) {
            return Ok(Err(marks));
        }
        schema::configure(&connection, context.quota)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A sort may be larger than the memory.
        connection.pragma_update(None, "temp_store", "file")?;
        connection.pragma_update_and_check(None, "secure_delete", secure_delete, |_| Ok(()))?;
        Guarded::new(connection).map(Ok)
    };
    match open().map_err(|failed| context.wrap(failed))? {
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
    Guarded::new(connection).map_err(|failed| context.wrap(failed))
}
