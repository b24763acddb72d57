//! Reading the table of a job.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio_postgres::Row as Found;

use super::connection::{Answer, Connection};
use super::listener::Listener;
use super::place::{self, Place};
use super::{Table, backup, statements};
use crate::backend::{Observers, Reads, Sizes};
use crate::directory::locked;
use crate::error::{Error, Result};
use crate::key::{Key, KeyRange};
use crate::limits;
use crate::query::{Page, Row, Scan};
use crate::upkeep::{Place as RowPlace, StoredRow};

/// The reading half of a job.
pub(super) struct Reader {
    table: Arc<Table>,
    observers: Arc<Observers>,
    /// Whether reads are taken; held while one runs.
    open: RwLock<bool>,
    /// There once the job is watched.
    listener: Mutex<Option<Listener>>,
}

impl Reader {
    pub(super) fn new(table: Arc<Table>, observers: Arc<Observers>) -> Self {
        Reader {
            table,
            observers,
            open: RwLock::new(true),
            listener: Mutex::default(),
        }
    }

    fn read<T>(&self, work: impl AsyncFn(&Connection) -> Answer<T>) -> Result<T> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if !*open {
            return Err(Error::Closed);
        }
        self.table.read(work)
    }

    fn name(&self) -> String {
        self.table.name()
    }

    fn count_between(&self, (start, stop): &(Place, Place)) -> Result<u64> {
        let sql = statements::count(&self.name());
        let row = self.read(async |connection| {
            let parameters: [&Vec<u8>; 4] = [&start.head, &start.tail, &stop.head, &stop.tail];
            let [head, tail, stop_head, stop_tail] = parameters;
            connection
                .query_one(&sql, &[head, tail, stop_head, stop_tail])
                .await
        })?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}

impl Table {
    /// Category and key of a row that begins with head and tail.
    pub(super) fn pair(&self, row: &Found) -> Result<(String, Key)> {
        Place::split(row.get(0), row.get(1)).ok_or_else(|| Error::Corrupt {
            job: self.job.clone(),
        })
    }
}

/// One page of a scan of at most so many rows and bytes, as the server gives it: its rows, and whether there are more.
pub(super) async fn page(
    connection: &Connection,
    sql: &str,
    (start, stop): &(Place, Place),
    (limit, bytes): (usize, usize),
) -> Answer<(Vec<Found>, bool)> {
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let parameters = [&start.head, &start.tail, &stop.head, &stop.tail];
    let [head, tail, stop_head, stop_tail] = parameters;
    let mut rows = connection
        .query(sql, &[head, tail, stop_head, stop_tail, &one_more, &bytes])
        .await?;
    let more = rows.len() > limit || rows.last().is_some_and(|last| !last.get::<_, bool>(4));
    if more {
        rows.pop();
    }
    Ok((rows, more))
}

