//! Statements that are made to hurt: none brings the process down, and none goes on for long.

#[path = "common/sql.rs"]
mod db;

use std::time::{Duration, Instant};

use db::notes;
use storage_api::SqlError;

/// `count` times `open`, then `inner`, then as often `close`.
fn nested(count: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(count), close.repeat(count))
}

#[tokio::test]
async fn deep_statements_are_refused_or_answered() {
    let (_directory, _storage, db) = notes().await;
    let deep = [
        format!("SELECT {}", nested(50_000, "(", "1", ")")),
        format!("SELECT {}", nested(50_000, "abs(", "1", ")")),
        nested(20_000, "SELECT * FROM (", "SELECT 1", ")"),
        nested(20_000, "SELECT (", "SELECT 1", ")"),
        nested(20_000, "WITH x AS (", "SELECT 1", ") SELECT * FROM x"),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(20_000)),
        format!("SELECT 1{}", " + 1".repeat(50_000)),
        format!("SELECT {}1", "NOT ".repeat(50_000)),
    ];
    for sql in deep {
        let begun = &sql[..40];
        for answer in [
            db.run(&sql).await.map(drop),
            db.query(&sql, vec![]).await.map(drop),
        ] {
            assert!(
                matches!(answer, Ok(()) | Err(SqlError::Syntax { .. })),
                "{begun}: {answer:?}"
            );
        }
    }
    assert_eq!(db.texts("SELECT 'alive'").await, ["alive"]);
}

#[tokio::test]
async fn views_upon_views_are_refused_or_answered() {
    let (_directory, _storage, db) = notes().await;
    let views = (1..2000).map(|at| format!("CREATE VIEW v{at} AS SELECT * FROM v{};", at - 1));
    let sql = format!("CREATE TABLE v0 (a); {}", views.collect::<String>());
    let migration = storage_api::Migration {
        version: 1,
        name: "views".into(),
        sql,
    };
    db.migrate(vec![migration]).await.unwrap();
    for at in [10, 1999] {
        let sql = format!("SELECT * FROM v{at}");
        for answer in [
            db.run(&sql).await.map(drop),
            db.query(&sql, vec![]).await.map(drop),
        ] {
            let refused =
                matches!(&answer, Err(SqlError::Syntax { message, .. }) if message.contains("too deep"));
            assert!(answer.is_ok() || refused, "{at}: {answer:?}");
        }
    }
    assert_eq!(db.texts("SELECT 'alive'").await, ["alive"]);
}

#[tokio::test]
async fn a_pattern_cannot_hold_the_writer() {
    let (_directory, _storage, db) = notes().await;
    let pattern = "%a_".repeat(66) + "c";
    let text = "a".repeat(900_000);
    let began = Instant::now();
    db.execute("SELECT ?1 LIKE ?2", vec![text.into(), pattern.into()])
        .await
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let long = db
        .execute("SELECT 'a' LIKE ?1", vec!["%".repeat(201).into()])
        .await
        .unwrap_err();
    assert!(matches!(long, SqlError::Syntax { .. }), "{long:?}");
}
