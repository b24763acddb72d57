//! Order, back-pressure and failures under many writers and readers.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::backend::{READERS, store, store_with};
use crate::common::{Brake, eventually, key, numbers};
use storage_plugin::{Ack, Batch, Error, FailedWrite, KeyRange, Options, Scan, encoding};

#[test]
fn a_burst_loses_nothing() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    for number in 0..100_000 {
        let batch = Batch::new().put("c", key(number), vec![7; 256]);
        session.persist(batch, Ack::Queued).unwrap().wait().unwrap();
    }
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 100_000);
    session.barrier().unwrap();
}

#[test]
fn a_read_sees_the_write_before_it() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    for number in 0..10_000 {
        let batch = Batch::new().put("c", key(number), "x");
        session.persist(batch, Ack::Queued).unwrap().wait().unwrap();
        assert!(
            session.get("c", key(number)).unwrap().is_some(),
            "put {number} was not seen"
        );
    }
}

#[test]
fn a_deletion_does_not_overtake_the_write_before_it() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    for number in 0..2_000 {
        let put = Batch::new().put("c", key(number), "x");
        session.persist(put, Ack::Queued).unwrap().wait().unwrap();
        assert!(
            session.delete("c", key(number)).unwrap(),
            "put {number} was not there"
        );
    }
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 0);
}

#[test]
fn each_of_many_callers_keeps_its_order() {
    const CALLERS: i64 = 16;
    const WRITES: i64 = 500;
    let options = Options {
        queue_batches: 64,
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let job = store.open_job("j").unwrap();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let session = job.session();
            scope.spawn(move || {
                // Each write demands the one before it: out of order, one of them fails.
                for turn in 0..WRITES {
                    let before = (turn > 0).then(|| encoding::payload(&(turn - 1)).unwrap());
                    let now = encoding::payload(&turn).unwrap();
                    let batch =
                        Batch::new()
                            .expect("last", key(caller), before)
                            .put("last", key(caller), now);
                    session.persist(batch, Ack::Queued).unwrap().wait().unwrap();
                }
                session.barrier().unwrap();
            });
        }
    });
    let session = job.session();
    for caller in 0..CALLERS {
        let last = session.get("last", key(caller)).unwrap().unwrap();
        assert_eq!(encoding::decode::<i64>(&last).unwrap(), WRITES - 1);
    }
    assert_eq!(job.stats().unwrap().locked_batches, 0);
}

#[test]
fn a_thousand_reads_at_once_are_all_answered() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    job.session().put("c", key(1), "x").unwrap();
    thread::scope(|scope| {
        let reads: Vec<_> = (0..1024)
            .map(|_| {
                let session = job.session();
                scope.spawn(move || session.get("c", key(1)))
            })
            .collect();
        for read in reads {
            assert_eq!(read.join().unwrap(), Ok(Some(b"x".to_vec())));
        }
    });
    assert!(job.stats().unwrap().readers <= READERS);
}

