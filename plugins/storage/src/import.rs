//! Taking over a file of the reference implementation.
//!
//! Its format 1 is one table without row ids, with `user_version` 1 and no application id. The rows are copied in
//! one transaction into a new file, which gets its name only when it is complete and on the disk: an import that is
//! interrupted leaves no job behind. Source: storage.md §1.7.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use crate::batch::check_place;
use crate::error::{Error, ErrorContext, Result, check_size};
use crate::key::Key;
use crate::limits;
use crate::schema;

/// The format that is imported.
const SOURCE_FORMAT: i32 = 1;

/// Copies `source` to a new job file, which is left under its unfinished name; gives the number of rows.
pub(crate) fn import(source: &Path, unfinished: &Path, context: &ErrorContext) -> Result<u64> {
    let source = open_source(source, context)?;
    schema::create(unfinished, &schema::KV, context)?;
    copy(&source, unfinished, context)
}

fn open_source(path: &Path, context: &ErrorContext) -> Result<Connection> {
    let wrap = |error| context.wrap(error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
    connection
        .busy_timeout(limits::SQLITE_BUSY_TIMEOUT)
        .map_err(wrap)?;
    let marks = schema::marks(&connection).map_err(wrap)?;
    match (marks.application_id, marks.format) {
        (0, SOURCE_FORMAT) => Ok(connection),
        (0, found) if marks.tables > 0 => Err(Error::IncompatibleVersion {
            job: context.job.clone(),
            found,
            supported: SOURCE_FORMAT,
        }),
        (application_id, _) => Err(Error::ForeignFile {
            job: context.job.clone(),
            application_id,
        }),
    }
}

fn copy(source: &Connection, path: &Path, context: &ErrorContext) -> Result<u64> {
    let wrap = |error| context.wrap(error);
    let mut target = schema::open_writer(path, context, false)?;
    let transaction = target
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(wrap)?;
    let mut copied = 0;
    {
        let mut select = source
            .prepare("SELECT category, key, payload FROM kv")
            .map_err(wrap)?;
        let mut insert = transaction
            .prepare("INSERT INTO kv (category, key, payload) VALUES (?1, ?2, ?3)")
            .map_err(wrap)?;
        let mut rows = select.query([]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let column = |at: usize| -> Result<Vec<u8>> { row.get(at).map_err(wrap) };
            let category = String::from_utf8(column(0)?)
                .map_err(|_| Error::argument("category", "is not UTF-8 in the file to import"))?;
            let (key, payload) = (Key::from(column(1)?), column(2)?);
            check_place(&category, &key)?;
            check_size("payload bytes", payload.len(), limits::MAX_PAYLOAD_BYTES)?;
            insert
                .execute(params![category.as_bytes(), key.as_bytes(), payload])
                .map_err(wrap)?;
            copied += 1;
        }
    }
    transaction.commit().map_err(wrap)?;
    // Closing the last connection moves the log into the file and removes it.
    target.close().map_err(|(_, error)| wrap(error))?;
    Ok(copied)
}
