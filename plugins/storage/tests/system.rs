//! Faults that take a process of their own: a full disk, a directory that cannot be written, a second process.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/mount.rs"]
mod mount;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{key, numbers, store};
use mount::{child, root, with_mount};
use rusqlite::{Connection, OpenFlags};
use storage_plugin::{Ack, Batch, Error, KeyRange, Options, Scan, Session, Store};

fn cause(error: Error) -> Error {
    match error {
        Error::BatchFailed { source, .. } => *source,
        other => other,
    }
}

/// Writes rows until one does not fit; gives how many did, and why the next did not.
fn fill(session: &Session, size: usize) -> (i64, Error) {
    for number in 0..100_000 {
        let batch = Batch::new()
            .put("c", key(number), vec![7; size])
            .put("d", key(number), "");
        if let Err(error) = session.persist(batch, Ack::Applied).unwrap().wait() {
            return (number, cause(error));
        }
    }
    panic!("the disk was never full");
}

fn integrity(path: &Path) -> String {
    let file = Connection::open(path).unwrap();
    file.query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

/// On a disk of eight megabytes.
fn on_a_small_disk(root: &Path) {
    let ballast = root.join("ballast");
    fs::write(&ballast, vec![7; 5_000_000]).unwrap();
    let (_elsewhere, other_disk) = store();
    let elsewhere = other_disk.open_job("j").unwrap().session();
    let store = Store::new(root.join("data"), Options::default()).unwrap();
    let neighbour = store.open_job("neighbour").unwrap().session();
    neighbour.put("c", key(1), "x").unwrap();
    let session = store.open_job("j").unwrap().session();

    let (stored, error) = fill(&session, 10_000);
    assert_eq!(error, Error::DiskFull);
    assert!(stored > 10, "{stored} rows");
    // Nothing is left half, reads go on, and so do other jobs as far as they need no room.
    let all = || numbers(&session, "c", Scan::new(KeyRange::all()));
    assert_eq!(all().len() as i64, stored);
    assert_eq!(session.count("d", &KeyRange::all()).unwrap(), stored as u64);
    assert_eq!(neighbour.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    elsewhere.put("c", key(1), "x").unwrap();
    let refused = store.open_job("new").err().unwrap();
    assert_eq!(refused, Error::DiskFull);
    assert_eq!(store.list_jobs().unwrap(), ["j", "neighbour"]);
    let refused = session.backup_to(&root.join("copy.db")).unwrap_err();
    assert_eq!(refused, Error::DiskFull);
    assert!(!root.join("copy.db").exists());

    // The log finds no room in the file, and stays beside it.
    assert_eq!(store.close_job("j").unwrap_err(), Error::DiskFull);
    let session = store.open_job("j").unwrap().session();
    let all = || numbers(&session, "c", Scan::new(KeyRange::all()));
    assert_eq!(all().len() as i64, stored);

    fs::remove_file(&ballast).unwrap();
    session.put("c", key(stored), vec![7; 10_000]).unwrap();
    neighbour.put("c", key(2), "y").unwrap();
    assert_eq!(all().len() as i64, stored + 1);
    store.close_job("j").unwrap();
    assert_eq!(integrity(&root.join("data/j.db")), "ok");

    // Dropping a job makes room for the others.
    let session = store.open_job("j").unwrap().session();
    assert_eq!(fill(&session, 10_000).1, Error::DiskFull);
    store.drop_job("j").unwrap();
    neighbour.put("c", key(3), vec![7; 1_000_000]).unwrap();
    store.close().unwrap();
    assert_eq!(integrity(&root.join("data/neighbour.db")), "ok");
}

#[test]
fn a_full_disk_fails_what_does_not_fit_and_damages_nothing() {
    if let Some(root) = root() {
        return on_a_small_disk(Path::new(&root));
    }
    let directory = tempfile::tempdir().unwrap();
    with_mount(
        "a_full_disk_fails_what_does_not_fit_and_damages_nothing",
        "mount -t tmpfs -o size=8m tmpfs \"$0\"",
        directory.path(),
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_a_typed_error() {
    if let Some(root) = root() {
        let store = Store::new(&root, Options::default()).unwrap();
        let refused = store.open_job("j").err().unwrap();
        assert!(
            matches!(
                refused,
                Error::Io {
                    kind: std::io::ErrorKind::ReadOnlyFilesystem,
                    ..
                }
            ),
            "{refused:?}"
        );
        assert_eq!(store.list_jobs().unwrap(), ["j"]);
        let (_directory, writable) = common::store();
        writable
            .open_job("j")
            .unwrap()
            .session()
            .put("c", key(1), "x")
            .unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path(), Options::default()).unwrap();
    store
        .open_job("j")
        .unwrap()
        .session()
        .put("c", key(1), "x")
        .unwrap();
    store.close().unwrap();
    let before = fs::read(directory.path().join("j.db")).unwrap();
    with_mount(
        "a_directory_that_cannot_be_written_is_a_typed_error",
        "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"",
        directory.path(),
    );
    assert_eq!(fs::read(directory.path().join("j.db")).unwrap(), before);
    let store = Store::new(directory.path(), Options::default()).unwrap();
    assert!(
        store
            .open_job("j")
            .unwrap()
            .session()
            .exists("c", key(1))
            .unwrap()
    );
}

/// Waits for a line of a child.
fn wait_for(child: &mut Child, line: &str) {
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    let found = output.lines().map_while(Result::ok).any(|it| it.ends_with(line));
    assert!(found, "the child did not say {line:?}");
}

#[test]
fn a_second_process_is_told_at_once_until_the_first_has_ended() {
    let name = "a_second_process_is_told_at_once_until_the_first_has_ended";
    if let Some(root) = root() {
        let store = Store::new(root, Options::default()).unwrap();
        store
            .open_job("j")
            .unwrap()
            .session()
            .put("c", key(1), "x")
            .unwrap();
        println!("is open");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut first = child(name, directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&mut first, "is open");
    let second = Store::new(directory.path(), Options::default()).unwrap();
    let begun = Instant::now();
    let refused = second.open_job("another").err().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let root = directory.path().to_owned();
    assert_eq!(refused, Error::AlreadyOpen { root });

    // A killed process keeps nothing.
    first.kill().unwrap();
    first.wait().unwrap();
    let session = second.open_job("j").unwrap().session();
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
}

#[test]
fn a_foreign_reader_makes_no_write_fail() {
    let name = "a_foreign_reader_makes_no_write_fail";
    if let Some(root) = root() {
        let path = Path::new(&root).join("j.db");
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        println!("is reading");
        loop {
            let rows: i64 = file
                .query_row("SELECT sum(length(payload)) IS NULL FROM kv", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert!(rows < 2);
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path(), Options::default()).unwrap();
    let job = store.open_job("j").unwrap();
    let session = job.session();
    session.put("c", key(0), vec![7; 1000]).unwrap();
    let mut reader = child(name, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&mut reader, "is reading");
    let until = Instant::now() + Duration::from_secs(2);
    let mut written = 0;
    while Instant::now() < until {
        written += 1;
        session.put("c", key(written % 500), vec![7; 1000]).unwrap();
    }
    assert!(reader.try_wait().unwrap().is_none(), "the reader failed");
    assert_eq!(job.stats().unwrap().locked_batches, 0);
    reader.kill().unwrap();
    reader.wait().unwrap();
    store.close().unwrap();
}
