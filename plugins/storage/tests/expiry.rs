//! What times to live are to the file of a job, and the file format that came with them.

mod common;

use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{eventually, key, store};
use rusqlite::{Connection, params};
use storage_plugin::{APPLICATION_ID, Ack, Batch, Error, FORMAT, KeyRange, Options, Session, Store};

const SHORT: Option<Duration> = Some(Duration::from_millis(40));
const LONG: Option<Duration> = Some(Duration::from_secs(3600));

fn put_for(session: &Session, number: i64, ttl: Option<Duration>) {
    let batch = Batch::new().put_for("c", key(number), "x", ttl);
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
}

#[test]
fn expired_rows_leave_the_file() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    put_for(&job.session(), 1, SHORT);
    eventually("the removal of the row", || {
        job.stats().unwrap().expired_rows == 1
    });
    store.close_job("j").unwrap();
    let file = Connection::open(store.root().join("j.db")).unwrap();
    let left: i64 = file
        .query_row("SELECT count(*) FROM kv", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_count_and_a_list_of_keys_read_no_rows() {
    let (_directory, store) = store();
    store.open_job("j").unwrap();
    let file = Connection::open(store.root().join("j.db")).unwrap();
    let alive = "id NOT IN (SELECT id FROM kv WHERE expires <= 1)";
    for select in ["count(*)", "key"] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT {select} FROM kv WHERE category = x'' AND key >= x'' AND {alive}"
        );
        let mut plan = file.prepare(&sql).unwrap();
        let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        let expected = [
            "SEARCH kv USING COVERING INDEX kv_key (category=? AND key>?)",
            "LIST SUBQUERY 1",
            "SEARCH kv USING COVERING INDEX kv_expires (expires<?)",
        ];
        assert_eq!(steps[..3], expected, "{steps:?}");
    }
}

/// A job file of format 2 with rows of a kilobyte.
fn format_2(path: &Path, rows: i64) {
    let mut file = Connection::open(path).unwrap();
    file.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .unwrap();
    file.execute_batch(
        "CREATE TABLE kv (id INTEGER PRIMARY KEY, category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL)
         STRICT; CREATE UNIQUE INDEX kv_key ON kv (category, key); PRAGMA user_version = 2;",
    )
    .unwrap();
    file.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    let all = file.transaction().unwrap();
    for number in 0..rows {
        let (key, payload) = (key(number), vec![7u8; 1024]);
        let row = params![b"c", key.as_bytes(), payload];
        all.execute("INSERT INTO kv (category, key, payload) VALUES (?1, ?2, ?3)", row)
            .unwrap();
    }
    all.commit().unwrap();
    file.close().unwrap();
}

fn format_of(path: &Path) -> i32 {
    let file = Connection::open(path).unwrap();
    file.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn a_file_of_format_2_is_brought_to_format_3_and_kept_as_it_was() {
    let (_directory, store) = store();
    store.open_job("other").unwrap();
    let path = store.root().join("j.db");
    let copy = store.root().join("j.db.format-2");
    format_2(&path, 100);
    let session = store.open_job("j").unwrap().session();
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 100);
    put_for(&session, 1, LONG);
    store.close_job("j").unwrap();
    assert_eq!((format_of(&path), format_of(&copy)), (FORMAT, 2));
    assert_eq!(store.list_jobs().unwrap(), ["j", "other"]);

    let session = store.open_job("j").unwrap().session();
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    store.drop_job("j").unwrap();
    assert!(!copy.exists());
}

#[cfg(unix)]
#[test]
fn a_migration_that_is_killed_anywhere_begins_anew() {
    use std::env;
    use std::process::{Command, Stdio};
    const ROOT: &str = "STORAGE_TEST_MIGRATION_ROOT";
    const ROWS: i64 = 5_000;
    if let Ok(root) = env::var(ROOT) {
        let store = Store::new(root, Options::default()).unwrap();
        drop(store.open_job("j").map(|_| ()));
        return;
    }
    let mut killed = 0;
    for round in 0..12 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("j.db");
        format_2(&path, ROWS);
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "a_migration_that_is_killed_anywhere_begins_anew"])
            .env(ROOT, directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Once the copy has begun, and a little later in each round.
        let begun = [
            directory.path().join("j.db.format-2.new"),
            directory.path().join("j.db.format-2"),
        ];
        eventually("the beginning of the migration", || {
            begun.iter().any(|copy| copy.exists())
        });
        std::thread::sleep(Duration::from_millis(round * 4));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());

        let store = Store::new(directory.path(), Options::default()).unwrap();
        let session = store.open_job("j").unwrap().session();
        assert_eq!(session.count("c", &KeyRange::all()).unwrap(), ROWS as u64);
        store.close().unwrap();
        assert_eq!(format_of(&path), FORMAT);
        let copy = Connection::open(&begun[1]).unwrap();
        let rows: i64 = copy
            .query_row("SELECT count(*) FROM kv", [], |row| row.get(0))
            .unwrap();
        assert_eq!((rows, format_of(&begun[1]), begun[0].exists()), (ROWS, 2, false));
    }
    assert!(killed > 0, "no migration was interrupted");
}

#[test]
fn a_migration_that_cannot_make_its_copy_leaves_the_file_as_it_was() {
    let (_directory, store) = store();
    store.open_job("other").unwrap();
    let path = store.root().join("j.db");
    format_2(&path, 10);
    let before = fs::read(&path).unwrap();
    let blocked = store.root().join("j.db.format-2.new");
    fs::create_dir(&blocked).unwrap();
    assert!(matches!(store.open_job("j"), Err(Error::Io { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_dir(&blocked).unwrap();
    store.open_job("j").unwrap();
}
