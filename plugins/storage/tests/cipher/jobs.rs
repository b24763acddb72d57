//! Jobs of `storage.kv` under a key.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use proptest::prelude::*;
use storage_plugin::{Ack, Batch, Error, KeyRange, Options, Scan, Session, Store};

use super::common::steps::{Model, Step, apply, batch, page, step};
use super::common::{key as number, rows, store, store_with};
use super::{PLAIN, holds, key, turn};

const SECRET: &[u8] = b"the plaintext that nobody may find";

fn fill(session: &Session, count: i64) {
    let batch = (0..count).fold(Batch::new(), |batch, at| batch.put("c", number(at), SECRET));
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
}

fn count(session: &Session) -> u64 {
    session.count("c", &KeyRange::all()).unwrap()
}

fn named(job: &str) -> String {
    job.to_owned()
}

#[test]
fn nothing_of_an_encrypted_job_is_in_the_clear_and_its_key_opens_it_again() {
    let (_directory, store) = store();
    let job = store.open_job_with("j", Some(key(1))).unwrap();
    fill(&job.session(), 1_000);
    let file = store.root().join("j.db");
    let log = store.root().join("j.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    assert!(!holds(&log, SECRET) && !holds(&log, b"kv_key"));
    for entry in fs::read_dir(store.root()).unwrap() {
        let path = entry.unwrap().path();
        let shows_key = holds(&path, &[1; 32]) || holds(&path, "01".repeat(32).as_bytes());
        assert!(!shows_key, "{} has the key", path.display());
    }
    store.close_job("j").unwrap();
    let bytes = fs::read(&file).unwrap();
    assert!(!bytes.starts_with(PLAIN) && !holds(&file, SECRET) && !holds(&file, b"kv_key"));

    let again = store.open_job_with("j", Some(key(1))).unwrap().session();
    assert_eq!(count(&again), 1_000);
    assert_eq!(again.get("c", number(7)).unwrap(), Some(SECRET.to_vec()));
    assert!(again.put("c", number(7), "x").is_ok());
    // Who has access to an open job need not know its key.
    assert_eq!(count(&store.open_job("j").unwrap().session()), 1_000);
}

#[test]
fn a_wrong_key_is_a_typed_error_and_leaves_file_and_log_as_they_were() {
    let (directory, store) = store();
    fill(&store.open_job_with("j", Some(key(1))).unwrap().session(), 100);
    fill(&store.open_job("plain").unwrap().session(), 100);
    // A copy of the files while they are open: what a crash would leave.
    let crashed = directory.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    let files = ["j.db", "j.db-wal", "plain.db", "plain.db-wal"];
    for file in files {
        fs::copy(store.root().join(file), crashed.join(file)).unwrap();
    }
    let contents = || files.map(|file| fs::read(crashed.join(file)).unwrap());
    let before = contents();
    assert!(before.iter().all(|file| !file.is_empty()));

    let again = Store::new(&crashed, Options::default()).unwrap();
    let refused = |job, key| again.open_job_with(job, key).err().unwrap();
    assert_eq!(refused("j", Some(key(2))), Error::WrongKey { job: named("j") });
    assert_eq!(refused("j", None), Error::KeyRequired { job: named("j") });
    assert_eq!(
        again.open_job("j").err(),
        Some(Error::KeyRequired { job: named("j") })
    );
    assert_eq!(
        refused("plain", Some(key(1))),
        Error::NotEncrypted { job: named("plain") }
    );
    assert!(contents() == before, "a refusal changed a file");
    assert_eq!(
        count(&again.open_job_with("j", Some(key(1))).unwrap().session()),
        100
    );
    assert_eq!(count(&again.open_job("plain").unwrap().session()), 100);

    // An open job is not given to who has another key.
    assert_eq!(refused("j", Some(key(2))), Error::WrongKey { job: named("j") });
    assert_eq!(refused("j", None), Error::KeyRequired { job: named("j") });
    assert_eq!(
        refused("plain", Some(key(1))),
        Error::NotEncrypted { job: named("plain") }
    );
}

#[test]
fn a_page_that_was_tampered_with_fails_its_reads_and_no_others() {
    let (_directory, store) = store();
    let session = store.open_job_with("j", Some(key(1))).unwrap().session();
    fill(&session, 2_000);
    store.close_job("j").unwrap();
    let path = store.root().join("j.db");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();

    let session = store.open_job_with("j", Some(key(1))).unwrap().session();
    let read = (0..2_000).map(|at| session.get("c", number(at)));
    let (good, bad): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
    assert!(
        good.len() > 1_000 && !bad.is_empty(),
        "{} and {}",
        good.len(),
        bad.len()
    );
    for error in bad {
        assert_eq!(error, Err(Error::Corrupt { job: named("j") }));
    }
}

#[test]
fn a_job_changes_its_key_under_readers_and_writers() {
    let (_directory, store) = store();
    let session = store.open_job_with("j", Some(key(1))).unwrap().session();
    fill(&session, 5_000);
    let over = AtomicBool::new(false);
    let (written, reads) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let session = store.open_job("j").unwrap().session();
            let mut written = 0;
            while !over.load(Relaxed) {
                session.put("w", number(written), "x").unwrap();
                assert!(session.exists("w", number(written)).unwrap());
                written += 1;
            }
            written
        });
        let reader = scope.spawn(|| {
            let session = store.open_job("j").unwrap().session();
            let mut reads = 0u64;
            while !over.load(Relaxed) {
                assert_eq!(session.get("c", number(77)).unwrap(), Some(SECRET.to_vec()));
                assert_eq!(rows(&session, "c", Scan::new(KeyRange::all())).len(), 5_000);
                reads += 1;
            }
            reads
        });
        let changes = [(1, 2), (2, 3), (3, 4)]
            .map(|(old, new)| store.rekey_job("j", Some(key(old)), Some(key(new)), old == 1));
        over.store(true, Relaxed);
        assert_eq!(changes, [Ok(()), Ok(()), Ok(())]);
        (writer.join().unwrap(), reader.join().unwrap())
    });
    assert!(written > 0 && reads > 0);
    // The sessions have stayed what they were.
    assert_eq!(count(&session), 5_000);
    let stats = store.job("j").unwrap().stats().unwrap();
    assert_eq!((stats.failed_batches, stats.locked_batches), (0, 0));
    let refused = store.rekey_job("j", Some(key(3)), Some(key(5)), true);
    assert_eq!(refused, Err(Error::WrongKey { job: named("j") }));
    store.close_job("j").unwrap();

    for old in [1, 2, 3] {
        let refused = store.open_job_with("j", Some(key(old))).err();
        assert_eq!(refused, Some(Error::WrongKey { job: named("j") }));
    }
    let session = store.open_job_with("j", Some(key(4))).unwrap().session();
    assert_eq!(count(&session), 5_000);
    assert_eq!(
        session.count("w", &KeyRange::all()).unwrap(),
        u64::try_from(written).unwrap()
    );
    // The change that kept no copy removed the one before.
    assert!(!store.root().join("j.db.before-rekey").exists());
}

