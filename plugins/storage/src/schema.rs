//! The file format: opening, checking and creating it.
//!
//! The format is a table with a row id and a unique index over category and key. In a table without row ids a large
//! payload lies inside the index and every comparison reads it (storage.md §6.4). The application id marks the file
//! as ours; whatever carries another one, or a format that is not known, is refused and left as it is. Format 2, which
//! had no expiry times, is brought to format 3 by [`migrate`].

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::cipher::{self, CipherKey};
use crate::error::{Error, ErrorContext, Result};
use crate::limits;
use crate::migrate;
use crate::rekey;
use crate::root;

/// Marks a database file as ours: `BpKv` in ASCII.
pub const APPLICATION_ID: i32 = 0x4270_4b76;
/// The file format that this version reads and writes, kept in `user_version`.
pub const FORMAT: i32 = 3;

/// What marks the files of one kind, and what a new one holds.
pub(crate) struct Kind {
    pub(crate) application_id: i32,
    pub(crate) format: i32,
    pub(crate) create: &'static str,
    /// What becomes of pages that hold nothing any more: `none` keeps them for later, `incremental` lets them be given
    /// back in steps.
    pub(crate) auto_vacuum: &'static str,
}

/// The files of jobs.
pub(crate) const KV: Kind = Kind {
    application_id: APPLICATION_ID,
    format: FORMAT,
    create: CREATE,
    auto_vacuum: "incremental",
};

const CREATE: &str = "
    CREATE TABLE kv (
        id INTEGER PRIMARY KEY,
        category BLOB NOT NULL,
        key BLOB NOT NULL,
        payload BLOB NOT NULL,
        expires INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX kv_key ON kv (category, key);
    CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;
";

/// Creates an empty file, readable by its owner only. False when there is one already.
///
/// This is done before the database library opens it, because closing any other descriptor of a database file
/// drops the locks that the library holds on it.
pub(crate) fn create_file(path: &Path) -> Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("create the file of a job")(error)),
    }
}

/// Makes an empty job file under a name that is not yet a job's, in place of what an interrupted attempt left.
/// Nothing waits for the disk before [`publish`].
pub(crate) fn create(unfinished: &Path, kind: &Kind, context: &ErrorContext) -> Result<()> {
    let wrap = |error| context.wrap(error);
    root::remove_database(unfinished)?;
    create_file(unfinished)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(unfinished, flags).map_err(wrap)?;
    cipher::unlock(&connection, "main", context.key.get().as_ref()).map_err(wrap)?;
    connection
        .pragma_update(None, "synchronous", "off")
        .map_err(wrap)?;
    connection
        .pragma_update(None, "auto_vacuum", kind.auto_vacuum)
        .map_err(wrap)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .map_err(wrap)?;
    connection.execute_batch(kind.create).map_err(wrap)?;
    connection
        .pragma_update(None, "application_id", kind.application_id)
        .map_err(wrap)?;
    connection
        .pragma_update(None, "user_version", kind.format)
        .map_err(wrap)?;
    connection.close().map_err(|(_, error)| wrap(error))
}

/// Gives a closed job file its name, once it is on the disk. The first durable write makes the name durable too,
/// because the log is in the same directory.
pub(crate) fn publish(unfinished: &Path, path: &Path) -> Result<()> {
    sync(unfinished)?;
    fs::rename(unfinished, path).map_err(Error::io("name the file of a job"))
}

/// Waits until a closed file is on the disk.
pub(crate) fn sync(path: &Path) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.sync_all())
        .map_err(Error::io("write the file of a job to the disk"))
}

/// Writes what `connection` sees at one moment to a new file, compacted; nothing is left of it after a failure.
pub(crate) fn write_copy(connection: &Connection, path: &Path, context: &ErrorContext) -> Result<()> {
    let name = path
        .to_str()
        .ok_or_else(|| Error::argument("path", "is not UTF-8"))?;
    if !create_file(path)? {
        return Err(Error::argument("path", "exists already"));
    }
    let copied = connection.execute("VACUUM INTO ?1", [name]);
    if copied.is_err() {
        root::remove(path)?;
    }
    copied.map(drop).map_err(|error| context.wrap(error))
}

/// Opens the one connection that writes. Its page cache holds a whole group of usual rows.
pub(crate) fn open_writer(path: &Path, context: &ErrorContext, secure_delete: bool) -> Result<Connection> {
    let wrap = |error| context.wrap(error);
    let connection = open_first(path, context)?;
    if check_format(&connection, context)? == migrate::FROM {
        migrate::migrate(&connection, path, context)?;
    }
    configure(&connection, context).map_err(wrap)?;
    connection
        .pragma_update(None, "cache_size", -limits::WRITER_CACHE_KIB)
        .map_err(wrap)?;
    connection
        .pragma_update_and_check(None, "secure_delete", secure_delete, |_| Ok(()))
        .map_err(wrap)?;
    restrict(path)?;
    Ok(connection)
}

