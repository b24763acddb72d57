//! Jobs: opening, closing, dropping, quotas and copies.

use std::fs;
use std::thread;

use crate::backend::{store, store_with};
use crate::common::{Brake, key, numbers, rows};
use storage_plugin::{Ack, Batch, Error, KeyRange, Options, Scan, Store};

#[test]
fn opening_twice_gives_one_job_and_reopening_keeps_its_data() {
    let (_directory, store) = store();
    let first = store.open_job("j").unwrap().session();
    first.put("c", key(1), "x").unwrap();
    let second = store.open_job("j").unwrap().session();
    assert_eq!(second.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    store.close_job("j").unwrap();
    store.close_job("j").unwrap();
    assert_eq!(first.get("c", key(1)), Err(Error::Closed));
    assert_eq!(first.put("c", key(1), "y"), Err(Error::Closed));
    assert_eq!(first.barrier(), Err(Error::Closed));
    assert_eq!(store.job("j").err(), Some(Error::JobNotFound { job: "j".into() }));
    let third = store.open_job("j").unwrap().session();
    assert_eq!(third.get("c", key(1)).unwrap(), Some(b"x".to_vec()));
    assert_eq!(store.job("j").unwrap().id(), "j");
}

#[test]
fn dropping_a_job_waits_for_running_scans() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let batch = (0..5_000).fold(Batch::new(), |batch, number| {
        batch.put("c", key(number), vec![1; 100])
    });
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
    thread::scope(|scope| {
        let scans: Vec<_> = (0..8)
            .map(|_| {
                let session = session.clone();
                scope.spawn(move || {
                    loop {
                        match session.scan("c", &Scan::new(KeyRange::all())) {
                            Ok(page) => assert_eq!(page.rows.len(), 5_000),
                            Err(error) => break error,
                        }
                    }
                })
            })
            .collect();
        store.drop_job("j").unwrap();
        for scan in scans {
            assert_eq!(scan.join().unwrap(), Error::Closed);
        }
    });
    assert!(store.list_jobs().unwrap().is_empty());
}

#[test]
fn many_threads_may_open_use_and_close_one_job() {
    let (_directory, store) = store();
    thread::scope(|scope| {
        for caller in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for turn in 0..50 {
                    let session = store.open_job("j").unwrap().session();
                    match session.put("c", key(caller), turn.to_string()) {
                        Ok(()) | Err(Error::Closed) => {}
                        Err(other) => panic!("{other}"),
                    }
                    store.close_job("j").unwrap();
                }
            });
        }
    });
    store.close().unwrap();
}

#[test]
fn jobs_are_apart_and_can_be_listed_and_dropped() {
    let (_directory, store) = store();
    let (a, b) = (
        store.open_job("a").unwrap().session(),
        store.open_job("../b").unwrap().session(),
    );
    a.put("c", key(1), "a").unwrap();
    b.put("c", key(1), "b").unwrap();
    assert_eq!(a.get("c", key(1)).unwrap(), Some(b"a".to_vec()));
    assert_eq!(store.list_jobs().unwrap(), ["../b", "a"]);
    store.drop_job("../b").unwrap();
    assert_eq!(b.get("c", key(1)), Err(Error::Closed));
    assert_eq!(store.list_jobs().unwrap(), ["a"]);
    assert_eq!(
        store.drop_job("../b"),
        Err(Error::JobNotFound { job: "../b".into() })
    );
    assert_eq!(a.get("c", key(1)).unwrap(), Some(b"a".to_vec()));
    store.close_job("a").unwrap();
    store.drop_job("a").unwrap();
    assert!(store.list_jobs().unwrap().is_empty());
    let fresh = store.open_job("a").unwrap().session();
    assert_eq!(fresh.get("c", key(1)).unwrap(), None);
}

#[test]
fn what_was_accepted_is_applied_before_the_job_closes() {
    let brake = Brake::new();
    let options = Options {
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    brake.pull(&session);
    for number in 0..3_000 {
        let batch = Batch::new().put("c", key(number), "x");
        drop(session.persist(batch, Ack::Queued).unwrap());
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
    let session = store.open_job("j").unwrap().session();
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 3_000);
    assert_eq!(session.count("d", &KeyRange::all()).unwrap(), 1);
}

/// Why a batch failed, whether it is known by which operation or not.
fn cause(error: Error) -> Error {
    match error {
        Error::BatchFailed { source, .. } => *source,
        other => other,
    }
}

#[test]
fn a_quota_refuses_what_does_not_fit_and_nothing_else() {
    let brake = Brake::new();
    let options = Options {
        quota: Some(256 * 1024),
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    let other = store.open_job("other").unwrap().session();
    let kilobyte = |number| {
        Batch::new()
            .put("c", key(number), vec![7; 1024])
            .put("d", key(number), "")
    };
    let stored: Vec<i64> = (0..400)
        .take_while(
            |&number| match session.persist(kilobyte(number), Ack::Applied).unwrap().wait() {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(cause(error), Error::QuotaExceeded { limit: 256 * 1024 });
                    false
                }
            },
        )
        .collect();
    assert!((100..256).contains(&stored.len()), "{} rows", stored.len());
    let text = Error::QuotaExceeded { limit: 256 * 1024 }.to_string();
    assert_eq!(text, "the job would grow over its quota of 262144 bytes");

    // Of one group, those that fit are applied, whatever the others do.
    brake.pull(&session);
    let room = Batch::new().delete("c", key(0)).delete("c", key(1));
    let room = session.persist(room, Ack::Applied).unwrap();
    let large = Batch::new().put("c", key(1000), vec![7; 200_000]);
    let large = session.persist(large, Ack::Applied).unwrap();
    let small = session
        .persist(Batch::new().put("e", key(1), "x"), Ack::Applied)
        .unwrap();
    brake.release();
    room.wait().unwrap();
    assert!(matches!(
        large.wait().map_err(cause),
        Err(Error::QuotaExceeded { .. })
    ));
    small.wait().unwrap();
    assert_eq!(numbers(&session, "c", Scan::new(KeyRange::all())), stored[2..]);
    assert!(session.exists("e", key(1)).unwrap());
    assert!(matches!(
        session.barrier(),
        Err(Error::Unacknowledged { count: 1, .. })
    ));
    other.put("c", key(1), "x").unwrap();
    store.close().unwrap();
}

#[test]
fn a_backup_holds_every_write_before_it_and_opens_as_a_job() {
    let (directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let batch = (0..3_000).fold(Batch::new(), |batch, number| {
        batch.put("c", key(number), vec![7; 50])
    });
    drop(session.persist(batch, Ack::Queued).unwrap());
    let copy = directory.path().join("copies");
    fs::create_dir(&copy).unwrap();
    session.backup_to(&copy.join("j.db")).unwrap();
    session.delete_range("c", KeyRange::all()).unwrap();
    let refused = session.backup_to(&copy.join("j.db")).unwrap_err();
    assert_eq!(refused.to_string(), "path: exists already");
    assert!(session.backup_to(&copy.join("no/such/directory")).is_err());

    let copies = Store::new(&copy, Options::default()).unwrap();
    let copied = copies.open_job("j").unwrap().session();
    assert_eq!(rows(&copied, "c", Scan::new(KeyRange::all())).len(), 3_000);
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 0);
}
