//! Files that are damaged, foreign or cannot grow: a typed error each, and other jobs keep serving.

mod common;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{key, numbers, store};
use rusqlite::Connection;
use storage_plugin::{Ack, Batch, Error, FORMAT, KeyRange, Options, Scan, Store};

/// Prepares `bad.db`, opens it beside a good job, and gives the error; the file must be as it was.
fn refused(prepare: impl FnOnce(&Path)) -> Error {
    let (_directory, store) = store();
    let good = store.open_job("good").unwrap().session();
    let path = store.root().join("bad.db");
    prepare(&path);
    let before = fs::read(&path).unwrap();
    let error = store.open_job("bad").err().expect("the file was accepted");
    assert_eq!(fs::read(&path).unwrap(), before, "the file was changed");
    assert_eq!(
        store.job("bad").err(),
        Some(Error::JobNotFound { job: "bad".into() })
    );
    good.put("c", key(1), "x").unwrap();
    assert_eq!(good.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    store.close().unwrap();
    error
}

fn database(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

/// A file of ours with many rows.
fn own_file(path: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path(), Options::default()).unwrap();
    let batch = (0..2_000).fold(Batch::new(), |batch, number| {
        batch.put("c", key(number), vec![7; 200])
    });
    store
        .open_job("j")
        .unwrap()
        .session()
        .persist(batch, Ack::Applied)
        .unwrap()
        .wait()
        .unwrap();
    store.close().unwrap();
    fs::copy(directory.path().join("j.db"), path).unwrap();
}

#[test]
fn a_file_that_is_not_a_database_is_refused() {
    let error = refused(|path| fs::write(path, "This is a letter to the editor. ".repeat(100)).unwrap());
    assert_eq!(error, Error::NotADatabase { job: "bad".into() });
    assert_eq!(error.to_string(), "the file of job \"bad\" is not a database");
}

#[test]
fn a_truncated_file_is_refused() {
    let cut = |length: u64| {
        move |path: &Path| {
            own_file(path);
            fs::OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(length)
                .unwrap();
        }
    };
    let error = refused(cut(8 * 4096 + 100));
    assert_eq!(error.to_string(), "the file of job \"bad\" is damaged");
    assert_eq!(refused(cut(0)), Error::Corrupt { job: "bad".into() });
    assert_eq!(refused(cut(60)), Error::Corrupt { job: "bad".into() });
}

#[test]
fn a_newer_format_is_refused() {
    let error = refused(|path| {
        own_file(path);
        database(path, "PRAGMA user_version = 4");
    });
    assert_eq!(
        error,
        Error::IncompatibleVersion {
            job: "bad".into(),
            found: 4,
            supported: FORMAT
        }
    );
    assert_eq!(
        error.to_string(),
        "the file of job \"bad\" has format 4, this version reads format 3"
    );
}

#[test]
fn the_format_of_the_reference_implementation_is_refused_by_its_number() {
    let error = refused(|path| {
        let table = "CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
                     PRIMARY KEY (category, key)) WITHOUT ROWID; PRAGMA user_version = 1";
        database(path, table);
    });
    assert_eq!(
        error,
        Error::IncompatibleVersion {
            job: "bad".into(),
            found: 1,
            supported: FORMAT
        }
    );
}

#[test]
fn a_database_of_another_application_is_refused() {
    let error = refused(|path| database(path, "CREATE TABLE t (x); PRAGMA application_id = 1234"));
    assert_eq!(
        error,
        Error::ForeignFile {
            job: "bad".into(),
            application_id: 1234
        }
    );
    let error = refused(|path| database(path, "CREATE TABLE t (x)"));
    assert_eq!(
        error,
        Error::ForeignFile {
            job: "bad".into(),
            application_id: 0
        }
    );
}

#[test]
fn a_directory_in_place_of_the_file_is_an_error() {
    let (_directory, store) = store();
    let good = store.open_job("good").unwrap().session();
    fs::create_dir(store.root().join("bad.db")).unwrap();
    let error = store.open_job("bad").err().unwrap();
    assert!(matches!(error, Error::Backend { code: 14, .. }), "{error:?}");
    good.put("c", key(1), "x").unwrap();
}

#[test]
fn a_page_that_is_damaged_fails_its_reads_only() {
    let (_directory, store) = store();
    store.open_job("good").unwrap();
    let path = store.root().join("bad.db");
    own_file(&path);
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    bytes[3 * 4096..length - 4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let session = store.open_job("bad").unwrap().session();
    let error = session.scan("c", &Scan::new(KeyRange::all())).unwrap_err();
    assert_eq!(error, Error::Corrupt { job: "bad".into() });
    let good = store.job("good").unwrap().session();
    good.put("c", key(1), "x").unwrap();
    assert_eq!(good.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
}

/// The part of the next test that runs in a process whose files must not grow over a megabyte.
#[cfg(unix)]
fn write_until_the_limit(root: &str) {
    let store = Store::new(root, Options::default()).unwrap();
    let session = store.open_job("j").unwrap().session();
    let other = store.open_job("other").unwrap().session();
    let mut stored = 0;
    let error = loop {
        let batch = Batch::new()
            .put("c", key(stored), vec![7; 10_000])
            .put("d", key(stored), "");
        match session.persist(batch, Ack::Applied).unwrap().wait() {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 1_000, "the limit was not met");
    };
    assert!(
        matches!(
            error,
            Error::Backend { .. } | Error::BatchFailed { .. } | Error::DiskFull
        ),
        "{error:?}"
    );
    assert!(stored > 10, "{stored} rows");
    assert_eq!(
        numbers(&session, "c", Scan::new(KeyRange::all())).len() as i64,
        stored
    );
    assert_eq!(
        numbers(&session, "d", Scan::new(KeyRange::all())).len() as i64,
        stored
    );
    other.put("c", key(1), "x").unwrap();
    assert_eq!(other.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    println!("stored {stored}");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_fails_the_write_and_keeps_what_is_there() {
    const ROOT: &str = "STORAGE_TEST_FILE_LIMIT_ROOT";
    if let Ok(root) = env::var(ROOT) {
        return write_until_the_limit(&root);
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "a_file_that_cannot_grow_fails_the_write_and_keeps_what_is_there";
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ROOT, directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let stored = text
        .lines()
        .find_map(|line| line.split("stored ").nth(1))
        .unwrap()
        .trim();
    let store = Store::new(directory.path(), Options::default()).unwrap();
    let session = store.open_job("j").unwrap().session();
    session.put("e", key(1), vec![7; 100_000]).unwrap();
    assert_eq!(
        numbers(&session, "c", Scan::new(KeyRange::all()))
            .len()
            .to_string(),
        stored
    );
}