/// Opens a connection that only reads. The file must have been opened by [`open_writer`] before.
pub(crate) fn open_reader(path: &Path, context: &ErrorContext) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, context)?;
    connection
        .pragma_update(None, "cache_size", -cache_kib(context))
        .map_err(|error| context.wrap(error))?;
    Ok(connection)
}

/// Opens a file that nobody has open, to write.
pub(crate) fn open_first(path: &Path, context: &ErrorContext) -> Result<Connection> {
    rekey::clean(path)?;
    cipher::check_file(path, context)?;
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, context)
}

/// Opens a file as `access` says, for one thread at a time.
pub(crate) fn open(path: &Path, access: OpenFlags, context: &ErrorContext) -> Result<Connection> {
    let wrap = |error| context.wrap(error);
    let connection =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(wrap)?;
    connection
        .busy_timeout(limits::SQLITE_BUSY_TIMEOUT)
        .map_err(wrap)?;
    if let Some(key) = context.key.get() {
        unlock(&connection, &key).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Error::WrongKey {
                job: context.job.clone(),
            },
            _ => context.wrap(error),
        })?;
    }
    Ok(connection)
}

/// Gives the key to a connection and tries it. A wrong one must not move the log into the file on closing.
fn unlock(connection: &Connection, key: &CipherKey) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    cipher::unlock(connection, "main", Some(key))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Moves the log into the file, as far as `mode` says.
pub(crate) fn checkpoint(connection: &Connection, mode: &str, context: &ErrorContext) -> Result<()> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let busy: i64 = connection
        .query_row(&sql, [], |row| row.get(0))
        .map_err(|error| context.wrap(error))?;
    if busy != 0 && mode != "PASSIVE" {
        return Err(Error::Locked);
    }
    Ok(())
}

fn integer(connection: &Connection, pragma: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Bytes of a page. SQLCipher answers it as text.
pub(crate) fn page_size(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "page_size", |row| {
        let page = row.get_ref(0)?;
        page.as_i64()
            .or_else(|_| Ok(page.as_str()?.parse().unwrap_or_default()))
    })
}

/// What a file says of itself.
pub(crate) struct Marks {
    pub(crate) application_id: i32,
    pub(crate) format: i32,
    pub(crate) tables: i64,
}

pub(crate) fn marks(connection: &Connection) -> rusqlite::Result<Marks> {
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application_id = integer(connection, "application_id")?;
    Ok(Marks {
        application_id,
        format: integer(connection, "user_version")?,
        tables,
    })
}

/// The format of a file that is ours; refuses others. An empty one is damaged, because none is ever published empty.
fn check_format(connection: &Connection, context: &ErrorContext) -> Result<i32> {
    let marks = marks(connection).map_err(|error| context.wrap(error))?;
    let job = context.job.clone();
    match (marks.application_id, marks.format, marks.tables) {
        (APPLICATION_ID, found @ (FORMAT | migrate::FROM), _) => Ok(found),
        (0, 0, 0) => Err(Error::Corrupt { job }),
        // The reference implementation marks its format 1 with no application id.
        (APPLICATION_ID, found, _) | (0, found @ 1, _) => Err(Error::IncompatibleVersion {
            job,
            found,
            supported: FORMAT,
        }),
        (application_id, ..) => Err(Error::ForeignFile { job, application_id }),
    }
}

fn cache_kib(context: &ErrorContext) -> i64 {
    match context.key.is_set() {
        true => limits::CIPHER_CACHE_KIB,
        false => limits::CACHE_KIB,
    }
}

/// Sets what holds for every connection that writes.
pub(crate) fn configure(connection: &Connection, context: &ErrorContext) -> rusqlite::Result<()> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        tracing::warn!(mode, "the file system does not support a write-ahead log");
    }
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "cache_size", -cache_kib(context))?;
    connection.pragma_update(None, "journal_size_limit", limits::LOG_SIZE_LIMIT)?;
    if let Some(quota) = context.quota {
        let page = page_size(connection)?;
        let pages = i64::try_from(quota).unwrap_or(i64::MAX) / page.max(1);
        connection.pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))?;
    }
    Ok(())
}

/// Takes the rights of others away from a file that was copied here with looser ones.
#[cfg(unix)]
pub(crate) fn restrict(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let action = "restrict the file of a job";
    let mode = fs::metadata(path)
        .map_err(Error::io(action))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(Error::io(action))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn restrict(_path: &Path) -> Result<()> {
    Ok(())
}
