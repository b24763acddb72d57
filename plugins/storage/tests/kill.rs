//! A process that is killed at any moment loses no acknowledged write and leaves no half batch.
//!
//! The process writes at random from three callers: small and large payloads, batches of several categories, deletions,
//! and every level of acknowledgement. It prints what was acknowledged; the test kills it and looks at what is there.
#![cfg(unix)]

mod common;
#[path = "kill/load.rs"]
mod load;
#[cfg(feature = "postgres")]
#[path = "postgres/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{panic, thread};

use common::rows;
use load::{WINDOW, drawn, parts, write_forever};
use rusqlite::Connection;
use storage_plugin::{Options, Scan, Server, Session, Store, encoding};

/// The test that the process runs, which then is no test.
const NAME: &str = "no_acknowledged_write_is_lost_and_no_batch_is_halved";
/// The server that keeps the job, if one does.
const URL: &str = "STORAGE_TEST_KILL_URL";
const ROOT: &str = "STORAGE_TEST_KILL_ROOT";
const ROUND: &str = "STORAGE_TEST_KILL_ROUND";
/// How often the writing process is killed; 50 by default.
const KILLS: &str = "STORAGE_TEST_KILLS";
/// What the load is drawn from; the time by default.
const SEED: &str = "STORAGE_TEST_SEED";
const CALLERS: i64 = 3;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

/// The process that is killed. Beside the callers it opens, fills and drops a second job over and over. A panic ends it,
/// which the test takes for what it is.
fn work(root: &str) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        process::exit(1);
    }));
    let (seed, round) = (variable(SEED).unwrap(), variable(ROUND).unwrap() as i64);
    let store = Store::new(root, options(env::var(URL).ok().as_deref())).unwrap();
    let job = store.open_job("j").unwrap();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let session = job.session();
            scope.spawn(move || write_forever(&session, seed, round, caller));
        }
        loop {
            let session = store.open_job("other").unwrap().session();
            session.put("c", [1], vec![7; 10_000]).unwrap();
            store.drop_job("other").unwrap();
        }
    });
}

/// The jobs are files, or the server at `url` keeps them.
fn options(url: Option<&str>) -> Options {
    let server = url.map(|url| Server::new(url).unwrap());
    let jobs = ["j", "other"].map(str::to_owned);
    Options {
        servers: server
            .iter()
            .flat_map(|server| jobs.clone().map(|job| (job, server.clone())))
            .collect(),
        ..Options::default()
    }
}

fn start(root: &Path, url: Option<&str>, seed: u64, round: i64) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    if let Some(url) = url {
        command.env(URL, url);
    }
    command
        .args(["--exact", NAME, "--nocapture"])
        .env(ROOT, root)
        .env(ROUND, round.to_string())
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a writing process at a moment drawn at random; gives the last number that each caller had acknowledged.
fn killed(root: &Path, url: Option<&str>, seed: u64, round: i64) -> BTreeMap<i64, i64> {
    let mut child = start(root, url, seed, round);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeMap::new();
    let mut read = |line: std::io::Result<String>| {
        let line = line.unwrap_or_default();
        if let Some((_, numbers)) = line.split_once("acknowledged ") {
            let (caller, number) = numbers.split_once(' ').unwrap();
            acknowledged.insert(caller.parse().unwrap(), number.parse().unwrap());
        }
    };
    // One in eight is killed while it starts, the others after some writes and some time.
    let moment = drawn(seed, (round, 0, 0), 3);
    if !moment.is_multiple_of(8) {
        lines.by_ref().take((moment % 900) as usize).for_each(&mut read);
    }
    thread::sleep(Duration::from_micros(moment % 20_000));
    child.kill().unwrap();
    // What the process wrote before its end is still in the pipe.
    lines.for_each(&mut read);
    let ended = child.wait().unwrap();
    assert!(ended.signal().is_some(), "seed {seed}, round {round}: it {ended}");
    acknowledged
}

/// The rows of one caller in a round, by number.
fn present(session: &Session, category: &str, round: i64, caller: i64) -> BTreeMap<i64, Vec<u8>> {
    let prefix = encoding::key(&(round, caller)).unwrap();
    rows(session, category, Scan::prefix(prefix))
        .into_iter()
        .map(|row| {
            let (_, _, number) = encoding::decode::<(i64, i64, i64)>(row.key.as_bytes()).unwrap();
            (number, row.payload.unwrap())
        })
        .collect()
}

