//! A database in short words.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::fmt::Debug;

use backplane_sdk::test::{Bench, Running};
use backplane_sdk::{CallError, Stream};
use storage_api::{Executed, Migrated, Migration, SqlClient, SqlError, SqlRows, SqlValue};
use storage_plugin::Storage;
use tempfile::TempDir;

/// Counts for longer than any test waits.
pub(crate) const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
/// 20000 rows of 100 bytes and more: far more than a stream holds.
pub(crate) const MANY: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    SELECT i, printf('%0100d', i) FROM n";

pub(crate) async fn storage(config: serde_json::Value) -> (TempDir, Running<Storage>) {
    let directory = tempfile::tempdir().unwrap();
    let running = Bench::new()
        .data_dir(directory.path())
        .start_json(config)
        .await
        .unwrap();
    (directory, running)
}

pub(crate) fn open(storage: &Running<Storage>) -> Db {
    Db::new(storage.client_as("chat"), "notes")
}

pub(crate) async fn notes() -> (TempDir, Running<Storage>, Db) {
    let (directory, storage) = storage(serde_json::json!({})).await;
    let db = open(&storage);
    db.run("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, size INTEGER CHECK (size < 10))")
        .await
        .unwrap();
    (directory, storage, db)
}

/// A database as a caller names it.
pub(crate) struct Db {
    pub(crate) client: SqlClient,
    pub(crate) name: String,
}

#[track_caller]
pub(crate) fn error(failed: CallError<SqlError>) -> SqlError {
    match failed {
        CallError::Interface(error) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn refusal<T: Debug>(answer: Result<T, SqlError>) -> SqlError {
    answer.unwrap_err()
}

/// All rows of a stream.
pub(crate) async fn rows(mut stream: Stream<Vec<SqlValue>>) -> Result<Vec<Vec<SqlValue>>, CallError> {
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(row?);
    }
    Ok(rows)
}

impl Db {
    pub(crate) fn new(client: SqlClient, name: &str) -> Self {
        let name = name.to_owned();
        Self { client, name }
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<Executed, SqlError> {
        self.execute(sql, vec![]).await
    }

    pub(crate) async fn execute(&self, sql: &str, values: Vec<SqlValue>) -> Result<Executed, SqlError> {
        let done = self.client.execute(&self.name, &sql.to_owned(), &values, &None);
        done.await.map_err(error)
    }

    pub(crate) async fn run_in(&self, id: u64, sql: &str) -> Result<Executed, SqlError> {
        let done = self
            .client
            .execute(&self.name, &sql.to_owned(), &vec![], &Some(id));
        done.await.map_err(error)
    }

    pub(crate) async fn query(&self, sql: &str, values: Vec<SqlValue>) -> Result<SqlRows, SqlError> {
        let found = self.client.query(&self.name, &sql.to_owned(), &values, &None);
        found.await.map_err(error)
    }

    pub(crate) async fn query_in(&self, id: u64, sql: &str) -> Result<SqlRows, SqlError> {
        let found = self.client.query(&self.name, &sql.to_owned(), &vec![], &Some(id));
        found.await.map_err(error)
    }

    /// The only column, which is text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        texts(self.query(sql, vec![]).await.unwrap()).await
    }

    pub(crate) async fn texts_in(&self, id: u64, sql: &str) -> Vec<String> {
        texts(self.query_in(id, sql).await.unwrap()).await
    }

    pub(crate) async fn begin(&self, timeout_ms: u64) -> Result<u64, SqlError> {
        self.client.begin(&self.name, &timeout_ms).await.map_err(error)
    }

    pub(crate) async fn migrate(&self, list: Vec<Migration>) -> Result<Migrated, SqlError> {
        self.client.migrate(&self.name, &list).await.map_err(error)
    }
}

async fn texts(found: SqlRows) -> Vec<String> {
    let text = |row: Vec<SqlValue>| match &row[..] {
        [SqlValue::Text(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    rows(found.rows).await.unwrap().into_iter().map(text).collect()
}
