//! `storage.sql` as others meet it.

#[path = "common/sql.rs"]
mod db;

use std::time::{Duration, Instant};

use backplane_sdk::Bytes;
use backplane_sdk::test::{Bench, Running};
use db::{Db, refusal, rows};
use serde_json::json;
use storage_api::{ConstraintKind, Fault, Migration, SqlClient, SqlError, SqlTransaction, SqlValue};
use storage_plugin::Storage;
use tempfile::TempDir;

/// Counts for longer than any test waits.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
/// 20000 rows of 100 bytes and more: far more than a stream holds.
const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    SELECT i, printf('%0100d', i) FROM n";

async fn storage(config: serde_json::Value) -> (TempDir, Running<Storage>) {
    let directory = tempfile::tempdir().unwrap();
    let running = Bench::new()
        .data_dir(directory.path())
        .start_json(config)
        .await
        .unwrap();
    (directory, running)
}

fn open(storage: &Running<Storage>) -> Db {
    Db::new(storage.client_as("chat"), "notes")
}

async fn notes() -> (TempDir, Running<Storage>, Db) {
    let (directory, storage) = storage(json!({})).await;
    let db = open(&storage);
    db.run("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, size INTEGER CHECK (size < 10))")
        .await
        .unwrap();
    (directory, storage, db)
}

fn migration(version: u32, name: &str, sql: &str) -> Migration {
    Migration {
        version,
        name: name.into(),
        sql: sql.into(),
    }
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let (_directory, _storage, db) = notes().await;
    let values: Vec<SqlValue> = vec![
        SqlValue::Null,
        i64::MIN.into(),
        (-0.5).into(),
        "søk 🗝 \0 end".into(),
        vec![0u8, 255].into(),
        "".into(),
        Bytes::default().into(),
    ];
    let found = db
        .query("SELECT ?1, ?2, ?3, ?4, ?5, ?6, :seven AS seven", values.clone())
        .await
        .unwrap();
    assert_eq!(found.columns[6], "seven");
    assert_eq!(rows(found.rows).await.unwrap(), [values]);
    let large: SqlValue = vec![7; 999_999].into();
    let found = db.query("SELECT ?1", vec![large.clone()]).await.unwrap();
    assert_eq!(rows(found.rows).await.unwrap(), [[large]]);
    let not_a_number = db.query("SELECT ?1", vec![f64::NAN.into()]).await.unwrap();
    assert_eq!(rows(not_a_number.rows).await.unwrap(), [[SqlValue::Null]]);
}

#[tokio::test]
async fn a_statement_says_what_it_did() {
    let (_directory, _storage, db) = notes().await;
    let inserted = db
        .run("INSERT INTO note (text) VALUES ('a'), ('b')")
        .await
        .unwrap();
    assert_eq!((inserted.changes, inserted.last_row_id), (2, 2));
    assert_eq!(
        db.run("DELETE FROM note WHERE text = 'z'").await.unwrap().changes,
        0
    );
    assert_eq!(db.run("CREATE TABLE other (id)").await.unwrap().changes, 0);
    assert_eq!(db.texts("SELECT text FROM note ORDER BY id").await, ["a", "b"]);
}

#[tokio::test]
async fn text_is_found_by_its_words() {
    let (_directory, _storage, db) = notes().await;
    db.run("CREATE VIRTUAL TABLE found USING fts5(body, tokenize = 'unicode61')")
        .await
        .unwrap();
    for body in ["the quick brown fox", "the lazy dog", "foxes and hounds"] {
        db.execute("INSERT INTO found VALUES (?1)", vec![body.into()])
            .await
            .unwrap();
    }
    let query = "SELECT snippet(found, 0, '[', ']', '', 5) FROM found WHERE found MATCH 'fox*' ORDER BY rank";
    let mut snippets = db.texts(query).await;
    snippets.sort();
    assert_eq!(snippets, ["[foxes] and hounds", "the quick brown [fox]"]);
}

