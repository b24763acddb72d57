//! SQLite as it is, on one connection, with the schema of the engine.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Statement, params};
use tempfile::TempDir;

use crate::contender::{Contender, GROUP, Level, key};

const SCHEMA: &str = "CREATE TABLE kv (id INTEGER PRIMARY KEY, category BLOB NOT NULL, key BLOB NOT NULL,
    payload BLOB NOT NULL) STRICT; CREATE UNIQUE INDEX kv_key ON kv (category, key);";

/// One connection behind a lock.
pub struct Plain {
    connection: Mutex<Connection>,
    _folder: TempDir,
}

impl Plain {
    /// A store of its own.
    ///
    /// # Panics
    /// Where the folder cannot be written.
    pub fn new(level: Level) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = Connection::open(folder.path().join("bench.db")).expect("a file");
        let set = |name, value: &str| connection.pragma_update(None, name, value).expect("a setting");
        set("journal_mode", "wal");
        set(
            "synchronous",
            if level == Level::Power { "full" } else { "normal" },
        );
        connection.execute_batch(SCHEMA).expect("a schema");
        Plain {
            connection: Mutex::new(connection),
            _folder: folder,
        }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(statement: &mut Statement<'_>, number: u64, payload: &[u8]) {
    statement
        .execute(params![b"c", key(number), payload])
        .expect("a row");
}

const PUT: &str = "INSERT INTO kv (category, key, payload) VALUES (?1, ?2, ?3)
    ON CONFLICT (category, key) DO UPDATE SET payload = excluded.payload";

impl Contender for Plain {
    fn put(&self, number: u64, payload: &[u8]) {
        let connection = self.connection();
        put(
            &mut connection.prepare_cached(PUT).expect("a statement"),
            number,
            payload,
        );
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        let connection = self.connection();
        let sql = "SELECT payload FROM kv WHERE category = ?1 AND key = ?2";
        let mut statement = connection.prepare_cached(sql).expect("a statement");
        let found = statement.query_row(params![b"c", key(number)], |row| row.get(0));
        found.optional().expect("an answer")
    }

    fn burst(&self, rows: u64, payload: &[u8]) {
        let connection = self.connection();
        let mut next = 0;
        while next < rows {
            let transaction = connection.unchecked_transaction().expect("a transaction");
            let end = rows.min(next + GROUP);
            let mut statement = transaction.prepare_cached(PUT).expect("a statement");
            (next..end).for_each(|number| put(&mut statement, number, payload));
            drop(statement);
            transaction.commit().expect("a commit");
            next = end;
        }
    }

    fn scan(&self) -> u64 {
        let connection = self.connection();
        let sql = "SELECT key, payload FROM kv WHERE category = ?1 ORDER BY key";
        let mut statement = connection.prepare_cached(sql).expect("a statement");
        let mut found = statement.query([b"c"]).expect("rows");
        let mut rows = 0;
        while let Some(row) = found.next().expect("a row") {
            let row: (Vec<u8>, Vec<u8>) = (row.get(0).expect("a key"), row.get(1).expect("a payload"));
            std::hint::black_box(row);
            rows += 1;
        }
        rows
    }
}