/// What is there of a caller is what its first batches do, whole, up to one that is not before the last acknowledged.
fn check_caller(session: &Session, seed: u64, round: i64, caller: i64, acknowledged: i64) {
    let context = format!("seed {seed}, round {round}, caller {caller}");
    let last = present(session, "last", round, caller).remove(&0);
    let last = last.map_or(-1, |last| encoding::decode(&last).unwrap());
    assert!(
        last >= acknowledged,
        "{context}: batch {last} is the last, {acknowledged} was acknowledged"
    );
    let mut expected = BTreeMap::<String, BTreeMap<i64, Vec<u8>>>::new();
    for number in 0..=last {
        for (category, payload) in parts(seed, (round, caller, number)) {
            expected.entry(category).or_default().insert(number, payload);
        }
    }
    for part in 0..4 {
        let category = format!("part {part}");
        let found = present(session, &category, round, caller);
        let expected = expected.remove(&category).unwrap_or_default();
        assert!(found.keys().eq(expected.keys()), "{context}: a batch is halved");
        assert!(found == expected, "{context}: a payload is another one");
    }
    let window = present(session, "window", round, caller);
    let expected = (last - WINDOW + 1).max(0)..=last;
    assert!(
        window.into_keys().eq(expected),
        "{context}: a deletion is missing"
    );
}

fn check_files(root: &Path, context: &str) {
    for job in ["j.db", "other.db"] {
        let path = root.join(job);
        if !path.exists() {
            continue;
        }
        let file = Connection::open(&path).unwrap();
        let report: String = file
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(report, "ok", "{context}: {job}");
    }
}

/// Kills a writing process time and again, and looks at what is there once nothing of the process is `left`.
fn survives(url: Option<&str>, left: impl Fn() -> bool, kills: i64) {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = variable(SEED).unwrap_or(time.as_nanos() as u64);
    let mut directory = tempfile::tempdir().unwrap();
    let (mut total, mut rounds) = (0, Vec::new());
    for round in 0..kills {
        if round % 25 == 0 {
            directory = tempfile::tempdir().unwrap();
            rounds.clear();
        }
        rounds.push((round, killed(directory.path(), url, seed, round)));
        let deadline = Instant::now() + Duration::from_secs(60);
        while left() {
            assert!(
                Instant::now() < deadline,
                "seed {seed}, round {round}: it does not end"
            );
            thread::sleep(Duration::from_millis(5));
        }
        let context = format!("seed {seed}, round {round}");
        let store = Store::new(directory.path(), options(url)).unwrap();
        let session = store.open_job("j").unwrap().session();
        // The one before must have stayed as it was.
        for (round, acknowledged) in rounds.iter().rev().take(2) {
            for caller in 0..CALLERS {
                let last = acknowledged.get(&caller).copied().unwrap_or(-1);
                check_caller(&session, seed, *round, caller, last);
            }
        }
        let last = rounds.last().map(|(_, acknowledged)| acknowledged.values());
        total += last.into_iter().flatten().map(|last| last + 1).sum::<i64>();
        store.open_job("other").unwrap();
        store.close().unwrap();
        check_files(directory.path(), &context);
    }
    println!("seed {seed}: {kills} kills, {total} batches acknowledged, none lost");
}

#[test]
fn no_acknowledged_write_is_lost_and_no_batch_is_halved() {
    if let Ok(root) = env::var(ROOT) {
        return work(&root);
    }
    survives(None, || false, variable(KILLS).unwrap_or(50) as i64);
}

#[cfg(feature = "postgres")]
#[test]
fn no_acknowledged_write_is_lost_and_no_batch_is_halved_on_a_server() {
    let server = server::TestServer::start();
    let name = server.new_database_name();
    // Commits that take their time are those in which a kill falls.
    for setting in ["commit_delay = 5000", "commit_siblings = 0"] {
        server.sql("postgres", &format!("ALTER DATABASE {name} SET {setting}"));
    }
    // The server goes on with a commit whose client is gone, and a look that takes several queries would see two states.
    let left = || server.is_used(&name);
    survives(
        Some(&server.url(&name)),
        left,
        variable(KILLS).unwrap_or(10) as i64,
    );
}
