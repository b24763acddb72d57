//! Looking over the whole file of a job, as SQL.

use rusqlite::{Connection, params};

use crate::clock;
use crate::key::Key;
use crate::limits;
use crate::query::Page;
use crate::upkeep::{Place, Space, StoredRow};

/// What `PRAGMA auto_vacuum` says of a file whose pages can be given back in steps.
const INCREMENTAL: u64 = 2;

fn figure(connection: &Connection, pragma: &str) -> rusqlite::Result<u64> {
    let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    Ok(value.unsigned_abs())
}

pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count = "SELECT count(*) FROM kv WHERE id NOT IN (SELECT id FROM kv WHERE expires <= ?1)";
    let rows: i64 = connection.query_row(count, [clock::now()], |row| row.get(0))?;
    Ok(rows.unsigned_abs())
}

pub(super) fn space(connection: &Connection) -> rusqlite::Result<Space> {
    Ok(Space {
        bytes: figure(connection, "page_count")? * figure(connection, "page_size")?,
        free_pages: figure(connection, "freelist_count")?,
        in_steps: figure(connection, "auto_vacuum")? == INCREMENTAL,
    })
}

pub(super) fn rows(
    connection: &Connection,
    after: Option<&Place>,
    limit: usize,
) -> rusqlite::Result<Page<StoredRow, Place>> {
    let lower = match after {
        Some(_) => "(category, key) > (?1, ?2)",
        None => "?1 IS NULL AND ?2 IS NULL",
    };
    let sql = format!(
        "SELECT category, key, payload, expires FROM kv
         WHERE {lower} AND id NOT IN (SELECT id FROM kv WHERE expires <= ?3)
         ORDER BY category, key LIMIT ?4"
    );
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let category = after.map(|(category, _)| category.as_bytes());
    let key = after.map(|(_, key)| key.as_bytes());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params![category, key, clock::now(), one_more])?;
    let (mut rows, mut bytes) = (Vec::<StoredRow>::new(), 0);
    while let Some(row) = found.next()? {
        let (category, key) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
        let payload = row.get_ref(2)?.as_blob()?;
        bytes += category.len() + key.len() + payload.len();
        let full = rows.len() == limit || bytes > limits::MAX_ROWS_BYTES;
        if let Some(last) = rows.last().filter(|_| full) {
            let next = Some((last.category.clone(), last.key.clone()));
            return Ok(Page { rows, next });
        }
        rows.push(StoredRow {
            // Only text is ever stored as a category.
            category: String::from_utf8_lossy(category).into_owned(),
            key: Key::from(key),
            payload: payload.to_vec(),
            expires: row.get(3)?,
        });
    }
    Ok(Page { rows, next: None })
}

pub(super) fn check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = format!("PRAGMA integrity_check({})", limits::CHECK_PROBLEMS);
    let mut statement = connection.prepare(&sql)?;
    let found: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// Gives up to `pages` pages that hold nothing back; one step of the statement is one page.
pub(super) fn release(connection: &Connection, pages: u32) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut released = statement.query([])?;
    while released.next()?.is_some() {}
    Ok(())
}