#[test]
fn a_plain_job_is_encrypted_and_kept_and_can_be_made_plain_again() {
    let (directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    fill(&session, 1_000);
    let expiring = Batch::new().put_for(
        "c",
        number(1),
        SECRET,
        Some(std::time::Duration::from_secs(3_600)),
    );
    session.persist(expiring, Ack::Applied).unwrap().wait().unwrap();
    let before = rows(&session, "c", Scan::new(KeyRange::all()));
    assert_eq!(
        store.rekey_job("j", None, None, true).unwrap_err().to_string(),
        "new_key: must be given for a file that is not encrypted"
    );
    store.rekey_job("j", None, Some(key(1)), true).unwrap();
    assert!(rows(&session, "c", Scan::new(KeyRange::all())) == before);
    store.close_job("j").unwrap();
    let (file, copy) = (store.root().join("j.db"), store.root().join("j.db.before-rekey"));
    assert!(!holds(&file, SECRET) && holds(&copy, SECRET));
    assert_eq!(store.list_jobs().unwrap(), ["j"]);

    // The copy is a job file as it was.
    let kept = directory.path().join("kept");
    fs::create_dir(&kept).unwrap();
    fs::copy(&copy, kept.join("j.db")).unwrap();
    let kept = Store::new(&kept, Options::default()).unwrap();
    assert!(
        rows(
            &kept.open_job("j").unwrap().session(),
            "c",
            Scan::new(KeyRange::all())
        ) == before
    );

    store.rekey_job("j", Some(key(1)), None, false).unwrap();
    assert!(!copy.exists());
    store.close_job("j").unwrap();
    assert!(fs::read(&file).unwrap().starts_with(PLAIN));
    assert_eq!(count(&store.open_job("j").unwrap().session()), 1_000);

    store.rekey_job("j", None, Some(key(2)), true).unwrap();
    store.drop_job("j").unwrap();
    let left = fs::read_dir(store.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), [".lock"]);
    let nothing = store.rekey_job("j", None, Some(key(2)), true);
    assert_eq!(nothing, Err(Error::JobNotFound { job: named("j") }));
}

