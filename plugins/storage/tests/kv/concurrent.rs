//! Many callers at once do what some order of their operations does on a map in memory.
//!
//! The numbers on the receipts say which order: replayed in it, each write has to have the outcome that it had. A read
//! has to show the map as it was after some write, no earlier than the caller's own last write and than what its last
//! read showed.

use std::thread;

use crate::backend::{CASES, store};
use crate::common::steps::{Model, Step, Write, apply, batch, page, step};
use proptest::prelude::*;
use storage_plugin::{Ack, Error, Job, Outcome, Row, Session};

/// A write, and what its caller was told.
struct Written {
    writes: Vec<Write>,
    sequence: u64,
    ack: Ack,
    outcome: Result<Outcome, Error>,
}

/// A read, what it showed, and the caller's last write before it.
struct Seen {
    step: Step,
    answer: Answer,
    own_last: u64,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Payloads(Vec<Option<Vec<u8>>>),
    Count(u64),
    Page(Vec<Row>, bool),
    Categories(Vec<String>),
}

/// What one caller did between two restarts.
#[derive(Default)]
struct History {
    written: Vec<Written>,
    seen: Vec<Seen>,
    /// Failures that barriers reported.
    reported: u64,
}

fn answer(session: &Session, step: &Step) -> Option<Answer> {
    Some(match step.clone() {
        Step::Get(c, k) => Answer::Payloads(vec![session.get(&c, k).unwrap()]),
        Step::GetMany(c, keys) => Answer::Payloads(session.get_many(&c, &keys).unwrap()),
        Step::Count(c, range) => Answer::Count(session.count(&c, &range).unwrap()),
        Step::Scan(c, scan) => {
            let page = session.scan(&c, &scan).unwrap();
            Answer::Page(page.rows, page.next.is_some())
        }
        Step::Categories(limit) => Answer::Categories(session.list_categories(None, limit).unwrap().rows),
        Step::Persist(..) | Step::Barrier | Step::Reopen => return None,
    })
}

fn expected(model: &Model, step: &Step) -> Option<Answer> {
    let stored = |category: &String, key| model.get(&(category.clone(), key)).cloned();
    Some(match step.clone() {
        Step::Get(c, k) => Answer::Payloads(vec![stored(&c, k)]),
        Step::GetMany(c, keys) => Answer::Payloads(keys.into_iter().map(|key| stored(&c, key)).collect()),
        Step::Count(c, range) => {
            let found = model
                .keys()
                .filter(|(category, key)| *category == c && range.contains(key));
            Answer::Count(found.count() as u64)
        }
        Step::Scan(c, scan) => {
            let (rows, next) = page(model, &c, &scan);
            Answer::Page(rows, next.is_some())
        }
        Step::Categories(limit) => {
            let mut names: Vec<_> = model.keys().map(|(category, _)| category.clone()).collect();
            names.dedup();
            names.truncate(limit);
            Answer::Categories(names)
        }
        Step::Persist(..) | Step::Barrier | Step::Reopen => return None,
    })
}

fn report(session: &Session) -> u64 {
    match session.barrier() {
        Ok(()) => 0,
        Err(Error::Unacknowledged { count, .. }) => count,
        Err(other) => panic!("{other}"),
    }
}

/// Does the steps of one caller.
fn call(job: &Job, steps: Vec<Step>) -> History {
    let session = job.session();
    let (mut history, mut own_last) = (History::default(), 0);
    for step in steps {
        match step {
            Step::Persist(writes, ack) => {
                let receipt = session.persist(batch(writes.clone()), ack).unwrap();
                let sequence = receipt.sequence();
                own_last = sequence;
                let outcome = receipt.wait();
                history.written.push(Written {
                    writes,
                    sequence,
                    ack,
                    outcome,
                });
            }
            Step::Barrier => history.reported += report(&session),
            step => {
                let Some(answer) = answer(&session, &step) else {
                    continue;
                };
                history.seen.push(Seen {
                    step,
                    answer,
                    own_last,
                });
            }
        }
    }
    history.reported += report(&session);
    history
}

/// Replays the writes in the order of their numbers; gives the map after each number.
fn replay(model: Model, histories: &[History]) -> Result<Vec<Model>, TestCaseError> {
    let mut written: Vec<(usize, &Written)> = histories
        .iter()
        .enumerate()
        .flat_map(|(caller, history)| history.written.iter().map(move |it| (caller, it)))
        .collect();
    written.sort_by_key(|(_, it)| it.sequence);
    let mut unheard = vec![0; histories.len()];
    let mut models = vec![model];
    for (caller, it) in written {
        // Numbers between are those of barriers, which change nothing.
        let sequence = usize::try_from(it.sequence).unwrap();
        prop_assert!(sequence >= models.len(), "number {} was given twice", it.sequence);
        let mut model = models[models.len() - 1].clone();
        models.resize(sequence, model.clone());
        match (apply(&mut model, &it.writes), it.ack) {
            (Err(_), Ack::Queued) => unheard[caller] += 1,
            (Ok(_), Ack::Queued) => prop_assert!(it.outcome.is_ok()),
            (Err(op), _) => prop_assert_eq!(&it.outcome, &Err(Error::Conflict { op })),
            (Ok(removed), _) => prop_assert_eq!(it.outcome.clone().unwrap().removed, Some(removed)),
        }
        models.push(model);
    }
    for (history, unheard) in histories.iter().zip(unheard) {
        prop_assert_eq!(history.reported, unheard);
    }
    Ok(models)
}

fn check_reads(models: &[Model], history: &History) -> Result<(), TestCaseError> {
    let mut earliest = 0;
    for seen in &history.seen {
        earliest = earliest.max(usize::try_from(seen.own_last).unwrap());
        let shown = (earliest..models.len())
            .find(|&at| expected(&models[at], &seen.step).as_ref() == Some(&seen.answer));
        prop_assert!(
            shown.is_some(),
            "{:?} gave {:?}, which was so at no moment from {earliest} on",
            seen.step,
            seen.answer
        );
        earliest = shown.unwrap_or(earliest);
    }
    Ok(())
}

fn callers() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 1..25), 2..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn concurrent_callers_agree_with_a_map_across_restarts(rounds in prop::collection::vec(callers(), 1..4)) {
        let (_directory, store) = store();
        let mut model = Model::new();
        for callers in rounds {
            let job = store.open_job("j").unwrap();
            let histories: Vec<History> = thread::scope(|scope| {
                let running: Vec<_> = callers
                    .into_iter()
                    .map(|steps| {
                        let job = &job;
                        scope.spawn(move || call(job, steps))
                    })
                    .collect();
                running.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            let models = replay(model, &histories)?;
            for history in &histories {
                check_reads(&models, history)?;
            }
            model = models.last().unwrap().clone();
            store.close_job("j").unwrap();
        }
    }
}
