//! What can be done to a job, as SQL. Queries are in [`query`].

use rusqlite::{CachedStatement, Connection, params};

use super::{query, upkeep};
use crate::batch::Op;
use crate::clock;
use crate::key::{Key, KeyRange};

/// What an operation has done.
pub(crate) enum Applied {
    /// How many rows it removed.
    Removed(usize),
    /// It was an expectation that does not hold.
    Refuted,
}

/// Applies operations, as of one moment.
pub(crate) struct Applying<'a> {
    connection: &'a Connection,
    now: i64,
    /// What nearly every operation needs, so that it is not looked up for each.
    put: Option<CachedStatement<'a>>,
}

impl<'a> Applying<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Applying {
            connection,
            now: clock::now(),
            put: None,
        }
    }

    /// Applies one operation.
    pub(crate) fn op(&mut self, op: &Op) -> rusqlite::Result<Applied> {
        let (connection, now) = (self.connection, self.now);
        match op {
            Op::Put {
                category,
                key,
                payload,
                ttl,
            } => {
                let expires = ttl.map(|ttl| clock::after(now, ttl));
                self.put(category, key, payload, expires)?;
                Ok(Applied::Removed(0))
            }
            Op::Delete { category, key } => delete(connection, category, key, now).map(Applied::Removed),
            Op::DeleteRange { category, range } => {
                delete_range(connection, category, range, now).map(Applied::Removed)
            }
            Op::Expect {
                category,
                key,
                payload,
            } => match query::holds(connection, category, key, payload.as_deref(), now)? {
                true => Ok(Applied::Removed(0)),
                false => Ok(Applied::Refuted),
            },
            Op::Release { pages } => upkeep::release(connection, *pages).map(|()| Applied::Removed(0)),
        }
    }

    fn put(
        &mut self,
        category: &str,
        key: &Key,
        payload: &[u8],
        expires: Option<i64>,
    ) -> rusqlite::Result<()> {
        let statement = match &mut self.put {
            Some(statement) => statement,
            none => none.insert(self.connection.prepare_cached(PUT)?),
        };
        let row = params![category.as_bytes(), key.as_bytes(), payload, expires];
        statement.execute(row).map(drop)
    }
}

const PUT: &str = "INSERT INTO kv (category, key, payload, expires) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (category, key) DO UPDATE SET payload = excluded.payload, expires = excluded.expires";

fn delete(connection: &Connection, category: &str, key: &Key, now: i64) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM kv WHERE category = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";
    connection
        .prepare_cached(sql)?
        .execute(params![category.as_bytes(), key.as_bytes(), now])
}

fn delete_range(
    connection: &Connection,
    category: &str,
    range: &KeyRange,
    now: i64,
) -> rusqlite::Result<usize> {
    let (start, stop) = (range.start.as_bytes(), range.stop.as_bytes());
    let upper = if stop.is_empty() {
        "?3 IS NOT NULL"
    } else {
        "key < ?3"
    };
    let sql = format!(
        "DELETE FROM kv WHERE category = ?1 AND key >= ?2 AND {upper} AND (expires IS NULL OR expires > ?4)"
    );
    connection
        .prepare_cached(&sql)?
        .execute(params![category.as_bytes(), start, stop, now])
}
