//! Random operations on the store and on a map in memory give the same answers.

use crate::backend::{CASES, store};
use crate::common::steps::{Model, Step, Write, apply, batch, page, step};
use proptest::prelude::*;
use storage_plugin::{Ack, Error, Key, Session};

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
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

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