#[tokio::test]
async fn errors_say_what_is_wrong_and_where() {
    let (_directory, _storage, db) = notes().await;
    let typo = db.run("INSERT INTO note (text) VALUS ('a')").await.unwrap_err();
    let SqlError::Syntax { message, position } = typo else {
        panic!("{typo:?}")
    };
    assert_eq!(
        (message.as_str(), position),
        ("near \"VALUS\": syntax error", Some(24))
    );
    let unknown = refusal(db.query("SELECT * FROM missing", vec![]).await);
    assert!(
        matches!(&unknown, SqlError::Syntax { message, .. } if message.contains("no such table")),
        "{unknown:?}"
    );

    let kinds = [
        ("INSERT INTO note (text) VALUES (NULL)", ConstraintKind::NotNull),
        (
            "INSERT INTO note (text, size) VALUES ('x', 10)",
            ConstraintKind::Check,
        ),
        (
            "INSERT INTO note (text) VALUES ('y'), ('y')",
            ConstraintKind::Unique,
        ),
        (
            "INSERT INTO note (id, text) VALUES (1, 'v'), (1, 'w')",
            ConstraintKind::PrimaryKey,
        ),
    ];
    for (sql, expected) in kinds {
        let refused = db.run(sql).await.unwrap_err();
        assert!(
            matches!(refused, SqlError::Constraint { kind, .. } if kind == expected),
            "{sql}: {refused:?}"
        );
    }
    assert_eq!(db.texts("SELECT text FROM note").await, Vec::<String>::new());

    let argument = |refused: SqlError| match refused {
        SqlError::InvalidArgument { field, reason } => format!("{field}: {reason}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        argument(db.run("SELECT 1; SELECT 2").await.unwrap_err()),
        "sql: holds more than one statement"
    );
    assert_eq!(
        argument(db.run(" -- nothing").await.unwrap_err()),
        "sql: holds no statement"
    );
    assert_eq!(
        argument(db.run("SELECT ?1, ?2").await.unwrap_err()),
        "parameters: 0 given, the statement has 2"
    );
    let large = db
        .execute("SELECT ?1", vec![vec![0; 1_000_001].into()])
        .await
        .unwrap_err();
    assert_eq!(large.to_string(), "value bytes has 1000001, the limit is 1000000");
    let made = db
        .run("INSERT INTO note (text) VALUES (zeroblob(1000001))")
        .await
        .unwrap_err();
    assert!(matches!(made, SqlError::TooLarge { .. }), "{made:?}");
}

#[tokio::test]
async fn statements_that_reach_out_are_denied() {
    let (directory, _storage, db) = notes().await;
    let elsewhere = directory.path().join("elsewhere.db");
    let elsewhere = elsewhere.to_str().unwrap();
    let attach = format!("ATTACH '{elsewhere}' AS other");
    let into = format!("VACUUM INTO '{elsewhere}'");
    let denied = [
        attach.as_str(),
        "DETACH main",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT s",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version = 7",
        "PRAGMA writable_schema = ON",
        "PRAGMA foreign_keys = OFF",
        "CREATE TEMP TABLE t (a)",
        "CREATE VIRTUAL TABLE t USING dbstat",
        "SELECT load_extension('x')",
        "INSERT INTO _backplane_migrations VALUES (1, 'a', 'b')",
        "DROP TABLE _backplane_migrations",
        "CREATE TABLE _BACKPLANE_x (a)",
        "CREATE INDEX i ON _backplane_migrations (name)",
    ];
    for sql in denied {
        for answer in [db.run(sql).await.map(drop), db.query(sql, vec![]).await.map(drop)] {
            assert!(
                matches!(answer, Err(SqlError::Denied { .. })),
                "{sql}: {answer:?}"
            );
        }
    }
    for sql in [into.as_str(), "VACUUM", "UPDATE sqlite_schema SET sql = ''"] {
        assert!(db.run(sql).await.is_err(), "{sql}");
        assert!(db.query(sql, vec![]).await.is_err(), "{sql}");
    }
    assert!(!std::path::Path::new(elsewhere).exists());
    let written = refusal(
        db.query("INSERT INTO note (text) VALUES ('a') RETURNING id", vec![])
            .await,
    );
    assert!(matches!(written, SqlError::Denied { .. }), "{written:?}");
    assert_eq!(
        db.texts("SELECT name FROM pragma_table_info('note')").await,
        ["id", "text", "size"]
    );
    assert_eq!(db.texts("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test]
async fn no_call_leads_to_the_database_of_another() {
    let (directory, storage) = storage(json!({})).await;
    let own = open(&storage);
    own.run("CREATE TABLE t (a)").await.unwrap();
    let spy = Db::new(storage.client_as("spy"), "chat/notes");
    let expected = SqlError::Denied {
        reason: "belongs to \"chat\"; \"spy\" has no access to it".into(),
    };
    assert_eq!(spy.run("DELETE FROM t").await.unwrap_err(), expected);
    assert_eq!(refusal(spy.query("SELECT * FROM t", vec![]).await), expected);
    assert_eq!(spy.begin(1000).await.unwrap_err(), expected);
    assert_eq!(spy.migrate(vec![]).await.unwrap_err(), expected);
    assert_eq!(
        refusal(
            spy.client
                .drop_database(&"chat/notes".into())
                .await
                .map_err(db::error)
        ),
        expected
    );

    let same_name = Db::new(storage.client_as("spy"), "notes");
    assert!(matches!(
        refusal(same_name.query("SELECT * FROM t", vec![]).await),
        SqlError::Syntax { .. }
    ));
    assert_eq!(own.client.list_databases().await.unwrap(), ["notes"]);
    assert!(directory.path().join("sql/chat%2Fnotes.db").exists());
    own.client.drop_database(&"notes".into()).await.unwrap();
    assert!(!directory.path().join("sql/chat%2Fnotes.db").exists());
    let cli: SqlClient = storage.client_as("cli");
    assert_eq!(cli.list_databases().await.unwrap(), ["spy/notes"]);
}

#[tokio::test]
async fn migrations_are_applied_once_and_may_not_change() {
    let (_directory, _storage, db) = notes().await;
    let first = migration(
        1,
        "people",
        "CREATE TABLE person (name TEXT); CREATE INDEX p ON person (name);",
    );
    let second = migration(2, "ages", "ALTER TABLE person ADD COLUMN age INTEGER");
    let done = db.migrate(vec![first.clone()]).await.unwrap();
    assert_eq!((done.version, done.applied), (1, vec![1]));
    let done = db.migrate(vec![first.clone(), second.clone()]).await.unwrap();
    assert_eq!((done.version, done.applied), (2, vec![2]));
    let done = db.migrate(vec![first.clone(), second.clone()]).await.unwrap();
    assert_eq!((done.version, done.applied), (2, vec![]));

    let changed = migration(1, "people", "CREATE TABLE person (name BLOB)");
    let refused = db.migrate(vec![changed, second.clone()]).await.unwrap_err();
    let SqlError::MigrationMismatch {
        version: 1,
        name,
        recorded: Some(recorded),
        given: Some(given),
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert!(name == "people" && recorded.len() == 64 && given.len() == 64 && recorded != given);
    let missing = db.migrate(vec![first.clone()]).await.unwrap_err();
    assert!(
        matches!(
            missing,
            SqlError::MigrationMismatch {
                version: 2,
                given: None,
                ..
            }
        ),
        "{missing:?}"
    );
    let falling = db.migrate(vec![second.clone(), first.clone()]).await.unwrap_err();
    assert_eq!(
        falling.to_string(),
        "migrations: version 1 (\"people\") is not above 2"
    );

    let broken = migration(3, "broken", "CREATE TABLE half (a); CREATE TABLE person (a)");
    let failed = db
        .migrate(vec![first.clone(), second.clone(), broken])
        .await
        .unwrap_err();
    assert!(
        matches!(failed, SqlError::MigrationFailed { version: 3, .. }),
        "{failed:?}"
    );
    assert_eq!(
        db.texts("SELECT name FROM sqlite_schema WHERE name = 'half'")
            .await,
        Vec::<String>::new()
    );
    let sly = migration(3, "sly", "COMMIT; DROP TABLE person");
    let failed = db
        .migrate(vec![first.clone(), second.clone(), sly])
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("denied: transactions"), "{failed}");
    let done = db
        .migrate(vec![first, second, migration(7, "late", "DROP TABLE person")])
        .await
        .unwrap();
    assert_eq!((done.version, done.applied), (7, vec![7]));
}

#[tokio::test]
async fn a_transaction_is_done_completely_or_not_at_all() {
    let (_directory, storage, db) = notes().await;
    let id = db.begin(10_000).await.unwrap();
    db.run_in(id, "INSERT INTO note (text) VALUES ('a')")
        .await
        .unwrap();
    assert_eq!(db.texts("SELECT text FROM note").await, Vec::<String>::new());
    assert_eq!(db.texts_in(id, "SELECT text FROM note").await, ["a"]);
    // A statement that fails undoes itself alone.
    let twice = db
        .run_in(id, "INSERT INTO note (text) VALUES ('b'), ('a')")
        .await
        .unwrap_err();
    assert!(matches!(twice, SqlError::Constraint { .. }));
    assert_eq!(
        db.texts_in(id, "INSERT INTO note (text) VALUES ('c') RETURNING text")
            .await,
        ["c"]
    );
    db.client.commit(&db.name, &id).await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note ORDER BY id").await, ["a", "c"]);

    let other = db.begin(10_000).await.unwrap();
    assert_ne!(other, id);
    db.run_in(other, "DELETE FROM note").await.unwrap();
    let over = db.run_in(id, "SELECT 1").await.unwrap_err();
    assert!(matches!(over, SqlError::NoTransaction { .. }), "{over:?}");
    let operator = Db::new(storage.client_as("cli"), "chat/notes");
    let foreign = operator.run_in(other, "SELECT 1").await.unwrap_err();
    assert!(matches!(foreign, SqlError::NoTransaction { .. }), "{foreign:?}");
    db.client.rollback(&db.name, &other).await.unwrap();
    db.client.rollback(&db.name, &other).await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note ORDER BY id").await, ["a", "c"]);
}

#[tokio::test]
async fn a_transaction_ends_at_its_deadline_also_in_the_middle_of_a_statement() {
    let (_directory, _storage, db) = notes().await;
    let id = db.begin(150).await.unwrap();
    db.run_in(id, "INSERT INTO note (text) VALUES ('a')")
        .await
        .unwrap();
    // Waits for its turn, which comes with the deadline.
    db.run("INSERT INTO note (text) VALUES ('b')").await.unwrap();
    let over = db
        .client
        .commit(&db.name, &id)
        .await
        .map_err(db::error)
        .unwrap_err();
    assert!(over.to_string().contains("met its deadline"), "{over}");
    assert_eq!(db.texts("SELECT text FROM note").await, ["b"]);

    let id = db.begin(150).await.unwrap();
    db.run_in(id, "DELETE FROM note").await.unwrap();
    let began = Instant::now();
    let refused = refusal(db.query_in(id, ENDLESS).await);
    assert_eq!(refused, SqlError::Deadline);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    db.run("INSERT INTO note (text) VALUES ('c')").await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note ORDER BY id").await, ["b", "c"]);
    for time in [0, 60_001] {
        let refused = db.begin(time).await.unwrap_err();
        assert_eq!(refused.to_string(), "timeout_ms: must be 1 to 60000");
    }
}

#[tokio::test]
async fn a_transaction_goes_with_its_owner() {
    let (_directory, storage, db) = notes().await;
    let id = db.begin(60_000).await.unwrap();
    let (alive, owner) = storage.channel::<bool>();
    db.client.hold(&db.name, &id, &owner).await.unwrap();
    db.run_in(id, "INSERT INTO note (text) VALUES ('a')")
        .await
        .unwrap();
    drop(alive);
    let began = Instant::now();
    db.run("INSERT INTO note (text) VALUES ('b')").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(db.texts("SELECT text FROM note").await, ["b"]);
    let (_alive, owner) = storage.channel::<bool>();
    let over = db
        .client
        .hold(&db.name, &id, &owner)
        .await
        .map_err(db::error)
        .unwrap_err();
    assert!(matches!(over, SqlError::NoTransaction { .. }));
}

#[tokio::test]
async fn a_transaction_in_rust_goes_when_it_is_dropped() {
    let (_directory, storage, db) = notes().await;
    let begin = || SqlTransaction::begin_with(&db.client, "notes", 60_000, storage.channel());
    let dropped = begin().await.unwrap();
    dropped
        .execute("INSERT INTO note (text) VALUES ('a')", vec![])
        .await
        .unwrap();
    drop(dropped);
    let kept = begin().await.unwrap();
    kept.execute("INSERT INTO note (text) VALUES (?1)", vec!["b".into()])
        .await
        .unwrap();
    let found = kept.query("SELECT text FROM note", vec![]).await.unwrap();
    assert_eq!(rows(found.rows).await.unwrap(), [["b".into()]]);
    kept.commit().await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note").await, ["b"]);
    let ended = begin().await.unwrap();
    ended.execute("DELETE FROM note", vec![]).await.unwrap();
    ended.rollback().await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note").await, ["b"]);
}

#[tokio::test]
async fn a_write_that_is_cancelled_ends_its_transaction() {
    let (_directory, _storage, db) = notes().await;
    let id = db.begin(60_000).await.unwrap();
    db.run_in(id, "INSERT INTO note (text) VALUES ('a')")
        .await
        .unwrap();
    let read = tokio::time::timeout(Duration::from_millis(50), db.query_in(id, ENDLESS));
    assert!(read.await.is_err());
    assert_eq!(db.texts_in(id, "SELECT text FROM note").await, ["a"]);
    let endless = format!("INSERT INTO note (text) {ENDLESS}");
    let write = tokio::time::timeout(Duration::from_millis(50), db.run_in(id, &endless));
    assert!(write.await.is_err());
    db.run("INSERT INTO note (text) VALUES ('b')").await.unwrap();
    assert_eq!(db.texts("SELECT text FROM note").await, ["b"]);
    let over = db
        .client
        .commit(&db.name, &id)
        .await
        .map_err(db::error)
        .unwrap_err();
    assert!(matches!(over, SqlError::NoTransaction { .. }), "{over:?}");
}

/// Cancels as many queries as there are read connections, and a write; gives the time until others have their turn.
async fn time_to_interrupt(db: &Db) -> Duration {
    let soon = Duration::from_millis(50);
    for _ in 0..4 {
        assert!(
            tokio::time::timeout(soon, db.query(ENDLESS, vec![]))
                .await
                .is_err()
        );
    }
    let endless = format!("INSERT INTO note (text) {ENDLESS}");
    assert!(tokio::time::timeout(soon, db.run(&endless)).await.is_err());
    let began = Instant::now();
    assert_eq!(db.texts("SELECT 'free'").await, ["free"]);
    db.run("DELETE FROM note").await.unwrap();
    began.elapsed()
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_interrupted_within_100_ms() {
    let (_directory, _storage, db) = notes().await;
    // The machine may be busy with something else for once.
    let mut times = Vec::new();
    while times.len() < 5 && times.iter().all(|time| *time >= Duration::from_millis(100)) {
        times.push(time_to_interrupt(&db).await);
    }
    assert!(
        times.iter().any(|time| *time < Duration::from_millis(100)),
        "{times:?}"
    );
}

#[tokio::test]
async fn a_query_that_finds_no_further_row_ends_also_when_nobody_waits() {
    let (_directory, storage) = storage(json!({ "call_timeout_ms": 200 })).await;
    let db = open(&storage);
    for _ in 0..4 {
        let found = db
            .query(&format!("SELECT 1 UNION ALL SELECT * FROM ({ENDLESS})"), vec![])
            .await
            .unwrap();
        drop(found);
    }
    let began = Instant::now();
    while db.query("SELECT 'free'", vec![]).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_reader_that_is_slow_holds_up_nobody_else() {
    let (_directory, _storage, db) = notes().await;
    db.run("INSERT INTO note (text) VALUES ('before')").await.unwrap();
    let sql = format!(
        "SELECT text FROM note UNION ALL SELECT j FROM ({})",
        MANY.replace("printf('%0100d', i)", "printf('%0100d', i) AS j")
    );
    let mut slow = db.query(&sql, vec![]).await.unwrap().rows;
    assert_eq!(slow.next().await.unwrap().unwrap(), ["before".into()]);
    for text in ["a", "b", "c"] {
        db.execute("INSERT INTO note (text) VALUES (?1)", vec![text.into()])
            .await
            .unwrap();
        assert_eq!(
            db.texts("SELECT text FROM note ORDER BY id DESC LIMIT 1").await,
            [text]
        );
    }
    assert_eq!(rows(slow).await.unwrap().len(), 20_000);
}

#[tokio::test]
async fn a_database_closes_although_a_query_is_under_way() {
    let (_directory, _storage, db) = notes().await;
    let unread = db.query(MANY, vec![]).await.unwrap().rows;
    let id = db.begin(60_000).await.unwrap();
    db.run_in(id, "INSERT INTO note (text) VALUES ('a')")
        .await
        .unwrap();
    let began = Instant::now();
    db.client.close_database(&db.name).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let broken = rows(unread).await.unwrap_err();
    assert!(broken.to_string().contains("the database is closed"), "{broken}");
    assert_eq!(db.texts("SELECT text FROM note").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_query_in_a_transaction_has_a_bounded_answer() {
    let (_directory, _storage, db) = notes().await;
    let id = db.begin(20_000).await.unwrap();
    let refused = refusal(db.query_in(id, MANY).await);
    assert_eq!(refused.to_string(), "answer rows has 10001, the limit is 10000");
    assert_eq!(db.texts_in(id, "SELECT 'still open'").await, ["still open"]);
}

#[tokio::test]
async fn a_full_quota_is_told_and_undone() {
    let (_directory, storage) = storage(json!({ "quota": 65536 })).await;
    let db = open(&storage);
    db.run("CREATE TABLE t (a BLOB)").await.unwrap();
    let full = db
        .execute("INSERT INTO t VALUES (zeroblob(?1))", vec![100_000.into()])
        .await
        .unwrap_err();
    assert_eq!(
        full,
        SqlError::Failed {
            fault: Fault::QuotaExceeded { limit: 65536 }
        }
    );
    db.execute("INSERT INTO t VALUES (zeroblob(?1))", vec![1000.into()])
        .await
        .unwrap();
}

#[tokio::test]
async fn files_that_are_not_ours_are_left_as_they_are() {
    let (directory, storage) = storage(json!({})).await;
    let folder = directory.path().join("sql");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("chat%2Fnotes.db");
    std::fs::write(&path, b"no database, but long enough to look at").unwrap();
    let refused = open(&storage).run("SELECT 1").await.unwrap_err();
    assert!(
        matches!(
            refused,
            SqlError::Failed {
                fault: Fault::NotADatabase { .. }
            }
        ),
        "{refused:?}"
    );
    std::fs::remove_file(&path).unwrap();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign
        .execute_batch("CREATE TABLE t (a); PRAGMA application_id = 7;")
        .unwrap();
    drop(foreign);
    let before = std::fs::read(&path).unwrap();
    let refused = open(&storage).run("SELECT 1").await.unwrap_err();
    assert!(
        matches!(
            refused,
            SqlError::ForeignFile {
                application_id: 7,
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let other = Db::new(storage.client_as("chat"), "other");
    other.run("CREATE TABLE t (a)").await.unwrap();
}
