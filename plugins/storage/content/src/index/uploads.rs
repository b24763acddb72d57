//! Uploads in the index.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Index, dataset_of, insert_file, now_ms, quota};
use crate::cid::{Cid, Digest};
use crate::error::{Error, Result};
use crate::limits;
use crate::manifest::Manifest;

/// An upload that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRow {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) dataset: i64,
    pub(crate) name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) pinned: bool,
    pub(crate) block_bytes: u32,
    /// Bytes that are on the disk.
    pub(crate) noted: u64,
    /// Bytes that count for the quota.
    pub(crate) reserved: u64,
}

const UPLOADS: &str = "SELECT id, owner, dataset, name, mime, pinned, block_bytes, noted, reserved FROM upload WHERE digest IS NULL";

fn upload(row: &rusqlite::Row<'_>) -> rusqlite::Result<UploadRow> {
    Ok(UploadRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        dataset: row.get(2)?,
        name: row.get(3)?,
        mime: row.get(4)?,
        pinned: row.get(5)?,
        block_bytes: row.get(6)?,
        noted: row.get(7)?,
        reserved: row.get(8)?,
    })
}

/// Checks the name of a file that is uploaded.
pub(crate) fn parse_name(name: Option<&str>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    if name.is_empty() || name.len() > limits::MAX_NAME_BYTES {
        let reason = format!(
            "has {} bytes; it must have 1 to {}",
            name.len(),
            limits::MAX_NAME_BYTES
        );
        return Err(Error::argument("name", reason));
    }
    if name == "." || name == ".." || name.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
        return Err(Error::argument(
            "name",
            "must be the name of a file, without a path or control characters",
        ));
    }
    Ok(())
}

/// Checks the media type of a file that is uploaded.
pub(crate) fn parse_mime(mime: Option<&str>) -> Result<()> {
    let Some(mime) = mime else { return Ok(()) };
    let token = |part: &str| {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(is_token)
    };
    let valid = mime
        .split_once('/')
        .is_some_and(|(kind, of)| token(kind) && token(of));
    if valid && mime.len() <= limits::MAX_MIME_BYTES {
        return Ok(());
    }
    let reason = format!(
        "must be a media type such as text/plain, of at most {} bytes",
        limits::MAX_MIME_BYTES
    );
    Err(Error::argument("mime", reason))
}

impl Index {
    /// Begins an upload, whose dataset gets a number. The datasets of files that had to go for what it reserves.
    pub(crate) fn new_upload(&self, upload: &mut UploadRow, quota: u64) -> Result<Vec<i64>> {
        self.write(|index| {
            let sql = "SELECT count(*) FROM upload WHERE owner = ?1 AND digest IS NULL";
            let unfinished: usize = index.query_row(sql, [&upload.owner], |row| row.get(0))?;
            if unfinished >= limits::MAX_UPLOADS_OF_OWNER {
                return Err(Error::Busy {
                    what: "uploads of one owner",
                    limit: limits::MAX_UPLOADS_OF_OWNER as u64,
                });
            }
            let gone = quota::make_room(index, &upload.owner, upload.reserved, quota)?;
            let sql = "INSERT INTO dataset (block_bytes, bytes) VALUES (?1, 0)";
            index.execute(sql, [upload.block_bytes])?;
            upload.dataset = index.last_insert_rowid();
            let sql = "INSERT INTO upload (id, owner, dataset, name, mime, pinned, block_bytes, noted, reserved, touched_ms)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)";
            let UploadRow { id, owner, dataset, name, mime, pinned, block_bytes, reserved, .. } = &*upload;
            index.execute(
                sql,
                params![id, owner, dataset, name, mime, pinned, block_bytes, reserved, now_ms()],
            )?;
            Ok(gone)
        })
    }

