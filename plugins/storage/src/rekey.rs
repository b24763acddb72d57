//! Another key for a file: a copy under the new key is made beside it, verified, and put in its place.
//!
//! The copy is made while others read the file. The exchange is one renaming, while nobody has the file open; a process
//! that ends before it leaves the file as it was.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, ffi};

use crate::cipher::{self, CipherKey};
use crate::error::{Error, ErrorContext, Result};
use crate::limits;
use crate::reader::Readers;
use crate::root::{self, with_suffix};
use crate::schema;

/// What is to become of the key of a file.
#[derive(Debug, Clone)]
pub(crate) struct Rekey {
    /// The key that the file has now, if it is encrypted.
    pub(crate) old: Option<CipherKey>,
    /// The one that it gets, if it is to be encrypted.
    pub(crate) new: Option<CipherKey>,
    /// Whether the file stays beside the new one as it was.
    pub(crate) keep_copy: bool,
}

/// The file as it was before its key was changed; it goes when the job is dropped.
pub(crate) fn copy_of(path: &Path) -> PathBuf {
    with_suffix(path, ".before-rekey")
}

/// The file under its new key, while it is being made.
pub(crate) fn unfinished_of(path: &Path) -> PathBuf {
    with_suffix(path, ".rekeying")
}

/// Removes what a process left that ended before the exchange. Nobody has the file open.
pub(crate) fn clean(path: &Path) -> Result<()> {
    if remove_unfinished(path)? && is_linked(path) {
        // The copy is the file itself under another name, and would change with it.
        root::remove(&copy_of(path))?;
    }
    Ok(())
}

/// Removes a file that is not to be put in place; false when there is none. It has no log and no journal.
pub(crate) fn remove_unfinished(path: &Path) -> Result<bool> {
    root::remove(&unfinished_of(path))
}

#[cfg(unix)]
fn is_linked(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|file| file.nlink() > 1)
}

#[cfg(not(unix))]
fn is_linked(_path: &Path) -> bool {
    true
}

/// The one that writes to the file.
pub(crate) trait Reopens {
    /// Moves the log into the file and closes it.
    fn close_file(&mut self) -> Result<()>;

    /// Opens it again, under the key that it has now.
    fn open_file(&mut self) -> Result<()>;
}

/// Gives the file of `writer` another key. Reads go on while the new file is made, and wait while it is put in place.
/// [`Error::WriterFailed`] says that `writer` has no file any more.
pub(crate) fn run<C>(writer: &mut impl Reopens, readers: &Readers<C>, rekey: &Rekey) -> Result<()> {
    let (path, context) = (readers.path(), readers.context());
    prepare(path, context, rekey)?;
    let paused = readers.pause(limits::REKEY_READERS_TIMEOUT);
    let exchanged = paused.and_then(|()| {
        let exchanged = writer.close_file().and_then(|()| exchange(path, context, rekey));
        let opened = writer.open_file().inspect_err(
            |error| tracing::error!(job = context.job, %error, "a file could not be opened again"),
        );
        opened.map_err(|_| Error::WriterFailed).and(exchanged)
    });
    readers.resume();
    if exchanged.is_err() {
        remove_unfinished(path)?;
    }
    exchanged
}

/// Makes the file under its new key and verifies it. Nobody may write meanwhile; reading is free.
fn prepare(path: &Path, context: &ErrorContext, rekey: &Rekey) -> Result<()> {
    cipher::check_same(context, rekey.old.as_ref())?;
    if rekey.new.is_none() && rekey.old.is_none() {
        return Err(Error::argument(
            "new_key",
            "must be given for a file that is not encrypted",
        ));
    }
    let prepared = remove_unfinished(path).and_then(|_| {
        let source = schema::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, context)?;
        let (target, new) = (unfinished_of(path), rekey.new.as_ref());
        let marks = schema::marks(&source).map_err(|error| context.wrap(error))?;
        let counts = counts(&source).map_err(|error| context.wrap(error))?;
        export(&source, &target, new, context)?;
        mark(&target, &marks, new, context)?;
        verify(&target, &counts, new, context)?;
        schema::sync(&target)
    });
    if prepared.is_err() {
        remove_unfinished(path)?;
    }
    prepared
}

