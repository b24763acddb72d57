//! Copying a job to a file: one that the other backend can open.

use std::path::Path;
use std::time::Instant;

use rusqlite::params;

use super::connection::Answer;
use super::failure::Failure;
use super::place::Place;
use super::{Table, reads, statements};
use crate::blocking::block_until;
use crate::cipher::KeySlot;
use crate::error::{Error, ErrorContext, Result};
use crate::limits;
use crate::root::{self, with_suffix};
use crate::schema;

/// Writes what is committed at one moment to a new job file.
pub(super) fn write(table: &Table, path: &Path) -> Result<()> {
    if !schema::create_file(path)? {
        return Err(Error::argument("path", "exists already"));
    }
    let unfinished = with_suffix(path, ".new");
    let written = copy(table, &unfinished).and_then(|()| schema::publish(&unfinished, path));
    if written.is_err() {
        root::remove_database(&unfinished)?;
        root::remove(path)?;
    }
    written
}

fn copy(table: &Table, path: &Path) -> Result<()> {
    let context = ErrorContext {
        job: table.job.clone(),
        quota: None,
        key: KeySlot::default(),
    };
    schema::create(path, &schema::KV, &context)?;
    let file = schema::open_writer(path, &context, false)?;
    let server = &table.server;
    let lease = server
        .lease(&server.readers, Instant::now() + table.timeout)
        .map_err(Failure::into_error)?;
    let copied = table
        .ask(lease.execute_all("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        .and_then(|()| copy_rows(table, &lease, &file, &context))
        .and_then(|()| table.ask(lease.execute_all("COMMIT")));
    if copied.is_err() {
        lease.discard();
    }
    copied?;
    // Closing the last connection moves the log into the file and removes it.
    file.close().map_err(|(_, error)| context.wrap(error))
}

fn copy_rows(
    table: &Table,
    connection: &super::Connection,
    file: &rusqlite::Connection,
    context: &ErrorContext,
) -> Result<()> {
    let wrap = |error| context.wrap(error);
    let sql = statements::scan(&table.name(), true, false, false);
    let insert = "INSERT INTO kv (category, key, payload, expires) VALUES (?1, ?2, ?3, ?4)";
    let mut range = Place::all();
    let most = (limits::MAX_PAGE_ROWS, limits::MAX_PAGE_BYTES);
    loop {
        let (rows, more) = table.ask(reads::page(connection, &sql, &range, most))?;
        let transaction = file.unchecked_transaction().map_err(wrap)?;
        for row in &rows {
            let (category, key) = table.pair(row)?;
            let (payload, expires): (&[u8], Option<i64>) = (row.get(2), row.get(3));
            transaction
                .prepare_cached(insert)
                .and_then(|mut insert| {
                    insert.execute(params![category.as_bytes(), key.as_bytes(), payload, expires])
                })
                .map_err(wrap)?;
        }
        transaction.commit().map_err(wrap)?;
        match rows.last() {
            Some(last) if more => {
                range.0 = Place {
                    head: last.get(0),
                    tail: last.get(1),
                }
            }
            _ => return Ok(()),
        }
    }
}

impl Table {
    /// Waits for an answer that cannot be asked for again.
    fn ask<T>(&self, answer: impl Future<Output = Answer<T>>) -> Result<T> {
        let failure = match block_until(Instant::now() + self.timeout, answer) {
            Some(Ok(done)) => return Ok(done),
            Some(Err(failed)) => Failure::of(&failed, &self.job),
            None => Failure::silent(),
        };
        Err(failure.into_error())
    }
}
