//! Transactions of `storage.sql`: done or not, and over in any case.

#[path = "common/sql.rs"]
mod db;

use std::time::{Duration, Instant};

use db::{Db, ENDLESS, MANY, notes, refusal, rows};
use storage_api::{SqlError, SqlTransaction};

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

#[tokio::test]
async fn a_query_in_a_transaction_has_a_bounded_answer() {
    let (_directory, _storage, db) = notes().await;
    let id = db.begin(20_000).await.unwrap();
    let refused = refusal(db.query_in(id, MANY).await);
    assert_eq!(refused.to_string(), "answer rows has 10001, the limit is 10000");
    assert_eq!(db.texts_in(id, "SELECT 'still open'").await, ["still open"]);
}
