//! A process that is killed at any moment loses no transaction that was committed, and leaves no half one.
#![cfg(unix)]

#[path = "common/sql.rs"]
mod db;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use backplane_sdk::test::{Bench, Running};
use db::{Db, rows};
use serde_json::json;
use storage_api::SqlValue;
use storage_plugin::Storage;

const NAME: &str = "no_committed_transaction_is_lost_and_none_is_halved";
const ROOT: &str = "STORAGE_TEST_SQL_KILL_ROOT";
const KILLS: u64 = 20;
/// Rows of one transaction.
const ROWS: i64 = 5;

async fn open(root: &Path) -> (Running<Storage>, Db) {
    let bench = Bench::new().data_dir(root);
    let storage: Running<Storage> = bench.start_json(json!({})).await.unwrap();
    let db = Db::new(storage.client_as("chat"), "notes");
    db.run("CREATE TABLE IF NOT EXISTS t (number INTEGER, row INTEGER, text TEXT)")
        .await
        .unwrap();
    (storage, db)
}

async fn numbers(db: &Db, sql: &str) -> Vec<(i64, i64)> {
    let found = db.query(sql, vec![]).await.unwrap();
    let pair = |row: Vec<SqlValue>| match row[..] {
        [SqlValue::Integer(a), SqlValue::Integer(b)] => (a, b),
        _ => panic!("{row:?}"),
    };
    rows(found.rows).await.unwrap().into_iter().map(pair).collect()
}

/// The process that is killed: commits transaction after transaction, and prints the number of each.
async fn work(root: &Path) {
    let (_storage, db) = open(root).await;
    let last = numbers(&db, "SELECT coalesce(max(number), 0), 0 FROM t").await;
    for number in last[0].0 + 1.. {
        let id = db.begin(60_000).await.unwrap();
        for row in 0..ROWS {
            let sql = format!(
                "INSERT INTO t VALUES ({number}, {row}, printf('%0{}d', 1))",
                1 + number % 5000
            );
            db.run_in(id, &sql).await.unwrap();
        }
        db.client.commit(&db.name, &id).await.unwrap();
        let mut output = std::io::stdout().lock();
        writeln!(output, "committed {number}").unwrap();
        output.flush().unwrap();
    }
}

fn start(root: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(ROOT, root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a writing process after `after` commits; gives the number of the last one.
fn killed(root: &Path, after: u64) -> i64 {
    let mut child = start(root);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut read = |line: std::io::Result<String>| {
        let line = line.unwrap_or_default();
        if let Some((_, number)) = line.split_once("committed ") {
            last = number.parse().unwrap();
        }
        last
    };
    let mut committed = 0;
    while committed < after {
        let before = committed;
        committed = before + u64::from(read(lines.next().unwrap()) > 0);
    }
    child.kill().unwrap();
    // What the process wrote before its end is still in the pipe.
    for line in lines {
        read(line);
    }
    assert!(!child.wait().unwrap().success());
    last
}

#[tokio::test]
async fn no_committed_transaction_is_lost_and_none_is_halved() {
    if let Ok(root) = env::var(ROOT) {
        return work(Path::new(&root)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    for kill in 0..KILLS {
        let root = directory.path().to_owned();
        let last = tokio::task::spawn_blocking(move || killed(&root, kill * 7 % 13))
            .await
            .unwrap();
        let (storage, db) = open(directory.path()).await;
        let halves = "SELECT number, count(*) FROM t GROUP BY number HAVING count(*) <> 5";
        assert_eq!(numbers(&db, halves).await, []);
        let there = numbers(
            &db,
            "SELECT coalesce(max(number), 0), count(DISTINCT number) FROM t",
        )
        .await;
        assert!(
            there[0].0 >= last,
            "{last} was committed, {} is the last",
            there[0].0
        );
        assert_eq!(there[0].0, there[0].1, "one in between is missing");
        assert_eq!(db.texts("PRAGMA integrity_check").await, ["ok"]);
        storage.stop().await.unwrap();
    }
}
