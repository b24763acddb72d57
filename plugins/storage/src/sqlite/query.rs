//! What can be asked of a job, as SQL.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock;
use crate::key::{Key, KeyRange};
use crate::limits;
use crate::query::{Page, Row, Scan};

// A key is gone from the moment at which it expires, whether its row is in the file or not. Queries that read the row
// look at its column `expires`. Those that can do with the index over the keys leave out the few row ids that the index
// over the expiry times gives, so that they need not read the rows.

pub(crate) fn get(connection: &Connection, category: &str, key: &Key) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT payload FROM kv
               WHERE category = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";
    connection
        .prepare_cached(sql)?
        .query_row(
            params![category.as_bytes(), key.as_bytes(), clock::now()],
            |row| row.get(0),
        )
        .optional()
}

/// As [`get`], with `Some(None)` for a payload over `limit` bytes, which is not read then.
pub(crate) fn get_up_to(
    connection: &Connection,
    category: &str,
    key: &Key,
    limit: usize,
) -> rusqlite::Result<Option<Option<Vec<u8>>>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = "SELECT CASE WHEN length(payload) <= ?4 THEN payload END FROM kv
               WHERE category = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";
    connection
        .prepare_cached(sql)?
        .query_row(
            params![category.as_bytes(), key.as_bytes(), clock::now(), limit],
            |row| row.get(0),
        )
        .optional()
}

/// Whether `key` holds `expected` at `now`, or is absent when that is `None`.
pub(crate) fn holds(
    connection: &Connection,
    category: &str,
    key: &Key,
    expected: Option<&[u8]>,
    now: i64,
) -> rusqlite::Result<bool> {
    let sql = "SELECT payload FROM kv
               WHERE category = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)";
    let stored = connection
        .prepare_cached(sql)?
        .query_row(params![category.as_bytes(), key.as_bytes(), now], |row| {
            Ok(expected.is_some_and(|expected| row.get_ref(0) == Ok(ValueRef::Blob(expected))))
        })
        .optional()?;
    Ok(stored.unwrap_or(expected.is_none()))
}

pub(crate) fn exists(connection: &Connection, category: &str, key: &Key) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM kv
               WHERE category = ?1 AND key = ?2 AND id NOT IN (SELECT id FROM kv WHERE expires <= ?3)";
    connection
        .prepare_cached(sql)?
        .exists(params![category.as_bytes(), key.as_bytes(), clock::now()])
}

pub(crate) fn count(connection: &Connection, category: &str, range: &KeyRange) -> rusqlite::Result<u64> {
    let (start, stop) = (range.start.as_bytes(), range.stop.as_bytes());
    let upper = if stop.is_empty() {
        "?3 IS NOT NULL"
    } else {
        "key < ?3"
    };
    let sql = format!(
        "SELECT count(*) FROM kv
         WHERE category = ?1 AND key >= ?2 AND {upper} AND id NOT IN (SELECT id FROM kv WHERE expires <= ?4)"
    );
    let count: i64 = connection
        .prepare_cached(&sql)?
        .query_row(params![category.as_bytes(), start, stop, clock::now()], |row| {
            row.get(0)
        })?;
    Ok(count.unsigned_abs())
}

pub(crate) fn scan(connection: &Connection, category: &str, scan: &Scan) -> rusqlite::Result<Page<Row, Key>> {
    let (mut start, mut lower) = (scan.range.start.as_bytes(), ">=");
    let (mut stop, mut upper) = (scan.range.stop.as_bytes(), "AND key < ?3");
    if stop.is_empty() {
        upper = "";
    }
    // Only the tighter of two bounds is given, because one of them would be a filter over rows already passed.
    match scan.after.as_ref().map(Key::as_bytes) {
        Some(after) if !scan.reverse && after >= start => (start, lower) = (after, ">"),
        Some(after) if scan.reverse && (stop.is_empty() || after < stop) => {
            (stop, upper) = (after, "AND key < ?3");
        }
        _ => {}
    }
    let columns = if scan.keys_only { "key" } else { "key, payload" };
    let order = if scan.reverse { "DESC" } else { "ASC" };
    let sql = format!(
        "SELECT {columns} FROM kv
         WHERE category = ?1 AND key {lower} ?2 {upper} AND id NOT IN (SELECT id FROM kv WHERE expires <= ?5)
         ORDER BY key {order} LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let one_more = i64::try_from(scan.limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = statement.query(params![category.as_bytes(), start, stop, one_more, clock::now()])?;
    let (mut rows, mut bytes) = (Vec::<Row>::new(), 0);
    while let Some(row) = found.next()? {
        let key = row.get_ref(0)?.as_blob()?;
        let payload = if scan.keys_only {
            None
        } else {
            Some(row.get_ref(1)?.as_blob()?)
        };
        bytes += key.len() + payload.map_or(0, <[u8]>::len);
        let full = rows.len() == scan.limit || bytes > limits::MAX_PAGE_BYTES;
        if let Some(last) = rows.last().filter(|_| full) {
            let next = Some(last.key.clone());
            return Ok(Page { rows, next });
        }
        rows.push(Row {
            key: Key::from(key),
            payload: payload.map(<[u8]>::to_vec),
        });
    }
    Ok(Page { rows, next: None })
}

/// The payloads of `keys` at one moment; an error with the size reached when they are too large together.
pub(crate) fn get_many(
    connection: &Connection,
    category: &str,
    keys: &[Key],
) -> rusqlite::Result<Result<Vec<Option<Vec<u8>>>, usize>> {
    let snapshot = connection.unchecked_transaction()?;
    let (mut payloads, mut bytes) = (Vec::with_capacity(keys.len()), 0);
    for key in keys {
        let payload = get(&snapshot, category, key)?;
        bytes += payload.as_ref().map_or(0, Vec::len);
        if bytes > limits::MAX_GET_MANY_BYTES {
            return Ok(Err(bytes));
        }
        payloads.push(payload);
    }
    snapshot.commit()?;
    Ok(Ok(payloads))
}

pub(crate) fn categories(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Page<String, String>> {
    let snapshot = connection.unchecked_transaction()?;
    let now = clock::now();
    let mut rows = Vec::<String>::new();
    let mut last = after.map(|after| after.as_bytes().to_vec());
    let mut more = true;
    while more && rows.len() <= limit {
        let lower = if last.is_some() {
            "category > ?1"
        } else {
            "?1 IS NULL"
        };
        let sql = format!(
            "SELECT category FROM kv
             WHERE {lower} AND id NOT IN (SELECT id FROM kv WHERE expires <= ?2)
             ORDER BY category LIMIT 1"
        );
        let found = snapshot
            .prepare_cached(&sql)?
            .query_row(params![last, now], |row| row.get::<_, Vec<u8>>(0));
        last = found.optional()?;
        more = last.is_some();
        // Only text is ever stored as a category.
        rows.extend(
            last.as_deref()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
        );
    }
    let next = (rows.len() > limit).then(|| {
        rows.truncate(limit);
        rows[limit - 1].clone()
    });
    Ok(Page { rows, next })
}