/// Puts the prepared file, and its key, in the place of the present one. Nobody may have either file open.
fn exchange(path: &Path, context: &ErrorContext, rekey: &Rekey) -> Result<()> {
    let copy = copy_of(path);
    root::remove(&copy)?;
    if rekey.keep_copy {
        // A file system without links gets a copy proper.
        fs::hard_link(path, &copy)
            .or_else(|_| fs::copy(path, &copy).map(drop))
            .map_err(Error::io("keep the file of a job as it was"))?;
    }
    fs::rename(unfinished_of(path), path).map_err(Error::io("exchange the file of a job"))?;
    context.key.set(rekey.new.clone());
    path.parent().map_or(Ok(()), root::sync_names)
}

/// The tables of a database, each with its number of rows.
pub(crate) type Counts = Vec<(String, i64)>;

/// Writes all that `source` holds to a new file, which is encrypted if there is a key.
pub(crate) fn export(
    source: &Connection,
    target: &Path,
    key: Option<&CipherKey>,
    context: &ErrorContext,
) -> Result<()> {
    schema::create_file(target)?;
    let name = target
        .to_str()
        .ok_or_else(|| Error::argument("path", "is not UTF-8"))?;
    let work = || {
        source.execute("ATTACH ?1 AS target KEY ''", [name])?;
        cipher::unlock(source, "target", key)?;
        // A copy that is interrupted is thrown away.
        source.pragma_update_and_check(Some("target"), "journal_mode", "off", |_| Ok(()))?;
        source.pragma_update(Some("target"), "synchronous", "off")?;
        let vacuum: i64 = source.pragma_query_value(Some("main"), "auto_vacuum", |row| row.get(0))?;
        source.pragma_update(Some("target"), "auto_vacuum", vacuum)?;
        source.query_row("SELECT sqlcipher_export('target')", [], |_| Ok(()))?;
        source.execute_batch("DETACH target")
    };
    work().map_err(|error| told(error, context))
}

/// `sqlcipher_export` hands on the text of a failure without its code.
fn told(error: rusqlite::Error, context: &ErrorContext) -> Error {
    let rusqlite::Error::SqliteFailure(_, Some(text)) = &error else {
        return context.wrap(error);
    };
    match text.as_str() {
        "database or disk is full" => Error::DiskFull,
        "disk I/O error" => Error::Backend {
            code: ffi::SQLITE_IOERR,
            extended: ffi::SQLITE_IOERR,
            message: text.clone(),
        },
        "database disk image is malformed" | "file is not a database" => Error::Corrupt {
            job: context.job.clone(),
        },
        _ => context.wrap(error),
    }
}

fn mark(target: &Path, marks: &schema::Marks, key: Option<&CipherKey>, context: &ErrorContext) -> Result<()> {
    let work = || {
        let connection = open(target, key)?;
        connection.pragma_update(None, "application_id", marks.application_id)?;
        connection.pragma_update(None, "user_version", marks.format)?;
        connection.close().map_err(|(_, error)| error)
    };
    work().map_err(|error| context.wrap(error))
}

/// Refuses a file that is damaged, or does not have the tables and as many rows as it should.
pub(crate) fn verify(
    target: &Path,
    expected: &Counts,
    key: Option<&CipherKey>,
    context: &ErrorContext,
) -> Result<()> {
    let work = || {
        let connection = open(target, key)?;
        let found = counts(&connection)?;
        let sound = is_sound(&connection, key.is_some())?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(sound && found == *expected)
    };
    match work().map_err(|error| context.wrap(error))? {
        true => Ok(()),
        false => Err(Error::Corrupt {
            job: context.job.clone(),
        }),
    }
}

/// Whether the checks of SQLite, and of SQLCipher where it is encrypted, find nothing.
pub(crate) fn is_sound(connection: &Connection, encrypted: bool) -> rusqlite::Result<bool> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let mut broken = connection.prepare("PRAGMA cipher_integrity_check")?;
    let sound = !encrypted || broken.query([])?.next()?.is_none();
    Ok(sound && answer == "ok")
}

fn open(target: &Path, key: Option<&CipherKey>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(target, flags)?;
    cipher::unlock(&connection, "main", key)?;
    connection.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "off")?;
    Ok(connection)
}

/// The tables of a database, each with its number of rows.
pub(crate) fn counts(connection: &Connection) -> rusqlite::Result<Counts> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";
    let mut select = connection.prepare(sql)?;
    let names: Vec<String> = select
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let count = |name: String| {
        let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let rows = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok((name, rows))
    };
    names.into_iter().map(count).collect()
}
