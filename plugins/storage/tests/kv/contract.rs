//! The key-value contract: what each call means. Source: storage.md §1.3, §1.4, §2, §8.

use crate::backend::store;
use crate::common::{key, numbers, rows};
use storage_plugin::{Ack, Batch, Error, Key, KeyRange, Scan, Session, encoding, limits};

fn filled(session: &Session, category: &str, numbers: impl IntoIterator<Item = i64>) {
    let batch = numbers.into_iter().fold(Batch::new(), |batch, number| {
        batch.put(category, key(number), number.to_string())
    });
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
}

#[test]
fn a_payload_comes_back_is_replaced_and_is_removed() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    session.put("c", key(1), "one").unwrap();
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"one".to_vec()));
    assert!(session.exists("c", key(1)).unwrap());
    assert_eq!(session.get("c", key(2)).unwrap(), None);
    assert!(!session.exists("c", key(2)).unwrap());
    session.put("c", key(1), "uno").unwrap();
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"uno".to_vec()));
    assert!(!session.delete("c", key(2)).unwrap());
    assert!(session.delete("c", key(1)).unwrap());
    assert_eq!(session.get("c", key(1)).unwrap(), None);
}

#[test]
fn empty_categories_keys_and_payloads_are_stored() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    session.put("", [], "").unwrap();
    assert_eq!(session.get("", []).unwrap(), Some(Vec::new()));
    assert_eq!(session.count("", &KeyRange::all()).unwrap(), 1);
    assert_eq!(rows(&session, "", Scan::new(KeyRange::all())).len(), 1);
    assert_eq!(session.list_categories(None, 10).unwrap().rows, [""]);
    assert!(!session.put_if_absent("", [], "x").unwrap());
    assert!(session.compare_and_put("", [], Some(Vec::new()), "x").unwrap());
    assert_eq!(session.delete_range("", KeyRange::prefix([])).unwrap(), 1);
}

#[test]
fn ranges_are_half_open_and_empty_bounds_are_none() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    filled(&session, "c", [5, 1, 4, 2, 3]);
    let scanned = |range: KeyRange| numbers(&session, "c", Scan::new(range));
    assert_eq!(scanned(KeyRange::all()), [1, 2, 3, 4, 5]);
    assert_eq!(scanned(KeyRange::new(key(2), key(4))), [2, 3]);
    assert_eq!(scanned(KeyRange::new(key(3), [])), [3, 4, 5]);
    assert_eq!(scanned(KeyRange::new([], key(3))), [1, 2]);
    assert!(scanned(KeyRange::new(key(3), key(3))).is_empty());
    assert!(scanned(KeyRange::new(key(4), key(2))).is_empty());
    assert_eq!(session.count("c", &KeyRange::new(key(4), key(2))).unwrap(), 0);
    assert_eq!(
        session.delete_range("c", KeyRange::new(key(4), key(2))).unwrap(),
        0
    );
    assert_eq!(session.count("c", &KeyRange::new(key(2), key(4))).unwrap(), 2);
    let reverse = Scan::new(KeyRange::new(key(2), [])).reverse();
    assert_eq!(numbers(&session, "c", reverse), [5, 4, 3, 2]);
    assert_eq!(
        session.delete_range("c", KeyRange::new(key(2), key(4))).unwrap(),
        2
    );
    assert_eq!(scanned(KeyRange::all()), [1, 4, 5]);
}

#[test]
fn a_prefix_holds_whole_leading_components() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    for (channel, number) in [("a", 1i64), ("a", 2), ("b", 1), ("ab", 1)] {
        session
            .put("c", encoding::key(&(channel, number)).unwrap(), "")
            .unwrap();
    }
    let prefix = encoding::key("a").unwrap();
    assert_eq!(rows(&session, "c", Scan::prefix(prefix.clone())).len(), 2);
    assert_eq!(session.delete_range("c", KeyRange::prefix(prefix)).unwrap(), 2);
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 2);
}

#[test]
fn a_key_that_a_batch_writes_twice_is_one_row_with_the_later_payload() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let batch = [5, 1, 4, 1, 3, 2, 6].into_iter().enumerate();
    let batch = batch.fold(Batch::new(), |batch, (at, number)| {
        batch.put("c", key(number), at.to_string())
    });
    session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
    let all = Scan::new(KeyRange::all());
    assert_eq!(numbers(&session, "c", all.clone()), [1, 2, 3, 4, 5, 6]);
    assert_eq!(rows(&session, "c", all)[0].payload.as_deref(), Some(&b"3"[..]));
}

