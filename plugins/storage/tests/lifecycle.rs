//! Opening, closing and dropping stores and jobs.

mod common;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use common::{Brake, eventually, key, store, store_with};
use storage_plugin::{Ack, Batch, Error, KeyRange, Options, Store, limits};

fn files(root: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[test]
fn a_root_that_is_or_lies_below_a_file_is_refused_and_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "mark").unwrap();
    for root in [file.clone(), file.join("below"), file.join("a/b/c")] {
        let Err(refused) = Store::new(root, Options::default()) else {
            panic!("a file was accepted")
        };
        assert_eq!(
            refused.to_string(),
            format!("root: {} is not a directory", file.display())
        );
    }
    let Err(refused) = Store::new("", Options::default()) else {
        panic!("an empty path was accepted")
    };
    assert_eq!(refused.to_string(), "root: must not be empty");
    assert_eq!(fs::read(&file).unwrap(), b"mark");
}

#[test]
fn the_root_appears_with_the_first_job_and_an_existing_one_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("a/b");
    let store = Store::new(&root, Options::default()).unwrap();
    assert_eq!(store.list_jobs().unwrap(), Vec::<String>::new());
    assert_eq!(store.drop_job("j"), Err(Error::JobNotFound { job: "j".into() }));
    assert!(!root.exists());
    store.open_job("j").unwrap();
    assert!(root.join("j.db").exists());
    fs::write(root.join("mark"), "x").unwrap();
    drop(store);
    Store::new(&root, Options::default())
        .unwrap()
        .open_job("j")
        .unwrap();
    assert!(root.join("mark").exists());
}

#[test]
fn ids_that_break_the_rules_or_differ_only_by_case_are_refused() {
    let (_directory, store) = store();
    store.open_job("Chat").unwrap();
    let refused = store.open_job("chat").err().unwrap();
    assert_eq!(refused.to_string(), "job id: differs only by case from \"Chat\"");
    assert_eq!(
        store.open_job("").err().unwrap().to_string(),
        "job id: must not be empty"
    );
    let refused = store.open_job("a\0").err().unwrap();
    assert_eq!(refused.to_string(), "job id: must not hold control characters");
    let refused = store.open_job(&"a".repeat(255)).err().unwrap();
    assert_eq!(refused.to_string(), "job id bytes has 255, the limit is 128");
    assert_eq!(files(store.root()), ["Chat.db", "Chat.db-shm", "Chat.db-wal"]);
}

#[test]
fn a_second_store_of_a_root_is_refused_at_once_until_the_first_closes() {
    let (_directory, first) = store();
    let second = Store::new(first.root(), Options::default()).unwrap();
    let session = first.open_job("a").unwrap().session();
    let refused = second.open_job("b").err().unwrap();
    assert_eq!(
        refused,
        Error::AlreadyOpen {
            root: first.root().to_owned()
        }
    );
    assert!(refused.to_string().ends_with("is in use by another instance"));
    session.put("c", key(1), "x").unwrap();
    first.close().unwrap();
    first.close().unwrap();
    assert_eq!(first.open_job("a").err(), Some(Error::Closed));
    let session = second.open_job("a").unwrap().session();
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
}

#[test]
fn closing_applies_everything_that_was_accepted() {
    let brake = Brake::new();
    let options = Options {
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    brake.pull(&session);
    for number in 0..3_000 {
        drop(
            session
                .persist(Batch::new().put("c", key(number), "x"), Ack::Queued)
                .unwrap(),
        );
    }
    let acknowledged = session
        .persist(Batch::new().put("d", key(1), "x"), Ack::Applied)
        .unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| store.close_job("j"));
        brake.release();
        // The brake itself is a failed write that nobody waited for.
        assert!(matches!(
            closing.join().unwrap(),
            Err(Error::Unacknowledged { count: 1, .. })
        ));
    });
    acknowledged.wait().unwrap();
    assert_eq!(files(store.root()), ["j.db"], "no log may remain");
    let session = store.open_job("j").unwrap().session();
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 3_000);
    assert_eq!(session.count("d", &KeyRange::all()).unwrap(), 1);
}

