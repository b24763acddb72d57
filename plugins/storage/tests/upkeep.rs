//! Looking over jobs, checking their files and making them smaller.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{key, store};
use rusqlite::Connection;
use storage_plugin::{Ack, Batch, Error, KeyRange, Session, Store, limits};

fn path(store: &Store) -> PathBuf {
    store.root().join("j.db")
}

fn size(store: &Store) -> u64 {
    fs::metadata(path(store)).unwrap().len()
}

fn integrity(path: &Path) -> String {
    let file = Connection::open(path).unwrap();
    file.query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

/// Stores so many rows of 10 kB.
fn fill(session: &Session, rows: i64) {
    for number in 0..rows {
        session.put("big", key(number), vec![7; 10_000]).unwrap();
    }
}

/// Makes the file of the closed job one in which pages are not given back, as earlier versions did.
fn make_old(store: &Store) {
    let file = Connection::open(path(store)).unwrap();
    file.execute_batch("PRAGMA auto_vacuum = none; VACUUM;").unwrap();
}

#[test]
fn a_file_becomes_smaller_in_steps_between_which_others_write() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let session = job.session();
    fill(&session, 1000);
    session.delete_range("big", KeyRange::new(key(10), [])).unwrap();
    store.close_job("j").unwrap();
    assert!(size(&store) > 10_000_000);

    let job = store.open_job("j").unwrap();
    let session = job.session();
    let done = std::thread::scope(|scope| {
        let compacting = scope.spawn(|| job.session().compact().unwrap());
        let mut number = 0;
        while !compacting.is_finished() {
            session.put("small", key(number), "x").unwrap();
            number += 1;
        }
        compacting.join().unwrap()
    });
    assert!(
        done.bytes_before > 10_000_000 && done.bytes_after < 500_000,
        "{done:?}"
    );
    // Each step was a batch of its own.
    let steps = (done.bytes_before - done.bytes_after) / (u64::from(limits::RELEASE_PAGES) * 4096);
    assert!(job.stats().unwrap().batches > steps);
    assert_eq!(session.count("big", &KeyRange::all()).unwrap(), 10);
    assert_eq!(session.get("big", key(9)).unwrap(), Some(vec![7; 10_000]));
    // Where nothing is free, nothing is done.
    let again = session.compact().unwrap();
    assert_eq!(again.bytes_before, again.bytes_after);
    store.close_job("j").unwrap();
    assert!(size(&store) < 1_000_000, "{}", size(&store));
    assert_eq!(integrity(&path(&store)), "ok");
}

#[test]
fn a_file_of_an_earlier_version_is_written_anew_once() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    fill(&session, 200);
    session.put("c", key(1), "x").unwrap();
    session.delete_range("big", KeyRange::all()).unwrap();
    store.close_job("j").unwrap();
    make_old(&store);
    let session = store.open_job("j").unwrap().session();
    fill(&session, 200);
    session.delete_range("big", KeyRange::all()).unwrap();
    let refused = session.compact().unwrap_err().to_string();
    assert!(refused.starts_with("rewrite: must be true"), "{refused}");

    // It is open, and has writes that nobody waited for.
    drop(
        session
            .persist(Batch::new().put("c", key(2), "y"), Ack::Queued)
            .unwrap(),
    );
    let done = store.rewrite_job("j").unwrap();
    assert!(
        done.bytes_before > 2_000_000 && done.bytes_after < 100_000,
        "{done:?}"
    );
    assert_eq!(session.put("c", key(3), "z"), Err(Error::Closed));
    let session = store.open_job("j").unwrap().session();
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 2);
    fill(&session, 100);
    session.delete_range("big", KeyRange::all()).unwrap();
    session.compact().unwrap();
    store.close_job("j").unwrap();
    assert!(size(&store) < 100_000, "{}", size(&store));
    assert_eq!(integrity(&path(&store)), "ok");
    assert_eq!(
        store.rewrite_job("k").unwrap_err(),
        Error::JobNotFound { job: "k".into() }
    );
    assert_eq!(store.list_jobs().unwrap(), ["j"]);
}

#[test]
fn a_file_that_another_program_reads_is_left_as_it_is() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    session.put("c", key(1), "x").unwrap();
    let reader = Connection::open(path(&store)).unwrap();
    let rows = |reader: &Connection| -> i64 {
        reader
            .query_row("SELECT count(*) FROM kv", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(rows(&reader), 1);
    assert_eq!(store.rewrite_job("j").unwrap_err(), Error::Locked);
    let session = store.open_job("j").unwrap().session();
    session.put("c", key(2), "y").unwrap();
    assert_eq!(rows(&reader), 2);
    drop(reader);
    store.rewrite_job("j").unwrap();
    assert!(!store.root().join(".imported.db").exists());
}

#[test]
fn all_rows_of_a_job_come_page_by_page_with_the_time_they_have() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let minute = Some(Duration::from_secs(60));
    let batch = Batch::new()
        .put("b", key(1), "one")
        .put_for("a", key(2), "two", minute)
        .put("a", key(1), vec![7; limits::MAX_ROWS_BYTES])
        .put("", [], "")
        .put_for("a", key(3), "over", Some(Duration::from_millis(1)));
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
    common::eventually("the end of a key", || !session.exists("a", key(3)).unwrap());

    let (mut rows, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = session.rows(after.as_ref(), 2).unwrap();
        rows.extend(page.rows);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let places: Vec<_> = rows.iter().map(|row| (&*row.category, row.key.clone())).collect();
    let expected = [
        ("", Vec::new().into()),
        ("a", key(1)),
        ("a", key(2)),
        ("b", key(1)),
    ];
    assert_eq!(places, expected);
    assert_eq!(rows[0].expires, None);
    assert!(rows[2].expires.is_some());
    // The large one ends its page alone.
    assert_eq!(pages, 3);
    assert!(session.rows(None, 0).is_err());
}

#[test]
fn looking_into_a_job_leaves_it_as_it_was() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    fill(&session, 20);
    session.delete_range("big", KeyRange::new(key(5), [])).unwrap();
    let open = store.survey("j").unwrap();
    assert_eq!(open.rows, 5);
    assert!(open.free_bytes > Some(100_000), "{open:?}");
    assert_eq!(store.open_jobs(), ["j"]);
    store.close_job("j").unwrap();
    let closed = store.survey("j").unwrap();
    assert_eq!((closed.rows, closed.free_bytes), (open.rows, open.free_bytes));
    assert_eq!(store.open_jobs(), Vec::<String>::new());
    assert_eq!(
        store.survey("k").unwrap_err(),
        Error::JobNotFound { job: "k".into() }
    );
    assert_eq!(store.list_jobs().unwrap(), ["j"]);
}

#[test]
fn a_check_says_what_is_wrong_with_a_file() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    fill(&session, 20);
    assert_eq!(session.check().unwrap(), Vec::<String>::new());
    store.close_job("j").unwrap();
    // The last pages hold payloads and their chains.
    let mut bytes = fs::read(path(&store)).unwrap();
    let pages = bytes.len() / 4096;
    bytes[(pages - 3) * 4096..].fill(0xa5);
    fs::write(path(&store), bytes).unwrap();
    let session = store.open_job("j").unwrap().session();
    let problems = session.check().unwrap();
    assert!(
        !problems.is_empty() && problems.len() <= limits::CHECK_PROBLEMS,
        "{problems:?}"
    );
}
