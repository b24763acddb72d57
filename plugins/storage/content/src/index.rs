//! The index: who has which files, and what of them is here. One SQLite file, one connection.

mod quota;
mod uploads;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::bitmap::Bitmap;
use crate::cid::{Cid, Digest};
use crate::dataset::Row;
use crate::error::{Error, Result};
use crate::limits;
use crate::manifest::Manifest;
use crate::merkle::Shape;

pub use quota::Space;
pub(crate) use uploads::{UploadRow, parse_mime, parse_name};

/// `BpCt`.
pub const APPLICATION_ID: i32 = 0x4270_4374;
/// The format of the index.
pub const FORMAT: i32 = 1;

const SCHEMA: &str = "
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    root BLOB,
    block_bytes INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    have BLOB,
    UNIQUE (root, block_bytes, bytes)
) STRICT;
CREATE TABLE manifest (
    digest BLOB PRIMARY KEY,
    content BLOB NOT NULL,
    dataset INTEGER NOT NULL REFERENCES dataset
) STRICT;
CREATE INDEX manifest_of_dataset ON manifest (dataset);
CREATE TABLE file (
    owner TEXT NOT NULL,
    digest BLOB NOT NULL REFERENCES manifest,
    bytes INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    used INTEGER NOT NULL,
    added_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_of_manifest ON file (digest);
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    dataset INTEGER,
    name TEXT,
    mime TEXT,
    pinned INTEGER NOT NULL,
    block_bytes INTEGER NOT NULL,
    noted INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    digest BLOB
) STRICT;
CREATE INDEX upload_of_owner ON upload (owner);
";

/// A file of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Whose it is.
    pub owner: String,
    /// Its identifier.
    pub cid: Cid,
    /// What it consists of, its name and its type.
    pub manifest: Manifest,
    /// How many blocks are here.
    pub here: u64,
    /// Whether it stays when room is needed.
    pub pinned: bool,
    /// Whether its missing blocks are being got from peers.
    pub wanted: bool,
    /// When the owner got it, in milliseconds since 1970.
    pub added_ms: u64,
    pub(crate) dataset: i64,
    /// Whether it is noted that all blocks are here.
    complete: bool,
}

impl FileInfo {
    /// Whether all of it is here, and on the disk.
    pub fn is_complete(&self) -> bool {
        self.complete && self.here == self.manifest.shape.blocks()
    }
}

pub(crate) struct Index(Mutex<Connection>);

pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

const FILES: &str = "SELECT f.owner, f.digest, m.content, m.dataset, d.have, f.pinned, f.wanted, f.added_ms
    FROM file f JOIN manifest m ON m.digest = f.digest JOIN dataset d ON d.id = m.dataset";

type FileRow = (String, Digest, Vec<u8>, i64, Option<Vec<u8>>, bool, bool, u64);

fn file_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<FileRow> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
    ))
}

fn file((owner, digest, content, dataset, have, pinned, wanted, added_ms): FileRow) -> Result<FileInfo> {
    let manifest = Manifest::decode(&content)?;
    let blocks = manifest.shape.blocks();
    let complete = have.is_none();
    let here = have.map_or(blocks, |have| Bitmap::noted(blocks, Some(&have)).count());
    Ok(FileInfo {
        owner,
        cid: Cid::manifest(digest),
        manifest,
        here,
        pinned,
        wanted,
        added_ms,
        dataset,
        complete,
    })
}