#[test]
fn pages_go_on_where_they_ended_while_others_write() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let (session, other) = (job.session(), job.session());
    filled(&session, "c", 0..10);
    let all = Scan::new(KeyRange::all()).limit(4);

    let page = session.scan("c", &all).unwrap();
    assert_eq!((page.rows.len(), page.next.clone()), (4, Some(key(3))));
    other.delete("c", key(3)).unwrap();
    other.delete("c", key(4)).unwrap();
    filled(&other, "c", [-1, 100]);
    let rest = all.clone().after(page.next.unwrap());
    assert_eq!(numbers(&session, "c", rest), [5, 6, 7, 8, 9, 100]);

    let backwards = numbers(&session, "c", all.clone().reverse());
    assert_eq!(backwards, [100, 9, 8, 7, 6, 5, 2, 1, 0, -1]);
    assert!(numbers(&session, "c", all.clone().after(key(100))).is_empty());
    assert!(numbers(&session, "c", all.clone().reverse().after(key(-1))).is_empty());
    let exact = session.scan("c", &all.limit(10)).unwrap();
    assert_eq!((exact.rows.len(), exact.next), (10, None));
}

#[test]
fn a_page_ends_at_its_bytes_but_holds_at_least_one_row() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let large = vec![7u8; limits::MAX_PAGE_BYTES + 1];
    for number in 0..3 {
        session.put("c", key(number), large.clone()).unwrap();
    }
    let page = session.scan("c", &Scan::new(KeyRange::all())).unwrap();
    assert_eq!((page.rows.len(), page.next), (1, Some(key(0))));
    let keys = session
        .scan("c", &Scan::new(KeyRange::all()).keys_only())
        .unwrap();
    assert!(keys.rows.iter().all(|row| row.payload.is_none()));
    assert_eq!((keys.rows.len(), keys.next), (3, None));
}

#[test]
fn wrong_page_sizes_are_refused() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let all = Scan::new(KeyRange::all());
    let refused = session.scan("c", &all.clone().limit(0)).unwrap_err();
    assert_eq!(refused.to_string(), "limit: must not be 0");
    let refused = session
        .scan("c", &all.limit(limits::MAX_PAGE_ROWS + 1))
        .unwrap_err();
    assert_eq!(refused.to_string(), "limit has 10001, the limit is 10000");
}

#[test]
fn categories_are_apart_and_can_be_listed() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    for category in ["b", "a", "é", "ab"] {
        session.put(category, key(1), category).unwrap();
    }
    assert_eq!(session.get("ab", key(1)).unwrap(), Some(b"ab".to_vec()));
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 0);
    let page = session.list_categories(None, 3).unwrap();
    assert_eq!(
        (page.rows, page.next.as_deref()),
        (vec!["a".into(), "ab".into(), "b".into()], Some("b"))
    );
    let page = session.list_categories(Some("b"), 3).unwrap();
    assert_eq!((page.rows, page.next), (vec!["é".to_owned()], None));
}

#[test]
fn several_payloads_are_read_in_the_order_asked() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    filled(&session, "c", [1, 2]);
    let payloads = session.get_many("c", &[key(2), key(9), key(1), key(2)]).unwrap();
    assert_eq!(
        payloads,
        [
            Some(b"2".to_vec()),
            None,
            Some(b"1".to_vec()),
            Some(b"2".to_vec())
        ]
    );
    let keys = vec![key(1); limits::MAX_GET_MANY + 1];
    let refused = session.get_many("c", &keys).unwrap_err();
    assert_eq!(
        refused,
        Error::TooLarge {
            field: "keys",
            size: 1025,
            limit: 1024
        }
    );
}

#[test]
fn the_operations_of_a_batch_see_each_other_in_order() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let batch = Batch::new()
        .put("a", key(1), "x")
        .put("b", key(1), "y")
        .delete("a", key(1))
        .expect("a", key(1), None)
        .expect("b", key(1), Some(b"y".to_vec()));
    let outcome = session.persist(batch, Ack::Applied).unwrap().wait().unwrap();
    assert_eq!(outcome.removed, Some(1));
    assert_eq!(session.get("a", key(1)).unwrap(), None);
    assert_eq!(session.get("b", key(1)).unwrap(), Some(b"y".to_vec()));
}

#[test]
fn a_batch_that_fails_in_its_middle_changes_nothing_and_names_the_operation() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    filled(&session, "c", [1, 2]);
    let batch = Batch::new()
        .put("c", key(3), "")
        .delete_range("c", KeyRange::all())
        .expect("c", key(2), Some(b"2".to_vec()))
        .put("c", key(4), "");
    let failed = session.persist(batch, Ack::Applied).unwrap().wait();
    assert_eq!(failed, Err(Error::Conflict { op: 2 }));
    assert_eq!(numbers(&session, "c", Scan::new(KeyRange::all())), [1, 2]);
}

