//! Operations at random, and the map in memory that says what they do.

use std::collections::BTreeMap;

use proptest::prelude::*;
use storage_plugin::{Ack, Batch, Key, KeyRange, Row, Scan};

pub(crate) type Model = BTreeMap<(String, Key), Vec<u8>>;

#[derive(Debug, Clone)]
pub(crate) enum Step {
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
pub(crate) enum Write {
    Put(String, Key, Vec<u8>),
    Delete(String, Key),
    DeleteRange(String, KeyRange),
    Expect(String, Key, Option<Vec<u8>>),
}

pub(crate) fn category() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b"]).prop_map(str::to_owned)
}

pub(crate) fn key() -> impl Strategy<Value = Key> {
    let byte = prop::sample::select(vec![0u8, 1, 0x7f, 0xfe, 0xff]);
    prop::collection::vec(byte, 0..4).prop_map(Key::from)
}

pub(crate) fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..3, 0..3)
}

pub(crate) fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        Just(KeyRange::all()),
        key().prop_map(KeyRange::prefix),
        (key(), key()).prop_map(|(start, stop)| KeyRange::new(start, stop)),
    ]
}

pub(crate) fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        6 => (category(), key(), payload()).prop_map(|(c, k, p)| Write::Put(c, k, p)),
        2 => (category(), key()).prop_map(|(c, k)| Write::Delete(c, k)),
        1 => (category(), range()).prop_map(|(c, r)| Write::DeleteRange(c, r)),
        1 => (category(), key(), prop::option::of(payload())).prop_map(|(c, k, p)| Write::Expect(c, k, p)),
    ]
}

pub(crate) fn scan() -> impl Strategy<Value = Scan> {
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

pub(crate) fn step() -> impl Strategy<Value = Step> {
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
pub(crate) fn apply(model: &mut Model, writes: &[Write]) -> Result<u64, usize> {
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

pub(crate) fn batch(writes: Vec<Write>) -> Batch {
    writes.into_iter().fold(Batch::new(), |batch, write| match write {
        Write::Put(c, k, p) => batch.put(c, k, p),
        Write::Delete(c, k) => batch.delete(c, k),
        Write::DeleteRange(c, r) => batch.delete_range(c, r),
        Write::Expect(c, k, p) => batch.expect(c, k, p),
    })
}

pub(crate) fn page(model: &Model, category: &str, scan: &Scan) -> (Vec<Row>, Option<Key>) {
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
