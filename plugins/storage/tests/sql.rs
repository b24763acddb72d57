//! Statements of `storage.sql` as others meet them.

#[path = "common/sql.rs"]
mod db;

use backplane_sdk::Bytes;
use db::{notes, refusal, rows};
use storage_api::{ConstraintKind, SqlError, SqlValue};

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
