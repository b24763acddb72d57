//! Databases of `storage.sql`: whose they are, what they hold, and which files they are.

#[path = "common/sql.rs"]
mod db;

use db::{Db, notes, open, refusal, storage};
use serde_json::json;
use storage_api::{Fault, Migration, SqlClient, SqlError};

fn migration(version: u32, name: &str, sql: &str) -> Migration {
    Migration {
        version,
        name: name.into(),
        sql: sql.into(),
    }
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

#[tokio::test]
async fn nobody_takes_the_places_of_all_databases() {
    let (_directory, storage) = storage(json!({})).await;
    let of = |owner: &str, number| Db::new(storage.client_as(owner), &format!("d{number}"));
    for number in 0..16 {
        of("chat", number).run("CREATE TABLE t (a)").await.unwrap();
    }
    let full = of("chat", 16).run("SELECT 1").await.unwrap_err();
    assert_eq!(
        full.to_string(),
        "open databases of one owner are used up (limit 16)"
    );
    of("other", 0).run("SELECT 1").await.unwrap();
    let first = of("chat", 0);
    first.client.close_database(&first.name).await.unwrap();
    of("chat", 16).run("SELECT 1").await.unwrap();
}