impl Reads for Reader {
    fn get(&self, category: &str, key: &Key) -> Result<Option<Vec<u8>>> {
        let (sql, place) = (statements::get(&self.name()), Place::new(category, key));
        let digest = place.digest();
        let rows = self.read(async |connection| connection.query(&sql, &[&place.head, &digest]).await)?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    fn get_now(&self, _category: &str, _key: &Key) -> Result<Option<Option<Vec<u8>>>> {
        Ok(None)
    }

    fn exists(&self, category: &str, key: &Key) -> Result<bool> {
        let (sql, place) = (statements::exists(&self.name()), Place::new(category, key));
        let digest = place.digest();
        let row = self.read(async |connection| connection.query_one(&sql, &[&place.head, &digest]).await)?;
        Ok(row.get(0))
    }

    fn exists_now(&self, _category: &str, _key: &Key) -> Result<Option<bool>> {
        Ok(None)
    }

    fn get_many(&self, category: &str, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let sql = statements::get_many(&self.name());
        let places = keys.iter().map(|key| Place::new(category, key));
        let (heads, digests): (Vec<_>, Vec<_>) = places
            .map(|place| (place.digest(), place.head))
            .map(|(d, h)| (h, d))
            .unzip();
        let most = i64::try_from(limits::MAX_GET_MANY_BYTES).unwrap_or(i64::MAX);
        let rows = self.read(async |connection| connection.query(&sql, &[&heads, &digests, &most]).await)?;
        let mut payloads = vec![None; keys.len()];
        for row in rows {
            let number: i64 = row.get(0);
            let payload: Option<Vec<u8>> = row.get(1);
            if payload.is_none() {
                let size: i64 = row.get(2);
                return Err(Error::answer_too_large(
                    usize::try_from(size).unwrap_or(usize::MAX),
                ));
            }
            let at = usize::try_from(number - 1).ok();
            if let Some(place) = at.and_then(|at| payloads.get_mut(at)) {
                *place = payload;
            }
        }
        Ok(payloads)
    }

    fn count(&self, category: &str, range: &KeyRange) -> Result<u64> {
        self.count_between(&place::bounds(category, range))
    }

    fn count_all(&self) -> Result<u64> {
        self.count_between(&Place::all())
    }

    fn rows(&self, after: Option<&RowPlace>, limit: usize) -> Result<Page<StoredRow, RowPlace>> {
        let sql = statements::scan(&self.name(), after.is_some(), false, false);
        let (first, end) = Place::all();
        let range = (
            after.map_or(first, |(category, key)| Place::new(category, key)),
            end,
        );
        let most = (limit, limits::MAX_ROWS_BYTES);
        let (found, more) = self.read(async |connection| page(connection, &sql, &range, most).await)?;
        let row = |row: &Found| {
            let (category, key) = self.table.pair(row)?;
            Ok(StoredRow {
                category,
                key,
                payload: row.get(2),
                expires: row.get(3),
            })
        };
        let rows: Vec<StoredRow> = found.iter().map(row).collect::<Result<_>>()?;
        let next = rows.last().filter(|_| more);
        let next = next.map(|last| (last.category.clone(), last.key.clone()));
        Ok(Page { rows, next })
    }

    fn scan(&self, category: &str, scan: &Scan) -> Result<Page<Row, Key>> {
        let (mut start, mut stop) = place::bounds(category, &scan.range);
        let after = scan.after.as_ref().map(|key| Place::new(category, key));
        let mut behind = false;
        match after {
            Some(after) if !scan.reverse && after >= start => (start, behind) = (after, true),
            Some(after) if scan.reverse => stop = stop.min(after),
            _ => {}
        }
        let sql = statements::scan(&self.name(), behind, scan.reverse, scan.keys_only);
        let range = (start, stop);
        let most = (scan.limit, limits::MAX_PAGE_BYTES);
        let (found, more) = self.read(async |connection| page(connection, &sql, &range, most).await)?;
        let row = |row: &Found| {
            let (_, key) = self.table.pair(row)?;
            let payload = if scan.keys_only { None } else { row.get(2) };
            Ok(Row { key, payload })
        };
        let rows: Vec<Row> = found.iter().map(row).collect::<Result<_>>()?;
        let next = rows.last().filter(|_| more).map(|last| last.key.clone());
        Ok(Page { rows, next })
    }

    fn categories(&self, after: Option<&str>, limit: usize) -> Result<Page<String, String>> {
        let sql = statements::categories(&self.name());
        let first = after.map_or_else(|| Place::all().0, Place::behind);
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let found = self.read(async |connection| {
            connection
                .query(&sql, &[&first.head, &first.tail, &one_more])
                .await
        })?;
        let name = |row: &Found| {
            let name = Place::category(row.get(0));
            name.ok_or_else(|| Error::Corrupt {
                job: self.table.job.clone(),
            })
        };
        let mut rows: Vec<String> = found.iter().map(name).collect::<Result<_>>()?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).cloned();
        Ok(Page { rows, next })
    }

    fn backup_to(&self, path: &Path) -> Result<()> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        match *open {
            true => backup::write(&self.table, path),
            false => Err(Error::Closed),
        }
    }

    fn sizes(&self) -> Result<Sizes> {
        let sql = format!("SELECT pg_total_relation_size('{}')", self.name());
        let row = self.read(async |connection| connection.query_one(&sql, &[]).await)?;
        Ok(Sizes {
            file: row.get::<_, i64>(0).unsigned_abs(),
            ..Sizes::default()
        })
    }

    fn connections(&self) -> usize {
        self.table.server.readers.open()
    }

    fn observe(&self) -> Result<()> {
        let mut listener = locked(&self.listener);
        if listener.is_none() {
            *listener = Some(Listener::start(&self.table, &self.observers.watches)?);
        }
        Ok(())
    }

    fn close(&self) -> Result<()> {
        // Reads end by themselves, because each has a deadline.
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = false;
        *locked(&self.listener) = None;
        Ok(())
    }
}