#[test]
fn closing_waits_for_a_bounded_time_and_the_file_stays_taken() {
    let brake = Brake::new();
    let waited = Duration::from_millis(50);
    let hook = Some(brake.hook.clone());
    let options = Options {
        close_timeout: waited,
        on_failed_write: hook,
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    brake.pull(&session);
    let accepted = session
        .persist(Batch::new().put("c", key(1), "x"), Ack::Applied)
        .unwrap();
    let timeout = Error::Timeout {
        what: "the writer to end",
        waited,
    };
    assert_eq!(store.close_job("j"), Err(timeout.clone()));
    assert_eq!(store.drop_job("j"), Err(timeout.clone()));
    assert_eq!(session.put("c", key(2), "x"), Err(Error::Closed));
    assert_eq!(store.close(), Err(timeout));
    let other = Store::new(store.root(), Options::default()).unwrap();
    assert!(matches!(other.open_job("j"), Err(Error::AlreadyOpen { .. })));
    brake.release();
    accepted.wait().unwrap();
    let mut reopened = None;
    eventually("the end of the writer", || {
        reopened = other.open_job("j").ok();
        reopened.is_some()
    });
    assert_eq!(
        reopened.unwrap().session().count("c", &KeyRange::all()).unwrap(),
        1
    );
}

#[test]
fn the_number_of_open_jobs_is_bounded() {
    let (_directory, store) = store();
    for number in 0..limits::MAX_OPEN_JOBS {
        store.open_job(&number.to_string()).unwrap();
    }
    let refused = store.open_job("one more").err().unwrap();
    assert_eq!(refused.to_string(), "open jobs are used up (limit 256)");
    store.close_job("7").unwrap();
    store.open_job("one more").unwrap();
    store.close().unwrap();
    assert_eq!(files(store.root()).len(), limits::MAX_OPEN_JOBS + 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_openings_leave_no_descriptor_behind() {
    // Descriptors of the whole process, so this counts those of one job by name.
    let (_directory, store) = store();
    let openings = std::env::var("STORAGE_TEST_OPENINGS").ok();
    for _ in 0..openings.map_or(1_000, |openings| openings.parse().unwrap()) {
        let session = store.open_job("j").unwrap().session();
        session.put("c", key(1), "x").unwrap();
        session.get("c", key(1)).unwrap();
        store.close_job("j").unwrap();
    }
    let open = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.starts_with(store.root()))
        .count();
    assert_eq!(open, 1, "only the lock of the root");
    assert_eq!(files(store.root()), ["j.db"]);
}

#[test]
fn with_secure_delete_the_file_forgets_what_was_deleted() {
    let secret = b"a payload that nobody shall find again";
    let holds_secret = |secure_delete| {
        let options = Options {
            secure_delete,
            ..Options::default()
        };
        let (_directory, store) = store_with(options);
        let session = store.open_job("j").unwrap().session();
        session.put("c", key(1), secret).unwrap();
        store.close_job("j").unwrap();
        let session = store.open_job("j").unwrap().session();
        session.delete("c", key(1)).unwrap();
        store.close_job("j").unwrap();
        let file = fs::read(store.root().join("j.db")).unwrap();
        file.windows(secret.len()).any(|window| window == secret)
    };
    assert!(holds_secret(false));
    assert!(!holds_secret(true));
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    session.put("c", key(1), "x").unwrap();
    assert_eq!(mode(store.root()), 0o700);
    for name in ["j.db", "j.db-wal", "j.db-shm", ".lock"] {
        assert_eq!(mode(&store.root().join(name)), 0o600, "{name}");
    }
    store.close_job("j").unwrap();
    let file = store.root().join("j.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    store.open_job("j").unwrap();
    assert_eq!(mode(&file), 0o600);
}