    pub(crate) fn upload(&self, owner: &str, id: &str) -> Result<UploadRow> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(&format!("{UPLOADS} AND owner = ?1 AND id = ?2"))?;
        let found = statement.query_row([owner, id], upload).optional()?;
        let missing = || Error::UploadNotFound {
            upload: id.to_owned(),
        };
        found.ok_or_else(missing)
    }

    pub(crate) fn uploads(&self, owner: &str) -> Result<Vec<UploadRow>> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached(&format!("{UPLOADS} AND owner = ?1 ORDER BY dataset"))?;
        let rows = statement.query_map([owner], upload)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Reserves bytes for an upload, in place of what it had reserved. The datasets of files that had to go for it.
    pub(crate) fn reserve(&self, upload: &UploadRow, bytes: u64, quota: u64) -> Result<Vec<i64>> {
        self.write(|index| {
            let more = bytes.saturating_sub(upload.reserved);
            let gone = quota::make_room(index, &upload.owner, more, quota)?;
            index.execute(
                "UPDATE upload SET reserved = ?2 WHERE id = ?1",
                params![upload.id, bytes],
            )?;
            Ok(gone)
        })
    }

    /// Notes how far an upload is, which must be on the disk.
    pub(crate) fn note_upload(&self, id: &str, bytes: u64) -> Result<()> {
        let sql = "UPDATE upload SET noted = ?2, touched_ms = ?3 WHERE id = ?1";
        self.write(|index| Ok(index.execute(sql, params![id, bytes, now_ms()])?))
            .map(drop)
    }

    /// Makes a file of an upload. Its dataset goes where there is another one with the same content; its number, then.
    ///
    /// `None` when the other one is not complete: it has to be completed first.
    pub(crate) fn finish_upload(
        &self,
        upload: &UploadRow,
        manifest: &Manifest,
    ) -> Result<Option<(Cid, Option<i64>)>> {
        let content = manifest.encode();
        let cid = Manifest::cid(&content);
        let Manifest { tree, shape, .. } = manifest;
        self.write(|index| {
            let known = dataset_of(index, &tree.digest, *shape)?;
            let (dataset, gone) = match known {
                Some(known) => {
                    let sql = "SELECT have IS NULL FROM dataset WHERE id = ?1";
                    if !index.query_row(sql, [known], |row| row.get(0))? {
                        return Ok(None);
                    }
                    index.execute("DELETE FROM dataset WHERE id = ?1", [upload.dataset])?;
                    (known, Some(upload.dataset))
                }
                None => {
                    let sql = "UPDATE dataset SET root = ?2, bytes = ?3 WHERE id = ?1";
                    index.execute(sql, params![upload.dataset, tree.digest, shape.bytes])?;
                    (upload.dataset, None)
                }
            };
            insert_file(index, &upload.owner, &content, dataset, upload.pinned)?;
            end(index, upload, &cid.digest)?;
            Ok(Some((cid, gone)))
        })
    }

    /// What became of an upload that is finished.
    pub(crate) fn finished(&self, owner: &str, id: &str) -> Result<Option<Cid>> {
        let sql = "SELECT digest FROM upload WHERE owner = ?1 AND id = ?2 AND digest IS NOT NULL";
        let found = self
            .lock()
            .query_row(sql, [owner, id], |row| row.get::<_, Digest>(0))
            .optional()?;
        Ok(found.map(Cid::manifest))
    }

    /// Forgets an upload that is not finished.
    pub(crate) fn drop_upload(&self, upload: &UploadRow) -> Result<()> {
        self.write(|index| {
            index.execute("DELETE FROM upload WHERE id = ?1", [&upload.id])?;
            index.execute(
                "DELETE FROM dataset WHERE id = ?1 AND root IS NULL",
                [upload.dataset],
            )?;
            Ok(())
        })
    }
}

/// Remembers the outcome of an upload, and forgets those of long ago.
fn end(index: &Connection, upload: &UploadRow, digest: &Digest) -> Result<()> {
    let sql = "UPDATE upload SET digest = ?2, dataset = NULL, reserved = 0, touched_ms = ?3 WHERE id = ?1";
    index.execute(sql, params![upload.id, digest, now_ms()])?;
    let sql = "DELETE FROM upload WHERE owner = ?1 AND digest IS NOT NULL AND rowid NOT IN (
                   SELECT rowid FROM upload WHERE owner = ?1 AND digest IS NOT NULL ORDER BY touched_ms DESC, rowid DESC LIMIT ?2)";
    index.execute(sql, params![upload.owner, limits::FINISHED_UPLOADS])?;
    Ok(())
}
