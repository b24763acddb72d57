//! A process that is killed while the key of a job changes: the file opens under the old key or under the new one, and
//! holds all that was acknowledged.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use storage_plugin::{Ack, Batch, Error, KeyRange, Options, Store};

use super::common::key as number;
use super::{key, turn};

/// The folder of the process to be killed.
const ROOT: &str = "STORAGE_TEST_REKEY_ROOT";
/// How often, in place of 12.
const KILLS: &str = "STORAGE_TEST_KILLS";
const ROWS: i64 = 2_000;

/// Changes the key again and again, and tells of each write that is acknowledged, until it is killed.
fn work(root: &str) {
    let store = Store::new(root, Options::default()).unwrap();
    let session = store.open_job("j").unwrap().session();
    let batch = (0..ROWS).fold(Batch::new(), |batch, at| batch.put("c", number(at), [7; 200]));
    session.persist(batch, Ack::Durable).unwrap().wait().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0.. {
                session.put("w", number(at), "x").unwrap();
                let mut told = std::io::stdout().lock();
                writeln!(told, "acknowledged {at}").unwrap();
            }
        });
        for at in (0..3u8).cycle() {
            store
                .rekey_job("j", turn(at), turn((at + 1) % 3), at == 0)
                .unwrap();
        }
    });
}

/// Opens the job under the key that it has.
fn open(root: &Path) -> (Store, u8) {
    let store = Store::new(root, Options::default()).unwrap();
    for at in 0..3 {
        match store.open_job_with("j", turn(at)) {
            Ok(_) => return (store, at),
            Err(Error::WrongKey { .. } | Error::KeyRequired { .. } | Error::NotEncrypted { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("no key opens the job");
}

#[test]
fn a_change_of_key_that_is_killed_anywhere_leaves_a_whole_job() {
    if let Ok(root) = env::var(ROOT) {
        return work(&root);
    }
    let rounds = env::var(KILLS).map_or(12, |rounds| rounds.parse().unwrap());
    let mut unfinished = 0;
    for round in 0..rounds {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::a_change_of_key_that_is_killed_anywhere_leaves_a_whole_job",
                "--nocapture",
            ])
            .env(ROOT, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let acknowledged = |line: &String| {
            line.strip_prefix("acknowledged ")
                .and_then(|at| at.parse::<i64>().ok())
        };
        lines.find(|line| acknowledged(line).is_some()).unwrap();
        let reading = thread::spawn(move || lines.filter_map(|line| acknowledged(&line)).last().unwrap_or(0));
        // Somewhere in the first changes of key, each of which takes some tens of milliseconds.
        thread::sleep(Duration::from_millis(round * 37 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = reading.join().unwrap();
        unfinished += u32::from(directory.path().join("j.db.rekeying").exists());

        let (store, at) = open(directory.path());
        let session = store.open_job("j").unwrap().session();
        assert_eq!(session.count("c", &KeyRange::all()).unwrap(), ROWS.unsigned_abs());
        let written = session.count("w", &KeyRange::all()).unwrap();
        assert!(
            written > last.unsigned_abs(),
            "{written} rows, {last} was acknowledged"
        );
        assert!(!directory.path().join("j.db.rekeying").exists());
        // Checks every page on its way.
        store.rekey_job("j", turn(at), Some(key(9)), true).unwrap();
        assert_eq!(session.count("w", &KeyRange::all()).unwrap(), written);
        session.put("c", number(-1), "x").unwrap();
        store.close().unwrap();
    }
    assert!(unfinished > 0, "no change of key was interrupted");
}
