//! Random operations on the store and on a map in memory give the same answers.

mod common;

use std::collections::BTreeMap;

use common::store;
use proptest::prelude::*;
use storage_plugin::{Ack, Batch, Error, Key, KeyRange, Row, Scan, Session};

type Model = BTreeMap<(String, Key), Vec<u8>>;

#[derive(Debug, Clone)]
enum Step {
    Persist(Vec<Write>, Ack),
    Get(String, Key),
    GetMany(String, Vec<Key>),
    Count(String, KeyRange),
    Scan(String, Scan),
    Categories(usize),
    Barrier,
    Reopen,
}

#[derive(Debug, Clone)]
enum Write {
    Put(String, Key, Vec<u8>),
    Delete(String, Key),
    DeleteRange(String, KeyRange),
    Expect(String, Key, Option<Vec<u8>>),
}

fn category() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b"]).prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = Key> {
    let byte = prop::sample::select(vec![0u8, 1, 0x7f, 0xfe, 0xff]);
    prop::collection::vec(byte, 0..4).prop_map(Key::from)
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..3, 0..3)
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        Just(KeyRange::all()),
        key().prop_map(KeyRange::prefix),
        (key(), key()).prop_map(|(start, stop)| KeyRange::new(start, stop)),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        6 => (category(), key(), payload()).prop_map(|(c, k, p)| Write::Put(c, k, p)),
        2 => (category(), key()).prop_map(|(c, k)| Write::Delete(c, k)),
        1 => (category(), range()).prop_map(|(c, r)| Write::DeleteRange(c, r)),
        1 => (category(), key(), prop::option::of(payload())).prop_map(|(c, k, p)| Write::Expect(c, k, p)),
    ]
}

fn scan() -> impl Strategy<Value = Scan> {
    (
        range(),
        prop::option::of(key()),
        1usize..8,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(range, after, limit, reverse, keys_only)| Scan {
            range,
            after,
            limit,
            reverse,
            keys_only,
        })
}

fn step() -> impl Strategy<Value = Step> {
    let ack = prop::sample::select(vec![Ack::Queued, Ack::Queued, Ack::Applied, Ack::Durable]);
    prop_oneof![
        8 => (prop::collection::vec(write(), 0..6), ack).prop_map(|(writes, ack)| Step::Persist(writes, ack)),
        2 => (category(), key()).prop_map(|(c, k)| Step::Get(c, k)),
        1 => (category(), prop::collection::vec(key(), 0..4)).prop_map(|(c, k)| Step::GetMany(c, k)),
        1 => (category(), range()).prop_map(|(c, r)| Step::Count(c, r)),
        4 => (category(), scan()).prop_map(|(c, s)| Step::Scan(c, s)),
        1 => (1usize..4).prop_map(Step::Categories),
        1 => Just(Step::Barrier),
        1 => Just(Step::Reopen),
    ]
}

/// Applies a batch to the model: all of it, or the index of the expectation that does not hold.
fn apply(model: &mut Model, writes: &[Write]) -> Result<u64, usize> {
    let (mut next, mut removed) = (model.clone(), 0);
    for (at, write) in writes.iter().enumerate() {
        match write.clone() {
            Write::Put(c, k, p) => drop(next.insert((c, k), p)),
            Write::Delete(c, k) => removed += u64::from(next.remove(&(c, k)).is_some()),
            Write::DeleteRange(c, range) => {
                let before = next.len();
                next.retain(|(category, key), _| *category != c || !range.contains(key));
                removed += (before - next.len()) as u64;
            }
            Write::Expect(c, k, p) if next.get(&(c.clone(), k.clone())) != p.as_ref() => return Err(at),
            Write::Expect(..) => {}
        }
    }
    *model = next;
    Ok(removed)
}

fn batch(writes: Vec<Write>) -> Batch {
    writes.into_iter().fold(Batch::new(), |batch, write| match write {
        Write::Put(c, k, p) => batch.put(c, k, p),
        Write::Delete(c, k) => batch.delete(c, k),
        Write::DeleteRange(c, r) => batch.delete_range(c, r),
        Write::Expect(c, k, p) => batch.expect(c, k, p),
    })
}