#[test]
fn conditional_writes_say_whether_they_happened() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    assert!(session.put_if_absent("c", key(1), "a").unwrap());
    assert!(!session.put_if_absent("c", key(1), "b").unwrap());
    assert!(
        !session
            .compare_and_put("c", key(1), Some(b"x".to_vec()), "b")
            .unwrap()
    );
    assert!(
        !session
            .compare_and_put("c", key(2), Some(b"x".to_vec()), "b")
            .unwrap()
    );
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"a".to_vec()));
    assert!(
        session
            .compare_and_put("c", key(1), Some(b"a".to_vec()), "b")
            .unwrap()
    );
    assert_eq!(session.get("c", key(1)).unwrap(), Some(b"b".to_vec()));
    assert_eq!(session.get("c", key(2)).unwrap(), None);
}

#[test]
fn the_largest_payload_and_key_are_stored_and_larger_ones_refused() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    let longest = Key::from(vec![0xff; limits::MAX_KEY_BYTES]);
    session
        .put("c", longest.clone(), vec![1; limits::MAX_PAYLOAD_BYTES])
        .unwrap();
    assert_eq!(
        session.get("c", longest).unwrap().unwrap().len(),
        limits::MAX_PAYLOAD_BYTES
    );
    let refused = session
        .put("c", [], vec![1; limits::MAX_PAYLOAD_BYTES + 1])
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "payload bytes has 67108865, the limit is 67108864"
    );
    let refused = session.get("c", vec![0; limits::MAX_KEY_BYTES + 1]).unwrap_err();
    assert_eq!(refused.to_string(), "key bytes has 131073, the limit is 131072");
}

#[test]
fn every_level_of_receipt_resolves_and_numbers_grow() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let session = job.session();
    let mut last = 0;
    for ack in [Ack::Queued, Ack::Applied, Ack::Durable] {
        let receipt = session.persist(Batch::new().delete("c", key(1)), ack).unwrap();
        assert!(receipt.sequence() > last);
        last = receipt.sequence();
        let outcome = receipt.wait().unwrap();
        assert_eq!(
            (outcome.sequence, outcome.removed),
            (last, (ack != Ack::Queued).then_some(0))
        );
    }
    assert_eq!(job.stats().unwrap().applied_sequence, last);
}

#[test]
fn only_durable_writes_wait_for_the_disk_and_a_flush_waits_for_the_others() {
    let (_directory, store) = store();
    let job = store.open_job("j").unwrap();
    let session = job.session();
    let durable = || job.stats().unwrap().durable_transactions;
    session.put("c", key(1), "").unwrap();
    assert_eq!(durable(), 0);
    session.flush().unwrap();
    assert_eq!(durable(), 1);
    session.flush().unwrap();
    assert_eq!(durable(), 1, "nothing was left to wait for");
    session
        .persist(Batch::new().put("c", key(2), ""), Ack::Durable)
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(durable(), 2);
    session.barrier().unwrap();
    assert_eq!(durable(), 2);
}

#[test]
fn long_keys_that_begin_alike_are_told_apart_and_sort_by_their_ends() {
    let (_directory, store) = store();
    let session = store.open_job("j").unwrap().session();
    // Of bytes that cannot be made shorter.
    let start: Vec<u8> = (0..5_000u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let long = |end: &[u8]| Key::from([start.as_slice(), end].concat());
    let mut keys = [
        long(&[2]),
        long(&[1, 0]),
        long(&[]),
        long(&[1]),
        Key::from(start[..3_000].to_vec()),
    ];
    for (number, key) in keys.iter().enumerate() {
        session.put("c", key.clone(), number.to_string()).unwrap();
        assert!(!session.put_if_absent("c", key.clone(), "").unwrap());
    }
    assert_eq!(session.get("c", long(&[1])).unwrap(), Some(b"3".to_vec()));
    keys.sort();
    let found = rows(&session, "c", Scan::new(KeyRange::all()).limit(2));
    assert!(found.iter().map(|row| &row.key).eq(&keys));
    let found = rows(&session, "c", Scan::prefix(long(&[1])).reverse().limit(1));
    assert!(found.iter().map(|row| &row.key).eq([&long(&[1, 0]), &long(&[1])]));
    assert_eq!(
        session
            .delete_range("c", KeyRange::new(long(&[1]), long(&[2])))
            .unwrap(),
        2
    );
    assert_eq!(session.count("c", &KeyRange::all()).unwrap(), 3);
}
