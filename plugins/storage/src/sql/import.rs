//! Files of other programs become databases.
//!
//! The file is copied with its log, and the copy is opened as its cipher says: what another program wrote is never
//! opened to write, and a wrong secret changes nothing of it. Source of the ciphers: storage.md §5.1 and §5.2.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use storage_api::{CipherHash, Imported, OldCipher};

use super::authorizer::OURS;
use super::database::Database;
use super::file::KIND;
use crate::cipher::{self, CipherKey};
use crate::directory::{Directory, locked};
use crate::error::{Error, ErrorContext, Result};
use crate::rekey;
use crate::root::{self, with_suffix};
use crate::schema;
use crate::store_files::cleaned;

/// Most rounds of a key derivation: some ten seconds.
const MAX_KDF_ITER: u32 = 10_000_000;

/// A file to import, and what is made of it; no database turns into these names.
const COPY: &str = ".source.db";
const IMPORTED: &str = ".imported.db";

impl Directory<Database> {
    /// Makes a new database of another program's file, encrypted if there is a key. One after another.
    pub(crate) fn import(
        &self,
        id: &str,
        source: &Path,
        cipher: Option<&OldCipher>,
        key: Option<CipherKey>,
    ) -> Result<Imported> {
        cipher::check_build(key.as_ref())?;
        self.path(id)?;
        let (slot, _lock) = self.slot(id)?;
        let place = locked(&slot);
        let (copy, unfinished) = (self.root.join(COPY), self.root.join(IMPORTED));
        let imported = self.check_new(id).and_then(|_| {
            let imported = import(source, cipher, &copy, &unfinished, &self.context(id, key))?;
            let _creating = locked(&self.creating);
            let path = self.check_new(id)?;
            schema::publish(&unfinished, &path).map(|()| imported)
        });
        drop(place);
        self.release(id, &slot);
        let imported = cleaned(&unfinished, imported);
        root::sync_names(&self.root).and(imported)
    }
}

/// Makes a file of what `source` holds, which is left under its unfinished name. `copy` is where the copy lies
/// meanwhile.
fn import(
    source: &Path,
    cipher: Option<&OldCipher>,
    copy: &Path,
    unfinished: &Path,
    context: &ErrorContext,
) -> Result<Imported> {
    cipher.map_or(Ok(()), check)?;
    let imported = copy_source(source, copy).and_then(|()| convert(copy, cipher, unfinished, context));
    remove_copy(copy)?;
    imported
}

fn check(cipher: &OldCipher) -> Result<()> {
    cipher::check_build(Some(cipher))?;
    let refuse = |field, reason: String| Err(Error::argument(field, reason));
    let (rounds, page) = (cipher.kdf_iter.unwrap_or(1), cipher.page_size.unwrap_or(512));
    if !(1..=4).contains(&cipher.version) {
        return refuse("version", "must be 1 to 4".into());
    }
    if !(1..=MAX_KDF_ITER).contains(&rounds) {
        return refuse("kdf_iter", format!("must be 1 to {MAX_KDF_ITER}"));
    }
    if !(512..=65_536).contains(&page) || !page.is_power_of_two() {
        return refuse("page_size", "must be a power of two from 512 to 65536".into());
    }
    Ok(())
}

/// Copies a file, and what of it still lies in a log or a journal.
fn copy_source(source: &Path, copy: &Path) -> Result<()> {
    remove_copy(copy)?;
    for suffix in ["", "-wal", "-journal"] {
        let (from, to) = (with_suffix(source, suffix), with_suffix(copy, suffix));
        if !suffix.is_empty() && !from.exists() {
            continue;
        }
        schema::create_file(&to)?;
        fs::copy(&from, &to).map_err(Error::io("copy the file to import"))?;
        schema::restrict(&to)?;
    }
    Ok(())
}

fn remove_copy(copy: &Path) -> Result<()> {
    root::remove(&with_suffix(copy, "-journal"))?;
    root::remove_database(copy).map(drop)
}

fn convert(
    copy: &Path,
    cipher: Option<&OldCipher>,
    unfinished: &Path,
    context: &ErrorContext,
) -> Result<Imported> {
    let job = || context.job.clone();
    let source = open(copy, cipher).map_err(|error| match (error.sqlite_error_code(), cipher) {
        (Some(ErrorCode::NotADatabase), Some(_)) => Error::WrongKey { job: job() },
        (Some(ErrorCode::NotADatabase), None) => Error::NotADatabase { job: job() },
        _ => context.wrap(error),
    })?;
    let wrap = |error| context.wrap(error);
    let marks = schema::marks(&source).map_err(wrap)?;
    if !rekey::is_sound(&source, cipher.is_some()).map_err(wrap)? {
        return Err(Error::Corrupt { job: job() });
    }
    let key = context.key.get();
    root::remove_database(unfinished)?;
    let counts = rekey::counts(&source).map_err(wrap)?;
    if let Some((name, _)) = counts
        .iter()
        .find(|(name, _)| name.to_lowercase().starts_with(OURS))
    {
        let reason = format!("the file has a table {name:?}, a name of the store's own");
        return Err(Error::argument("path", reason));
    }
    match (cipher, &key) {
        // The build without encryption can do this, too.
        (None, None) => schema::write_copy(&source, unfinished, context)?,
        _ => rekey::export(&source, unfinished, key.as_ref(), context)?,
    }
    rekey::verify(unfinished, &counts, key.as_ref(), context)?;
    adopt(unfinished, context).map_err(wrap)?;
    Ok(Imported {
        tables: u32::try_from(counts.len()).unwrap_or(u32::MAX),
        rows: counts.iter().map(|(_, rows)| rows.unsigned_abs()).sum(),
        user_version: marks.format,
    })
}

fn open(copy: &Path, cipher: Option<&OldCipher>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags)?;
    if let Some(cipher) = cipher {
        cipher::unlock_with(&connection, "main", &cipher.secret)?;
        connection.execute_batch(&settings(cipher))?;
    }
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// The version comes first, because it resets the others.
fn settings(cipher: &OldCipher) -> String {
    let hash = |hash| match hash {
        CipherHash::Sha1 => "SHA1",
        CipherHash::Sha256 => "SHA256",
        CipherHash::Sha512 => "SHA512",
    };
    let settings = [
        Some(format!("cipher_compatibility = {}", cipher.version)),
        cipher.page_size.map(|size| format!("cipher_page_size = {size}")),
        cipher
            .hmac
            .map(|it| format!("cipher_hmac_algorithm = HMAC_{}", hash(it))),
        cipher
            .kdf
            .map(|it| format!("cipher_kdf_algorithm = PBKDF2_HMAC_{}", hash(it))),
        cipher.kdf_iter.map(|rounds| format!("kdf_iter = {rounds}")),
    ];
    settings
        .into_iter()
        .flatten()
        .map(|it| format!("PRAGMA {it};"))
        .collect()
}

/// Makes a database of the store of a file that has only what was imported.
fn adopt(unfinished: &Path, context: &ErrorContext) -> rusqlite::Result<()> {
    let connection = Connection::open(unfinished)?;
    cipher::unlock(&connection, "main", context.key.get().as_ref())?;
    connection.execute_batch(KIND.create)?;
    connection.pragma_update(None, "application_id", KIND.application_id)?;
    connection.pragma_update(None, "user_version", KIND.format)?;
    connection.close().map_err(|(_, error)| error)
}
