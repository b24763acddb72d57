//! Rows as a stream: how queries end, and whom they hold up.

#[path = "common/sql.rs"]
mod db;

use std::time::{Duration, Instant};

use db::{Db, ENDLESS, MANY, notes, open, rows, storage};
use serde_json::json;

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
