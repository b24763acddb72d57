//! The state of a reliable channel as Logos Delivery lays it out: `sds.meta` has one row for each channel, `sds.log` one
//! for each message of it. Source: storage.md §1.10.

use crate::backend::store;
use crate::common::rows;
use storage_plugin::{Ack, Batch, Error, KeyRange, Scan, Session, encoding};

const META: &str = "sds.meta";
const LOG: &str = "sds.log";

/// A message: its Lamport time, and its id.
type Message = (u64, &'static str);

fn with_message(batch: Batch, channel: &str, (lamport, id): Message) -> Batch {
    let payload = encoding::payload(&(lamport, id)).unwrap();
    batch.put(LOG, encoding::key(&(channel, id)).unwrap(), payload)
}

/// The meta data and what changed in the history, in one transaction.
fn save(session: &Session, channel: &str, meta: &str, append: &[Message], evict: &[&str]) {
    let batch = Batch::new().put(META, encoding::key(channel).unwrap(), meta);
    let batch = append
        .iter()
        .fold(batch, |batch, message| with_message(batch, channel, *message));
    let batch = evict.iter().fold(batch, |batch, id| {
        batch.delete(LOG, encoding::key(&(channel, id)).unwrap())
    });
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
}

/// The meta data, and the ids of the history by Lamport time.
fn load(session: &Session, channel: &str) -> (Option<Vec<u8>>, Vec<String>) {
    let meta = session.get(META, encoding::key(channel).unwrap()).unwrap();
    let log = rows(session, LOG, Scan::prefix(encoding::key(channel).unwrap()));
    let mut messages: Vec<(u64, String)> = log
        .iter()
        .map(|row| encoding::decode(row.payload.as_deref().unwrap()).unwrap())
        .collect();
    messages.sort();
    (meta, messages.into_iter().map(|(_, id)| id).collect())
}

#[test]
fn the_state_of_a_channel_comes_back_in_the_order_of_its_times() {
    let (_directory, store) = store();
    let session = store.open_job("sds").unwrap().session();
    assert_eq!(load(&session, "chan-1"), (None, Vec::new()));
    save(&session, "chan-1", "one", &[(7, "a"), (3, "m2")], &[]);
    save(&session, "chan-1", "two", &[(5, "b")], &[]);
    save(&session, "chan-10", "other", &[(1, "c")], &[]);
    store.close_job("sds").unwrap();

    let session = store.open_job("sds").unwrap().session();
    let (meta, log) = load(&session, "chan-1");
    assert_eq!(
        (meta.as_deref(), log.as_slice()),
        (Some(&b"two"[..]), &["m2", "b", "a"].map(String::from)[..])
    );
    let key = [0, 6, b'c', b'h', b'a', b'n', b'-', b'1', 0, 2, b'm', b'2'];
    assert!(session.exists(LOG, key).unwrap());
}

#[test]
fn an_evicted_message_is_gone_and_the_others_stay() {
    let (_directory, store) = store();
    let session = store.open_job("sds").unwrap().session();
    save(&session, "chan-1", "one", &[(1, "a"), (2, "b")], &[]);
    save(&session, "chan-1", "two", &[(3, "c")], &["a"]);
    assert_eq!(load(&session, "chan-1").1, ["b", "c"]);
}

#[test]
fn a_dropped_channel_leaves_nothing_and_says_so() {
    let (_directory, store) = store();
    let session = store.open_job("sds").unwrap().session();
    save(&session, "chan-1", "one", &[(1, "a"), (2, "b")], &[]);
    save(&session, "chan-2", "two", &[(1, "c")], &[]);
    let drop = Batch::new()
        .delete_range(LOG, KeyRange::prefix(encoding::key("chan-1").unwrap()))
        .delete(META, encoding::key("chan-1").unwrap());
    let outcome = session.persist(drop, Ack::Durable).unwrap().wait().unwrap();
    assert_eq!(outcome.removed, Some(3));
    assert_eq!(load(&session, "chan-1"), (None, Vec::new()));
    assert_eq!(load(&session, "chan-2").1, ["c"]);
}

#[test]
fn an_unacknowledged_send_outlives_the_channel_and_a_later_message_acknowledges_it_once() {
    let (_directory, store) = store();
    let session = store.open_job("sds").unwrap().session();
    save(&session, "chan-1", "waits: a b", &[(1, "a"), (2, "b")], &[]);
    store.close_job("sds").unwrap();

    // A message of somebody else has "a" in its causal history: it comes in and "a" is acknowledged at once, or neither.
    let session = store.open_job("sds").unwrap().session();
    let (meta, _) = load(&session, "chan-1");
    assert_eq!(meta.as_deref(), Some(&b"waits: a b"[..]));
    let key = encoding::key("chan-1").unwrap();
    let heard = || {
        let batch = Batch::new()
            .expect(META, key.clone(), meta.clone())
            .put(META, key.clone(), "waits: b");
        let batch = with_message(batch, "chan-1", (3, "m"));
        session.persist(batch, Ack::Applied).unwrap().wait()
    };
    heard().unwrap();
    assert_eq!(heard(), Err(Error::Conflict { op: 0 }));
    store.close_job("sds").unwrap();

    let session = store.open_job("sds").unwrap().session();
    let (meta, log) = load(&session, "chan-1");
    assert_eq!(meta.as_deref(), Some(&b"waits: b"[..]));
    assert_eq!(log, ["a", "b", "m"]);
}