#[test]
fn reads_of_others_do_not_wait_for_a_writer_that_stands() {
    let brake = Brake::new();
    let options = Options {
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let job = store.open_job("j").unwrap();
    let (writer, reader) = (job.session(), job.session());
    writer.put("c", key(1), "x").unwrap();
    brake.pull(&writer);
    let pending = writer
        .persist(Batch::new().put("c", key(2), "y"), Ack::Applied)
        .unwrap();
    assert!(!writer.is_caught_up());
    assert_eq!(numbers(&reader, "c", Scan::new(KeyRange::all())), [1]);
    brake.release();
    pending.wait().unwrap();
    assert_eq!(numbers(&reader, "c", Scan::new(KeyRange::all())), [1, 2]);
}

#[test]
fn a_full_queue_makes_callers_wait_and_drops_nothing() {
    let brake = Brake::new();
    let options = Options {
        queue_batches: 4,
        call_timeout: Duration::from_millis(50),
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let job = store.open_job("j").unwrap();
    let session = job.session();
    brake.pull(&session);
    let put = |number| Batch::new().put("c", key(number), "x");
    for number in 0..4 {
        session
            .try_persist(put(number), Ack::Queued)
            .unwrap()
            .wait()
            .unwrap();
    }
    assert_eq!(
        session.try_persist(put(4), Ack::Queued).unwrap_err(),
        Error::WouldBlock
    );
    let waited = Duration::from_millis(50);
    let refused = session.persist(put(5), Ack::Queued).unwrap_err();
    assert_eq!(
        refused,
        Error::Timeout {
            what: "room in the queue",
            waited
        }
    );
    assert_eq!(refused.to_string(), "waited 50ms for room in the queue");

    let mut context = Context::from_waker(Waker::noop());
    let mut withdrawn = Box::pin(session.submit(put(6), Ack::Queued));
    assert!(withdrawn.as_mut().poll(&mut context).is_pending());
    let mut waiting = pin!(session.submit(put(7), Ack::Applied));
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    drop(withdrawn);
    // A server may take longer than a call waits here.
    eventually("four batches wait", || {
        job.stats().is_ok_and(|stats| stats.queued_batches == 4)
    });

    brake.release();
    let mut receipt = None;
    eventually("room in the queue", || {
        match waiting.as_mut().poll(&mut context) {
            Poll::Ready(ready) => {
                receipt = Some(ready.unwrap());
                true
            }
            Poll::Pending => false,
        }
    });
    let mut receipt = pin!(receipt.unwrap());
    eventually("the write", || receipt.as_mut().poll(&mut context).is_ready());
    assert_eq!(
        numbers(&session, "c", Scan::new(KeyRange::all())),
        [0, 1, 2, 3, 7]
    );
}

#[test]
fn a_read_waits_for_a_bounded_time() {
    let brake = Brake::new();
    let options = Options {
        call_timeout: Duration::from_millis(50),
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    brake.pull(&session);
    let write = session
        .persist(Batch::new().put("c", key(1), "x"), Ack::Applied)
        .unwrap();
    let waited = Duration::from_millis(50);
    assert_eq!(
        session.get("c", key(1)),
        Err(Error::Timeout {
            what: "earlier writes",
            waited
        })
    );
    assert_eq!(
        write.wait(),
        Err(Error::Timeout {
            what: "the outcome of a write",
            waited
        })
    );
    brake.release();
    eventually("the write", || {
        session.get("c", key(1)) == Ok(Some(b"x".to_vec()))
    });
}

#[test]
fn one_callers_failure_leaves_the_group_intact() {
    let brake = Brake::new();
    let options = Options {
        on_failed_write: Some(brake.hook.clone()),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let job = store.open_job("j").unwrap();
    let (good, bad) = (job.session(), job.session());
    brake.pull(&good);
    let before = job.stats().unwrap().transactions;
    // All of these wait together, so they share one transaction.
    let receipts: Vec<_> = (0..30)
        .map(|number| match number % 3 {
            0 => good
                .persist(Batch::new().put("c", key(number), ""), Ack::Applied)
                .unwrap(),
            1 => {
                let batch = Batch::new()
                    .put("c", key(number), "")
                    .expect("c", key(-1), Some(vec![1]))
                    .delete("c", []);
                bad.persist(batch, Ack::Applied).unwrap()
            }
            _ => {
                let batch = Batch::new().put("c", key(number), "").put("d", key(number), "");
                good.persist(batch, Ack::Applied).unwrap()
            }
        })
        .collect();
    brake.release();
    for (number, receipt) in receipts.into_iter().enumerate() {
        let outcome = receipt.wait().map(|outcome| outcome.removed);
        let expected = if number % 3 == 1 {
            Err(Error::Conflict { op: 1 })
        } else {
            Ok(Some(0))
        };
        assert_eq!(outcome, expected, "batch {number}");
    }
    let kept: Vec<i64> = (0..30).filter(|number| number % 3 != 1).collect();
    assert_eq!(numbers(&good, "c", Scan::new(KeyRange::all())), kept);
    assert_eq!(job.stats().unwrap().transactions - before, 1);
}

#[test]
fn failures_that_nobody_waited_for_are_reported_once_to_their_session() {
    let told = Arc::new(Mutex::new(Vec::<FailedWrite>::new()));
    let hook_told = Arc::clone(&told);
    let options = Options {
        on_failed_write: Some(Arc::new(move |failed| {
            hook_told.lock().unwrap().push(failed.clone())
        })),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let job = store.open_job("j").unwrap();
    let (session, other) = (job.session(), job.session());
    let conflict = || Batch::new().delete("c", []).expect("c", key(1), Some(vec![]));
    let first = session.persist(conflict(), Ack::Queued).unwrap();
    drop(session.persist(conflict(), Ack::Queued).unwrap());
    let error = Error::Unacknowledged {
        count: 2,
        first: Box::new(Error::Conflict { op: 1 }),
    };
    assert_eq!(session.barrier(), Err(error.clone()));
    assert_eq!(session.barrier(), Ok(()));
    assert_eq!(other.barrier(), Ok(()));
    let told = told.lock().unwrap();
    assert_eq!(
        (told.len(), told[0].sequence, told[0].job.as_str()),
        (2, first.sequence(), "j")
    );
    assert_eq!(told[0].error, Error::Conflict { op: 1 });

    drop(other.persist(conflict(), Ack::Queued).unwrap());
    let error = Error::Unacknowledged {
        count: 1,
        first: Box::new(Error::Conflict { op: 1 }),
    };
    drop(told);
    assert_eq!(store.close_job("j"), Err(error));
    assert_eq!(store.close(), Ok(()));
}

#[test]
fn a_hook_that_panics_does_not_stop_the_writer() {
    let options = Options {
        on_failed_write: Some(Arc::new(|_| panic!("hook"))),
        ..Options::default()
    };
    let (_directory, store) = store_with(options);
    let session = store.open_job("j").unwrap().session();
    drop(
        session
            .persist(Batch::new().expect("c", [], Some(vec![])), Ack::Queued)
            .unwrap(),
    );
    session.put("c", key(1), "x").unwrap();
    assert!(matches!(
        session.barrier(),
        Err(Error::Unacknowledged { count: 1, .. })
    ));
}