fn page(model: &Model, category: &str, scan: &Scan) -> (Vec<Row>, Option<Key>) {
    let mut found: Vec<Row> = model
        .iter()
        .filter(|((c, key), _)| c == category && scan.range.contains(key))
        .map(|((_, key), payload)| Row {
            key: key.clone(),
            payload: (!scan.keys_only).then(|| payload.clone()),
        })
        .collect();
    if scan.reverse {
        found.reverse();
    }
    if let Some(after) = &scan.after {
        found.retain(|row| {
            if scan.reverse {
                row.key < *after
            } else {
                row.key > *after
            }
        });
    }
    let more = found.len() > scan.limit;
    found.truncate(scan.limit);
    let next = found.last().filter(|_| more).map(|row| row.key.clone());
    (found, next)
}

fn reports(failures: u64, report: Result<(), Error>) -> Result<(), TestCaseError> {
    match report {
        Ok(()) => prop_assert_eq!(failures, 0),
        Err(Error::Unacknowledged { count, .. }) => prop_assert_eq!(count, failures),
        Err(other) => return Err(TestCaseError::fail(other.to_string())),
    }
    Ok(())
}

fn persist(
    session: &Session,
    model: &mut Model,
    unheard: &mut u64,
    writes: Vec<Write>,
    ack: Ack,
) -> Result<(), TestCaseError> {
    let expected = apply(model, &writes);
    let answer = session.persist(batch(writes), ack).unwrap().wait();
    match (expected, ack) {
        (Err(_), Ack::Queued) => *unheard += 1,
        (Ok(_), Ack::Queued) => prop_assert!(answer.is_ok()),
        (Err(op), _) => prop_assert_eq!(answer, Err(Error::Conflict { op })),
        (Ok(removed), _) => prop_assert_eq!(answer.unwrap().removed, Some(removed)),
    }
    Ok(())
}

fn read(session: &Session, model: &Model, step: Step) -> Result<(), TestCaseError> {
    let stored = |category: &str, key: &Key| model.get(&(category.to_owned(), key.clone())).cloned();
    match step {
        Step::Get(c, k) => {
            let expected = stored(&c, &k);
            prop_assert_eq!(session.exists(&c, k.clone()).unwrap(), expected.is_some());
            prop_assert_eq!(session.get(&c, k).unwrap(), expected);
        }
        Step::GetMany(c, keys) => {
            let expected: Vec<_> = keys.iter().map(|key| stored(&c, key)).collect();
            prop_assert_eq!(session.get_many(&c, &keys).unwrap(), expected);
        }
        Step::Count(c, range) => {
            let expected = model
                .keys()
                .filter(|(category, key)| *category == c && range.contains(key))
                .count();
            prop_assert_eq!(session.count(&c, &range).unwrap(), expected as u64);
        }
        Step::Scan(c, scan) => {
            let found = session.scan(&c, &scan).unwrap();
            prop_assert_eq!((found.rows, found.next), page(model, &c, &scan));
        }
        Step::Categories(limit) => {
            let mut expected: Vec<_> = model.keys().map(|(category, _)| category.clone()).collect();
            expected.dedup();
            expected.truncate(limit);
            prop_assert_eq!(session.list_categories(None, limit).unwrap().rows, expected);
        }
        Step::Persist(..) | Step::Barrier | Step::Reopen => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_store_answers_as_a_map_does(steps in prop::collection::vec(step(), 1..60)) {
        let (_directory, store) = store();
        let mut session = store.open_job("j").unwrap().session();
        let (mut model, mut unheard) = (Model::new(), 0);
        for step in steps {
            match step {
                Step::Persist(writes, ack) => persist(&session, &mut model, &mut unheard, writes, ack)?,
                Step::Barrier => reports(std::mem::take(&mut unheard), session.barrier())?,
                Step::Reopen => {
                    reports(std::mem::take(&mut unheard), store.close_job("j"))?;
                    session = store.open_job("j").unwrap().session();
                }
                other => read(&session, &model, other)?,
            }
        }
    }
}
