//! Who may have how much.

use rusqlite::{Connection, params};

use super::{Index, delete};
use crate::cid::Digest;
use crate::error::{Error, Result};
use crate::limits;

/// What an owner has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// How much it may have.
    pub quota: u64,
    /// Bytes of its files, whole, and of its unfinished uploads.
    pub used: u64,
    /// Bytes among them of files that are not pinned, which go when room is needed.
    pub evictable: u64,
    /// How many files it has.
    pub files: u64,
}

impl Index {
    pub(crate) fn space(&self, owner: &str, quota: u64) -> Result<Space> {
        space(&self.lock(), owner, quota)
    }
}

fn space(index: &Connection, owner: &str, quota: u64) -> Result<Space> {
    let sql = "SELECT coalesce(sum(bytes), 0), coalesce(sum(bytes) FILTER (WHERE NOT pinned AND NOT wanted), 0), count(*)
               FROM file WHERE owner = ?1";
    let mut statement = index.prepare_cached(sql)?;
    let (bytes, evictable, files): (u64, u64, u64) =
        statement.query_row([owner], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let sql = "SELECT coalesce(sum(reserved), 0) FROM upload WHERE owner = ?1 AND digest IS NULL";
    let reserved: u64 = index.prepare_cached(sql)?.query_row([owner], |row| row.get(0))?;
    Ok(Space {
        quota,
        used: bytes + reserved,
        evictable,
        files,
    })
}

/// Makes room for `needed` bytes more: files of the owner go, those first that were not used for longest, but none that is
/// pinned or being got. Their datasets that nobody has any more.
///
/// # Errors
/// [`Error::QuotaExceeded`] when this does not suffice, [`Error::Busy`] when there are too many files.
pub(super) fn make_room(index: &Connection, owner: &str, needed: u64, quota: u64) -> Result<Vec<i64>> {
    let space = space(index, owner, quota)?;
    if space.files >= limits::MAX_FILES_OF_OWNER {
        return Err(Error::Busy {
            what: "files of one owner",
            limit: limits::MAX_FILES_OF_OWNER,
        });
    }
    let available = quota.saturating_sub(space.used - space.evictable);
    if needed > available {
        return Err(Error::QuotaExceeded {
            needed,
            available,
            limit: quota,
        });
    }
    let (mut used, mut gone) = (space.used, Vec::new());
    while used + needed > quota {
        let sql = "SELECT digest, bytes FROM file WHERE owner = ?1 AND NOT pinned AND NOT wanted ORDER BY used LIMIT 1";
        let (digest, bytes): (Digest, u64) =
            index.query_row(sql, params![owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        gone.extend(delete(index, owner, &digest)?.1);
        used -= bytes;
        // Without its identifier, by which anybody could get it.
        tracing::info!(owner, bytes, "a file went to make room");
    }
    Ok(gone)
}
