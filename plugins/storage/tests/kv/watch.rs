//! Watching a range of keys.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::backend::store;
use crate::common::{eventually, key};
use storage_plugin::{Ack, Batch, Change, Error, Key, KeyRange, Session, Watch, limits};

fn apply(session: &Session, batch: Batch) -> u64 {
    session
        .persist(batch, Ack::Applied)
        .unwrap()
        .wait()
        .unwrap()
        .sequence
}

/// All changes up to now: those before one that another watch is told of.
fn told(session: &Session, watch: &mut Watch) -> Vec<Change> {
    let mut marks = session.watch("mark", KeyRange::all()).unwrap();
    apply(session, Batch::new().put("mark", [], ""));
    wait(&mut marks).unwrap();
    std::iter::from_fn(|| watch.try_next()).collect()
}

/// The next change, on this thread.
fn wait(watch: &mut Watch) -> Option<Change> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let next = async { tokio::time::timeout(Duration::from_secs(20), watch.next()).await };
    runtime.block_on(next).expect("nothing was told")
}

#[test]
fn a_watch_is_told_what_is_committed_in_its_range_and_nothing_else() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let (session, other) = (job.session(), job.session());
    session.put("c", key(1), "before").unwrap();
    let mut watch = session.watch("c", KeyRange::new(key(1), key(5))).unwrap();
    let first = apply(
        &other,
        Batch::new()
            .put("c", key(2), "x")
            .put("d", key(2), "x")
            .put("c", key(5), "x")
            .delete("c", key(1)),
    );
    let refused = Batch::new().put("c", key(3), "x").expect("c", key(3), None);
    assert!(session.persist(refused, Ack::Applied).unwrap().wait().is_err());
    apply(
        &session,
        Batch::new().delete_range("c", KeyRange::new(key(5), [])),
    );
    let range = KeyRange::new(key(4), key(9));
    let second = apply(&session, Batch::new().delete_range("c", range.clone()));
    let expected = [
        Change::Put {
            sequence: first,
            key: key(2),
        },
        Change::Deleted {
            sequence: first,
            key: key(1),
        },
        Change::RangeDeleted {
            sequence: second,
            range,
        },
    ];
    assert_eq!(told(&session, &mut watch), expected);
}

#[test]
fn a_watch_is_told_when_a_key_expires() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let mut watch = session.watch("c", KeyRange::all()).unwrap();
    let sequence = apply(
        &session,
        Batch::new().put_for("c", key(1), "x", Some(Duration::from_millis(20))),
    );
    assert_eq!(
        wait(&mut watch),
        Some(Change::Put {
            sequence,
            key: key(1)
        })
    );
    assert_eq!(wait(&mut watch), Some(Change::Expired { key: key(1) }));
}

#[test]
fn a_watcher_that_does_not_keep_up_holds_up_nobody_and_is_told_of_its_gap() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let mut watch = session.watch("c", KeyRange::all()).unwrap();
    let most = limits::WATCH_CHANGES as i64;
    for number in 0..most + 10 {
        apply(&session, Batch::new().put("c", key(number), "x"));
    }
    let changes = told(&session, &mut watch);
    assert_eq!(changes.len() as i64, most + 1);
    assert!(matches!(&changes[most as usize - 1], Change::Put { key: last, .. } if *last == key(most - 1)));
    assert_eq!(changes[most as usize], Change::Lost { changes: 10 });
    let sequence = apply(&session, Batch::new().put("c", key(1), "y"));
    assert_eq!(
        told(&session, &mut watch),
        [Change::Put {
            sequence,
            key: key(1)
        }]
    );

    // By bytes, too.
    let long = |number: u8| Key::from(vec![number; limits::MAX_KEY_BYTES]);
    for number in 0..20 {
        apply(&session, Batch::new().put("c", long(number), ""));
    }
    let changes = told(&session, &mut watch);
    let kept = changes.len() as u64 - 1;
    assert!(kept <= 8, "{kept} were kept");
    assert_eq!(changes.last(), Some(&Change::Lost { changes: 20 - kept }));
}

#[test]
fn a_watcher_is_woken_and_ends_with_the_job() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let mut watch = session.watch("c", KeyRange::all()).unwrap();
    assert!(matches!(
        pin!(watch.next()).poll(&mut Context::from_waker(Waker::noop())),
        Poll::Pending
    ));
    thread::scope(|scope| {
        let (told, heard) = channel();
        scope.spawn(move || {
            while let Some(change) = wait(&mut watch) {
                told.send(change).unwrap();
            }
        });
        let sequence = apply(&session, Batch::new().put("c", key(1), "x"));
        let change = heard.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(
            change,
            Change::Put {
                sequence,
                key: key(1)
            }
        );
        store.close_job("j").unwrap();
        assert!(heard.recv_timeout(Duration::from_secs(20)).is_err());
    });
    assert!(matches!(session.watch("c", KeyRange::all()), Err(Error::Closed)));
}

#[test]
fn the_number_of_watches_is_bounded_and_a_dropped_one_gives_its_place_free() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let watch = || session.watch("c", KeyRange::all());
    let mut all: Vec<_> = (0..limits::MAX_WATCHES).map(|_| watch().unwrap()).collect();
    assert_eq!(
        watch().err().unwrap().to_string(),
        "watches of the job are used up (limit 256)"
    );
    all.pop();
    eventually("a free place", || watch().is_ok());
}
