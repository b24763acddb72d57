//! Keys with a time to live.

use std::time::Duration;

use crate::backend::store;
use crate::common::{eventually, key, rows};
use storage_plugin::{Ack, Batch, KeyRange, Scan, Session};

const SHORT: Option<Duration> = Some(Duration::from_millis(40));
const LONG: Option<Duration> = Some(Duration::from_secs(3600));

fn put_for(session: &Session, number: i64, ttl: Option<Duration>) {
    let batch = Batch::new().put_for("c", key(number), "x", ttl);
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
}

#[test]
fn a_key_is_there_for_its_time_and_then_for_no_call_at_all() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    put_for(&session, 1, LONG);
    put_for(&session, 2, SHORT);
    eventually("the end of a key", || !session.exists("c", key(2)).unwrap());

    assert_eq!(session.get("c", key(2)).unwrap(), None);
    assert!(!matches!(session.get_now("c", &key(2)).unwrap(), Some(Some(_))));
    assert_eq!(session.get_many("c", &[key(1), key(2)]).unwrap()[1], None);
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 1);
    assert_eq!(rows(&session, "c", Scan::new(KeyRange::all())).len(), 1);
    assert_eq!(
        rows(&session, "c", Scan::new(KeyRange::all()).keys_only()).len(),
        1
    );
    assert!(!session.delete("c", key(2)).unwrap());
    assert!(session.put_if_absent("c", key(2), "y").unwrap());
    assert_eq!(session.delete_range("c", KeyRange::all()).unwrap(), 2);
}

#[test]
fn a_category_ends_with_its_last_key() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    put_for(&session, 1, SHORT);
    eventually("the end of a category", || {
        session.list_categories(None, 9).unwrap().rows.is_empty()
    });
}

#[test]
fn a_later_write_takes_the_time_to_live_away() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    put_for(&session, 1, SHORT);
    put_for(&session, 1, None);
    put_for(&session, 2, SHORT);
    eventually("the end of a key", || !session.exists("c", key(2)).unwrap());
    assert!(session.exists("c", key(1)).unwrap());
}

#[test]
fn expired_rows_are_removed_by_themselves_also_after_a_restart() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let batch = (0..3_000).fold(Batch::new(), |batch, number| {
        batch.put_for("c", key(number), "x", SHORT)
    });
    job.session()
        .persist(batch, Ack::Applied)
        .unwrap()
        .wait()
        .unwrap();
    eventually("the removal of all rows", || {
        job.stats().unwrap().expired_rows == 3_000
    });

    put_for(&job.session(), 1, SHORT);
    store.close_job("j").unwrap();
    let job = store.open_job("j").unwrap();
    eventually("the removal of the last row", || {
        job.stats().unwrap().expired_rows == 1
    });
}