#[test]
fn a_copy_of_an_encrypted_job_is_encrypted_under_its_key() {
    let (directory, store) = store();
    let session = store.open_job_with("j", Some(key(1))).unwrap().session();
    fill(&session, 1_000);
    let copies = directory.path().join("copies");
    fs::create_dir(&copies).unwrap();
    session.backup_to(&copies.join("j.db")).unwrap();
    assert!(!holds(&copies.join("j.db"), SECRET));
    let copies = Store::new(&copies, Options::default()).unwrap();
    assert_eq!(
        copies.open_job("j").err(),
        Some(Error::KeyRequired { job: named("j") })
    );
    assert_eq!(
        count(&copies.open_job_with("j", Some(key(1))).unwrap().session()),
        1_000
    );
}

#[test]
fn a_change_of_key_that_cannot_be_made_leaves_the_job_at_work() {
    let options = Options {
        quotas: BTreeMap::from([(named("j"), 1 << 20)]),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    fill(&session, 1_000);
    // What the new file would be made as is in the way.
    let blocked = store.root().join("j.db.rekeying");
    fs::create_dir(&blocked).unwrap();
    assert!(matches!(
        store.rekey_job("j", None, Some(key(1)), true),
        Err(Error::Io { .. })
    ));
    assert_eq!(count(&session), 1_000);
    session.put("c", number(1_000), "x").unwrap();
    fs::remove_dir(&blocked).unwrap();
    store.rekey_job("j", None, Some(key(1)), true).unwrap();
    assert_eq!(count(&session), 1_001);
    // The quota holds for the new file.
    let refused = session.put("c", number(0), vec![0; 2 << 20]);
    assert!(refused.unwrap_err().to_string().contains("quota"));
}

#[cfg(unix)]
#[test]
fn a_new_key_that_the_disk_has_no_room_for_leaves_the_job_at_work() {
    const ROOT: &str = "STORAGE_TEST_REKEY_LIMIT_ROOT";
    if let Ok(root) = std::env::var(ROOT) {
        let store = Store::new(root, Options::default()).unwrap();
        let session = store.open_job_with("j", Some(key(1))).unwrap().session();
        let failed = store
            .rekey_job("j", Some(key(1)), Some(key(2)), true)
            .unwrap_err();
        let told = matches!(failed, Error::DiskFull | Error::Backend { code: 10, .. });
        assert!(told, "{failed:?}");
        assert_eq!(count(&session), 30_000);
        session.put("c", number(0), "x").unwrap();
        store
            .open_job("other")
            .unwrap()
            .session()
            .put("c", number(0), "x")
            .unwrap();
        return;
    }
    let (_directory, store) = store();
    fill(&store.open_job_with("j", Some(key(1))).unwrap().session(), 30_000);
    store.close().unwrap();
    assert!(fs::metadata(store.root().join("j.db")).unwrap().len() > 1 << 20);
    let status = std::process::Command::new("sh")
        // Files of at most 1 MiB.
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "jobs::a_new_key_that_the_disk_has_no_room_for_leaves_the_job_at_work",
        ])
        .env(ROOT, store.root())
        .status();
    assert!(status.unwrap().success());
    assert!(!store.root().join("j.db.rekeying").exists());
    let again = Store::new(store.root(), Options::default()).unwrap();
    assert_eq!(
        count(&again.open_job_with("j", Some(key(1))).unwrap().session()),
        30_000
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// The steps of `tests/model.rs`, with another key wherever that one waits for writes.
    #[test]
    fn a_job_that_changes_its_key_answers_as_a_map_does(steps in prop::collection::vec(step(), 1..60)) {
        let (_directory, store) = store();
        let mut session = store.open_job("j").unwrap().session();
        let (mut model, mut at) = (Model::new(), 0);
        for step in steps {
            match step {
                Step::Persist(writes, ack) => {
                    let expected = apply(&mut model, &writes).is_ok();
                    let answer = session.persist(batch(writes), ack).unwrap().wait();
                    prop_assert!(ack == Ack::Queued || answer.is_ok() == expected);
                }
                Step::Scan(category, scan) => {
                    let found = session.scan(&category, &scan).unwrap();
                    prop_assert_eq!((found.rows, found.next), page(&model, &category, &scan));
                }
                Step::Barrier => {
                    let next = (at + 1) % 3;
                    prop_assert_eq!(store.rekey_job("j", turn(at), turn(next), next == 1), Ok(()));
                    at = next;
                }
                Step::Reopen => {
                    // Tells of expectations that did not hold.
                    drop(store.close_job("j"));
                    session = store.open_job_with("j", turn(at)).unwrap().session();
                }
                _ => {}
            }
        }
    }
}
