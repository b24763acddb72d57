//! Copies of a job, and files of the reference implementation.

mod common;

use std::fs;
use std::path::Path;

use common::store;
use rusqlite::{Connection, params};
use storage_plugin::{Error, limits};

const REFERENCE_TABLE: &str = "
    CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
                     PRIMARY KEY (category, key)) WITHOUT ROWID;
    PRAGMA user_version = 1;";

/// A file as the reference implementation leaves it: with a log beside it when `open` is kept.
fn reference_file(path: &Path, rows: &[(&[u8], &[u8], &[u8])]) -> Connection {
    let open = Connection::open(path).unwrap();
    open.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .unwrap();
    open.execute_batch(REFERENCE_TABLE).unwrap();
    for (category, key, payload) in rows {
        let insert = "INSERT INTO kv (category, key, payload) VALUES (?, ?, ?)";
        open.execute(insert, params![category, key, payload]).unwrap();
    }
    open
}

#[test]
fn a_file_of_the_reference_implementation_is_imported_with_its_log() {
    let (directory, store) = store();
    let source = directory.path().join("sds.db");
    let large = vec![7; 100_000];
    let open = reference_file(
        &source,
        &[
            (b"sds.log", b"b", &large),
            (b"sds.log", b"a", b""),
            (b"", b"", b"x"),
        ],
    );
    assert!(fs::metadata(directory.path().join("sds.db-wal")).unwrap().len() > 0);
    assert_eq!(store.import_job("sds", &source).unwrap(), 3);
    let session = store.open_job("sds").unwrap().session();
    assert_eq!(session.list_categories(None, 9).unwrap().rows, ["", "sds.log"]);
    assert_eq!(session.get("sds.log", *b"a").unwrap(), Some(Vec::new()));
    assert_eq!(session.get("sds.log", *b"b").unwrap(), Some(large));
    assert_eq!(session.get("", []).unwrap(), Some(b"x".to_vec()));

    let refused = store.import_job("sds", &source).unwrap_err();
    assert_eq!(refused.to_string(), "job id: exists already");
    let count: i64 = open
        .query_row("SELECT count(*) FROM kv", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 3, "the source is only read");
}

#[test]
fn a_failed_import_leaves_no_job() {
    let (directory, store) = store();
    store.open_job("other").unwrap();
    let path = |name: &str| directory.path().join(name);
    drop(reference_file(
        &path("key"),
        &[
            (b"c", b"a", b""),
            (b"c", &vec![1; limits::MAX_KEY_BYTES + 1], b""),
        ],
    ));
    drop(reference_file(&path("text"), &[(b"\xff", b"a", b"")]));
    fs::write(path("letter"), "This is a letter. ".repeat(99)).unwrap();
    Connection::open(path("foreign"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();

    let error = store.import_job("j", &path("key")).unwrap_err();
    assert_eq!(error.to_string(), "key bytes has 131073, the limit is 131072");
    let error = store.import_job("j", &path("text")).unwrap_err();
    assert_eq!(error.to_string(), "category: is not UTF-8 in the file to import");
    assert_eq!(
        store.import_job("j", &path("letter")),
        Err(Error::NotADatabase { job: "j".into() })
    );
    let error = store.import_job("j", &path("foreign")).unwrap_err();
    assert_eq!(
        error,
        Error::IncompatibleVersion {
            job: "j".into(),
            found: 0,
            supported: 1
        }
    );
    let own = store.root().join("other.db");
    assert!(matches!(
        store.import_job("j", &own),
        Err(Error::ForeignFile { .. })
    ));
    assert!(matches!(
        store.import_job("j", &path("absent")),
        Err(Error::Backend { code: 14, .. })
    ));

    assert_eq!(store.list_jobs().unwrap(), ["other"]);
    let left = fs::read_dir(store.root())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert_eq!(
        left.filter(|name| name.starts_with(".unfinished") || name.starts_with(".imported"))
            .count(),
        0
    );
}