impl Index {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        drop(crate::files::open(path)?);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(limits::SQLITE_BUSY_TIMEOUT)?;
        let pragma =
            |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        let (application_id, format) = (pragma("application_id")?, pragma("user_version")?);
        let is_new: bool =
            connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
        if !is_new && (application_id, format) != (APPLICATION_ID, FORMAT) {
            return Err(Error::ForeignFile {
                application_id,
                format,
            });
        }
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -{}; PRAGMA journal_size_limit = {};",
            limits::CACHE_KIB,
            limits::LOG_SIZE_LIMIT
        ))?;
        if is_new {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT};"
            ))?;
            transaction.commit()?;
        }
        Ok(Self(Mutex::new(connection)))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` wholly or not at all; once this has ended well, it is on the disk.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// The file of an owner.
    pub(crate) fn file(&self, owner: &str, cid: Cid) -> Result<FileInfo> {
        find(&self.lock(), owner, cid)?.ok_or(Error::NotFound { cid })
    }

    /// Files in the order of owners and digests, behind `after`, of those owners and files that `wanted` lets through.
    pub(crate) fn files(
        &self,
        after: Option<(&str, Cid)>,
        limit: usize,
        mut wanted: impl FnMut(&str, Cid) -> bool,
    ) -> Result<Vec<FileInfo>> {
        let connection = self.lock();
        let (owner, digest) = after.map_or(("", Vec::new()), |(owner, cid)| (owner, cid.digest.to_vec()));
        let sql = format!("{FILES} WHERE (f.owner, f.digest) > (?1, ?2) ORDER BY f.owner, f.digest");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![owner, digest])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (owner, digest): (String, Digest) = (row.get(0)?, row.get(1)?);
            if found.len() < limit && wanted(&owner, Cid::manifest(digest)) {
                found.push(file(file_row(row)?)?);
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// The bytes of a manifest that somebody has.
    pub(crate) fn manifest(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT content FROM manifest WHERE digest = ?1")?;
        Ok(statement.query_row([digest], |row| row.get(0)).optional()?)
    }

    /// A dataset by its number.
    pub(crate) fn dataset(&self, id: i64) -> Result<Option<Row>> {
        let connection = self.lock();
        let sql = "SELECT root, block_bytes, bytes, have FROM dataset WHERE root IS NOT NULL AND id = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_row([id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        let Some((root, block_bytes, bytes, have)) = found.optional()? else {
            return Ok(None);
        };
        let shape = Shape::new(block_bytes, bytes)?;
        Ok(Some(Row {
            id,
            root,
            shape,
            have,
        }))
    }

    /// The number of the dataset that has this root and this shape.
    pub(crate) fn dataset_of(&self, root: &Digest, shape: Shape) -> Result<Option<i64>> {
        dataset_of(&self.lock(), root, shape)
    }

    /// Notes which blocks of a dataset are here, which must be on the disk. When all of them are, nobody wants it any more.
    pub(crate) fn note(&self, dataset: i64, have: Option<&[u8]>) -> Result<()> {
        self.write(|index| {
            index.execute("UPDATE dataset SET have = ?2 WHERE id = ?1", params![dataset, have])?;
            if have.is_none() {
                let sql = "UPDATE file SET wanted = 0 WHERE wanted AND digest IN (SELECT digest FROM manifest WHERE dataset = ?1)";
                index.execute(sql, [dataset])?;
            }
            Ok(())
        })
    }

    /// Gives an owner a file, whose blocks need not be here. The datasets of files that had to go are removed.
    pub(crate) fn add(
        &self,
        owner: &str,
        content: &[u8],
        pinned: bool,
        quota: u64,
    ) -> Result<(FileInfo, Vec<i64>)> {
        let manifest = Manifest::decode(content)?;
        let cid = Manifest::cid(content);
        self.write(|index| {
            if let Some(known) = find(index, owner, cid)? {
                let wanted = !known.is_complete();
                let sql = "UPDATE file SET wanted = ?3, pinned = pinned OR ?4, used = (SELECT max(used) + 1 FROM file)
                           WHERE owner = ?1 AND digest = ?2";
                index.execute(sql, params![owner, cid.digest, wanted, pinned])?;
                let pinned = known.pinned || pinned;
                return Ok((FileInfo { wanted, pinned, ..known }, Vec::new()));
            }
            let gone = quota::make_room(index, owner, manifest.shape.bytes, quota)?;
            let dataset = match dataset_of(index, &manifest.tree.digest, manifest.shape)? {
                Some(dataset) => dataset,
                None => {
                    let none = Bitmap::empty(manifest.shape.blocks()).to_note();
                    let Shape { block_bytes, bytes } = manifest.shape;
                    let sql = "INSERT INTO dataset (root, block_bytes, bytes, have) VALUES (?1, ?2, ?3, ?4)";
                    index.execute(sql, params![manifest.tree.digest, block_bytes, bytes, none])?;
                    index.last_insert_rowid()
                }
            };
            insert_file(index, owner, content, dataset, pinned)?;
            let added = find(index, owner, cid)?.ok_or(Error::NotFound { cid })?;
            Ok((added, gone))
        })
    }

    /// Changes whether a file stays when room is needed.
    pub(crate) fn set_pinned(&self, owner: &str, cid: Cid, pinned: bool) -> Result<()> {
        self.change(owner, cid, "pinned = ?3", pinned)
    }

    /// Changes whether the missing blocks of a file are to be got.
    pub(crate) fn set_wanted(&self, owner: &str, cid: Cid, wanted: bool) -> Result<()> {
        self.change(owner, cid, "wanted = ?3", wanted)
    }

    /// Notes that a file was used just now.
    pub(crate) fn touch(&self, owner: &str, cid: Cid) -> Result<()> {
        self.change(owner, cid, "used = (SELECT max(used) + ?3 FROM file)", true)
    }

    fn change(&self, owner: &str, cid: Cid, change: &str, value: bool) -> Result<()> {
        let sql = format!("UPDATE file SET {change} WHERE owner = ?1 AND digest = ?2");
        match self.write(|index| Ok(index.execute(&sql, params![owner, cid.digest, value])?))? {
            0 => Err(Error::NotFound { cid }),
            _ => Ok(()),
        }
    }

    /// Takes a file from its owner. The datasets that nobody has any more.
    pub(crate) fn delete(&self, owner: &str, cid: Cid) -> Result<Vec<i64>> {
        self.write(|index| match delete(index, owner, &cid.digest)? {
            (false, _) => Err(Error::NotFound { cid }),
            (true, gone) => Ok(gone),
        })
    }

    /// The datasets whose missing blocks somebody wants.
    #[cfg(feature = "exchange")]
    pub(crate) fn wanted(&self) -> Result<Vec<i64>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT DISTINCT dataset FROM manifest WHERE digest IN (SELECT digest FROM file WHERE wanted)",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether somebody wants the missing blocks of a dataset.
    #[cfg(feature = "exchange")]
    pub(crate) fn is_wanted(&self, dataset: i64) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM manifest m JOIN file f ON f.digest = m.digest WHERE m.dataset = ?1 AND f.wanted)";
        Ok(self.lock().query_row(sql, [dataset], |row| row.get(0))?)
    }

    /// Forgets uploads that were not touched for `kept`, and gives the datasets that are there, sorted.
    pub(crate) fn sweep(&self, kept: Duration) -> Result<Vec<i64>> {
        let before = now_ms().saturating_sub(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX));
        self.write(|index| {
            index.execute("DELETE FROM upload WHERE touched_ms < ?1", [before])?;
            index.execute(
                "DELETE FROM dataset WHERE root IS NULL AND id NOT IN (SELECT dataset FROM upload WHERE dataset IS NOT NULL)",
                [],
            )?;
            let mut statement = index.prepare("SELECT id FROM dataset ORDER BY id")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn find(index: &Connection, owner: &str, cid: Cid) -> Result<Option<FileInfo>> {
    let sql = format!("{FILES} WHERE f.owner = ?1 AND f.digest = ?2");
    let mut statement = index.prepare_cached(&sql)?;
    let found = statement
        .query_row(params![owner, cid.digest], file_row)
        .optional()?;
    found.map(file).transpose()
}

fn dataset_of(index: &Connection, root: &Digest, shape: Shape) -> Result<Option<i64>> {
    let sql = "SELECT id FROM dataset WHERE root = ?1 AND block_bytes = ?2 AND bytes = ?3";
    let mut statement = index.prepare_cached(sql)?;
    let found = statement.query_row(params![root, shape.block_bytes, shape.bytes], |row| row.get(0));
    Ok(found.optional()?)
}

fn insert_file(index: &Connection, owner: &str, content: &[u8], dataset: i64, pinned: bool) -> Result<()> {
    let digest = Manifest::cid(content).digest;
    let sql = "INSERT INTO manifest (digest, content, dataset) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    index.execute(sql, params![digest, content, dataset])?;
    let sql = "INSERT INTO file (owner, digest, bytes, pinned, wanted, used, added_ms)
               SELECT ?1, ?2, d.bytes, ?4, d.have IS NOT NULL, (SELECT coalesce(max(used), 0) + 1 FROM file), ?5
               FROM dataset d WHERE d.id = ?3
               ON CONFLICT DO UPDATE SET pinned = pinned OR excluded.pinned, used = excluded.used";
    index.execute(sql, params![owner, digest, dataset, pinned, now_ms()])?;
    Ok(())
}

/// Whether the file was there, and the datasets that nobody has any more.
fn delete(index: &Connection, owner: &str, digest: &Digest) -> Result<(bool, Vec<i64>)> {
    let deleted = index.execute(
        "DELETE FROM file WHERE owner = ?1 AND digest = ?2",
        params![owner, digest],
    )?;
    let sql = "DELETE FROM manifest WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM file WHERE digest = ?1) RETURNING dataset";
    let dataset: Option<i64> = index.query_row(sql, [digest], |row| row.get(0)).optional()?;
    let Some(dataset) = dataset else {
        return Ok((deleted > 0, Vec::new()));
    };
    let sql = "DELETE FROM dataset WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM manifest WHERE dataset = ?1)";
    let gone = index.execute(sql, [dataset])? > 0;
    Ok((deleted > 0, gone.then_some(dataset).into_iter().collect()))
}
