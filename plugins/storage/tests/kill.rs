//! A process that is killed at any moment loses no acknowledged write and leaves no half batch.
#![cfg(unix)]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use storage_plugin::{Ack, Batch, Key, KeyRange, Options, Scan, Store, encoding};

const ROOT: &str = "STORAGE_TEST_KILL_ROOT";
const ROUND: &str = "STORAGE_TEST_KILL_ROUND";
/// How often the writing process is killed; 20 by default.
const KILLS: &str = "STORAGE_TEST_KILLS";
const CATEGORIES: [&str; 3] = ["a", "b", "c"];

fn key(round: i64, number: i64) -> Key {
    encoding::key(&(round, number)).unwrap()
}

fn variable(name: &str) -> Option<i64> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Writes batches of three rows and prints each number once its batch is acknowledged, until it is killed.
fn write_forever(root: &str) {
    let round = variable(ROUND).unwrap();
    let store = Store::new(root, Options::default()).unwrap();
    let session = store.open_job("j").unwrap().session();
    let mut output = std::io::stdout().lock();
    let mut pending = std::collections::VecDeque::new();
    for number in 0.. {
        let batch = CATEGORIES.iter().fold(Batch::new(), |batch, category| {
            batch.put(*category, key(round, number), vec![7; 300])
        });
        let ack = if number % 50 == 0 {
            Ack::Durable
        } else {
            Ack::Applied
        };
        pending.push_back((number, session.persist(batch, ack).unwrap()));
        if pending.len() >= 8 {
            let (number, receipt) = pending.pop_front().unwrap();
            receipt.wait().unwrap();
            writeln!(output, "acknowledged {number}").unwrap();
            output.flush().unwrap();
        }
    }
}

/// Kills a writing process after it has acknowledged `patience` writes; gives the last acknowledged number.
fn killed_writer(root: &Path, round: i64, patience: i64) -> i64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "no_acknowledged_write_is_lost_and_no_batch_is_halved",
            "--nocapture",
        ])
        .env(ROOT, root)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = -1;
    // What the process wrote before its end is still in the pipe.
    for line in lines.map_while(Result::ok) {
        let Some((_, number)) = line.split_once("acknowledged ") else {
            continue;
        };
        last = number.parse().unwrap();
        if last == patience {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    last
}

/// The numbers that are there in each category.
fn present(session: &storage_plugin::Session, category: &str, round: i64) -> Vec<i64> {
    let mut scan = Scan::prefix(encoding::key(&round).unwrap()).keys_only();
    let mut numbers = Vec::new();
    loop {
        let page = session.scan(category, &scan).unwrap();
        numbers.extend(
            page.rows
                .iter()
                .map(|row| encoding::decode::<(i64, i64)>(row.key.as_bytes()).unwrap().1),
        );
        match page.next {
            Some(next) => scan.after = Some(next),
            None => return numbers,
        }
    }
}

#[test]
fn no_acknowledged_write_is_lost_and_no_batch_is_halved() {
    if let Ok(root) = env::var(ROOT) {
        return write_forever(&root);
    }
    let directory = tempfile::tempdir().unwrap();
    let mut total = 0;
    for round in 0..variable(KILLS).unwrap_or(20) {
        // Early and late moments, with and without a checkpoint before.
        let patience = (round * 7919) % 1_500;
        let last = killed_writer(directory.path(), round, patience);
        assert!(last >= patience);

        let store = Store::new(directory.path(), Options::default()).unwrap();
        let session = store.open_job("j").unwrap().session();
        let first = present(&session, CATEGORIES[0], round);
        for category in &CATEGORIES[1..] {
            assert_eq!(
                present(&session, category, round),
                first,
                "a batch of round {round} is halved"
            );
        }
        // In order: what is there is a beginning of what was written, and reaches the last acknowledged write.
        assert!(
            first.iter().copied().eq(0..first.len() as i64),
            "round {round} has a gap"
        );
        assert!(
            first.len() as i64 > last,
            "round {round}: {} present, {last} acknowledged",
            first.len()
        );
        total += first.len() as u64;
        assert_eq!(
            session.count(CATEGORIES[0], &KeyRange::all()).unwrap(),
            total,
            "an earlier round changed"
        );
        store.close().unwrap();
    }
}
