//! Databases of `storage.sql` under a key, through the interface.

use std::time::Duration;

use backplane_sdk::test::Running;
use backplane_sdk::{Bytes, CallError};
use serde_json::json;
use storage_api::{KeyError, KvError, SqlClient, SqlError, SqlValue};
use storage_plugin::Storage;

use super::holds;
use super::sql::{Db, MANY, refusal, rows, storage};

const SECRET: &str = "the plaintext that nobody may find";

/// A key that differs with each number; none for 0.
pub(crate) fn bytes(number: u8) -> Option<Bytes> {
    (number > 0).then(|| Bytes(vec![number; 32]))
}

pub(crate) async fn unlock(db: &Db, key: u8) -> Result<(), CallError<KeyError>> {
    db.client.open_database(&db.name, &bytes(key)).await
}

async fn change(db: &Db, old: u8, new: u8, keep: bool) -> Result<(), CallError<KeyError>> {
    let change = db
        .client
        .set_database_key(&db.name, &bytes(old), &bytes(new), &keep);
    change.await
}

fn notes() -> String {
    "notes".to_owned()
}

fn open(storage: &Running<Storage>) -> Db {
    Db::new(storage.client_as("chat"), "notes")
}

pub(crate) fn key_error<T: std::fmt::Debug>(answer: Result<T, CallError<KeyError>>) -> KeyError {
    match answer {
        Err(CallError::Interface(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn name() -> String {
    "chat/notes".to_owned()
}

/// Tables of every kind, with an index, a view, a trigger, statistics and a full-text index.
const SCHEMA: [&str; 12] = [
    "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE, size INTEGER AS (length(text)) STORED)",
    "CREATE TABLE \"odd \"\"name\" (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE strict (a ANY, b BLOB) STRICT",
    "CREATE VIRTUAL TABLE words USING fts5(text)",
    "CREATE INDEX note_size ON note (size)",
    "CREATE VIEW long AS SELECT * FROM note WHERE size > 5",
    "CREATE TRIGGER note_words AFTER INSERT ON note BEGIN INSERT INTO words VALUES (new.text); END",
    "INSERT INTO note (text) VALUES ('one'), ('the plaintext that nobody may find'), ('three')",
    "INSERT INTO \"odd \"\"name\" VALUES (1, 2.5), (x'00', 'text')",
    "INSERT INTO strict VALUES (1.5, x'010203'), (NULL, x'')",
    "DELETE FROM note WHERE text = 'three'",
    "ANALYZE",
];

async fn fill(db: &Db) {
    for statement in SCHEMA {
        db.run(statement).await.unwrap();
    }
}

/// All that a database says of itself.
async fn content(db: &Db) -> Vec<Vec<Vec<SqlValue>>> {
    let queries = [
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
        "SELECT * FROM note",
        "SELECT * FROM \"odd \"\"name\"",
        "SELECT * FROM strict",
        "SELECT rowid, * FROM words WHERE words MATCH 'plaintext'",
        "SELECT * FROM sqlite_sequence",
        "SELECT * FROM sqlite_stat1 ORDER BY 1, 2",
        "SELECT * FROM long",
    ];
    let mut all = Vec::new();
    for query in queries {
        all.push(rows(db.query(query, vec![]).await.unwrap().rows).await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_encrypted_and_changes_its_key_and_stays_what_it_was() {
    let (directory, storage) = storage(json!({})).await;
    let db = open(&storage);
    fill(&db).await;
    let before = content(&db).await;
    let file = directory.path().join("sql/chat%2Fnotes.db");
    let copy = directory.path().join("sql/chat%2Fnotes.db.before-rekey");
    change(&db, 0, 1, true).await.unwrap();
    assert!(content(&db).await == before);
    change(&db, 1, 2, false).await.unwrap();
    assert!(!copy.exists());
    assert!(content(&db).await == before);
    assert_eq!(
        key_error(change(&db, 1, 3, true).await),
        KeyError::WrongKey { name: name() }
    );
    db.client.close_database(&notes()).await.unwrap();
    assert!(!holds(&file, SECRET.as_bytes()) && !holds(&file, b"CREATE TABLE"));

    let locked = refusal(db.query("SELECT 1", vec![]).await.map(drop));
    assert_eq!(
        locked.to_string(),
        "key: the file of job \"chat/notes\" is encrypted; open it with its key"
    );
    assert!(matches!(locked, SqlError::InvalidArgument { field, .. } if field == "key"));
    assert_eq!(
        key_error(unlock(&db, 0).await),
        KeyError::KeyRequired { name: name() }
    );
    assert_eq!(
        key_error(unlock(&db, 1).await),
        KeyError::WrongKey { name: name() }
    );
    unlock(&db, 2).await.unwrap();
    assert!(content(&db).await == before);
    change(&db, 2, 0, false).await.unwrap();
    assert!(content(&db).await == before);
    assert!(holds(&file, SECRET.as_bytes()));
    db.run("INSERT INTO note (text) VALUES ('four')").await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note WHERE id = 4").await, ["four"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_comes_near_the_key() {
    let (_directory, storage) = storage(json!({})).await;
    let db = open(&storage);
    db.client.open_database(&notes(), &bytes(1)).await.unwrap();
    for statement in [
        "PRAGMA key = 'x'",
        "PRAGMA rekey = 'x'",
        "PRAGMA cipher_integrity_check",
        "PRAGMA cipher_log = '/tmp/log'",
        "PRAGMA cipher_migrate",
        "SELECT sqlcipher_export('main')",
        "ATTACH 'other' AS other KEY 'x'",
    ] {
        let refused = refusal(db.run(statement).await);
        assert!(
            matches!(refused, SqlError::Denied { .. }),
            "{statement}: {refused:?}"
        );
    }
    assert_eq!(db.texts("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_key_waits_for_the_transaction_and_for_readers() {
    let (_directory, storage) = storage(json!({})).await;
    let db = open(&storage);
    db.client.open_database(&notes(), &bytes(1)).await.unwrap();
    db.run("CREATE TABLE t (a TEXT)").await.unwrap();
    let mut slow = db.query(MANY, vec![]).await.unwrap().rows;
    let transaction = db.begin(20_000).await.unwrap();
    db.run_in(transaction, "INSERT INTO t VALUES ('of the transaction')")
        .await
        .unwrap();

    let client: SqlClient = storage.client_as("chat");
    let change = tokio::spawn(async move {
        client
            .set_database_key(&notes(), &bytes(1), &bytes(2), &false)
            .await
    });
    let mut read = 0;
    for _ in 0..100 {
        slow.next().await.unwrap().unwrap();
        read += 1;
    }
    assert!(!change.is_finished());
    db.client.commit(&notes(), &transaction).await.unwrap();
    // The stream was begun before the change, and ends before it.
    while let Some(row) = slow.next().await {
        row.unwrap();
        read += 1;
    }
    assert_eq!(read, 20_000);
    tokio::time::timeout(Duration::from_secs(20), change)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(db.texts("SELECT a FROM t").await, ["of the transaction"]);
    db.client.close_database(&notes()).await.unwrap();
    db.client.open_database(&notes(), &bytes(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_the_interface_is_opened_with_its_key() {
    use storage_api::KvClient;
    let (_directory, storage) = storage(json!({})).await;
    let kv: KvClient = storage.client_as("chat");
    let (job, category, at) = (notes(), "c".to_owned(), Bytes(vec![1]));
    let get = || kv.get(&job, &category, &at);
    let put = || kv.put(&job, &category, &at, &at, &false, &None);
    kv.open_job(&job, &bytes(1)).await.unwrap();
    put().await.unwrap();
    kv.set_job_key(&job, &bytes(1), &bytes(2), &true).await.unwrap();
    assert_eq!(get().await.unwrap(), Some(at.clone()));
    kv.close_job(&job).await.unwrap();

    let wrong = KvError::WrongKey { job: name() };
    assert!(matches!(get().await, Err(CallError::Interface(error)) if error == wrong));
    assert_eq!(
        wrong.to_string(),
        "the file of job \"chat/notes\" is encrypted; open it with its key"
    );
    let short = key_error(kv.open_job(&job, &Some(Bytes(vec![1; 31]))).await);
    assert_eq!(short.to_string(), "key: must have 32 bytes");
    assert_eq!(
        key_error(kv.open_job(&job, &bytes(1)).await),
        KeyError::WrongKey { name: name() }
    );
    let absent = key_error(kv.set_job_key(&"none".to_owned(), &None, &bytes(1), &true).await);
    assert!(
        matches!(
            absent,
            KeyError::Store {
                error: KvError::JobNotFound { .. }
            }
        ),
        "{absent:?}"
    );
    kv.open_job(&job, &bytes(2)).await.unwrap();
    assert_eq!(get().await.unwrap(), Some(at.clone()));
}
