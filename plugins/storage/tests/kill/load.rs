//! What the process writes: drawn from a seed, so that the test knows it, too.

use std::collections::VecDeque;
use std::io::Write;

use storage_plugin::{Ack, Batch, Key, Receipt, Session, encoding};

/// A batch removes the row that this many batches before it had put into the category `window`.
pub(crate) const WINDOW: i64 = 10;
/// Batches of one caller that wait for their outcome.
const PENDING: usize = 8;

/// A number that is drawn from its place, and so can be drawn again by the test.
pub(crate) fn drawn(seed: u64, place: (i64, i64, i64), salt: u64) -> u64 {
    let (round, caller, number) = place;
    [round as u64, caller as u64, number as u64, salt]
        .iter()
        .fold(seed, |state, part| {
            let mixed = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        })
}

fn key(place: (i64, i64, i64)) -> Key {
    encoding::key(&place).unwrap()
}

/// The rows of a batch by category: most are small, one in twenty has a payload of many pages.
pub(crate) fn parts(seed: u64, place: (i64, i64, i64)) -> Vec<(String, Vec<u8>)> {
    (0..1 + drawn(seed, place, 1) % 4)
        .map(|part| {
            let size = match drawn(seed, place, 10 + part) {
                large if large % 20 == 0 => large % 70_000,
                small => small % 400,
            };
            let byte = drawn(seed, place, 20 + part) as u8;
            (format!("part {part}"), vec![byte; size as usize])
        })
        .collect()
}

fn batch(seed: u64, place: (i64, i64, i64)) -> Batch {
    let (round, caller, number) = place;
    let last = encoding::payload(&number).unwrap();
    parts(seed, place)
        .into_iter()
        .fold(Batch::new(), |batch, (category, payload)| {
            batch.put(category, key(place), payload)
        })
        .put("last", key((round, caller, 0)), last)
        .put("window", key(place), "")
        .delete("window", key((round, caller, number - WINDOW)))
}

fn level(seed: u64, place: (i64, i64, i64)) -> Ack {
    match drawn(seed, place, 2) % 10 {
        0 => Ack::Durable,
        1..5 => Ack::Queued,
        _ => Ack::Applied,
    }
}

/// One caller: writes batch after batch and prints each number whose batch is acknowledged as applied or durable.
pub(crate) fn write_forever(session: &Session, seed: u64, round: i64, caller: i64) {
    let mut pending: VecDeque<(i64, Receipt)> = VecDeque::new();
    for number in 0.. {
        let place = (round, caller, number);
        let receipt = session.persist(batch(seed, place), level(seed, place)).unwrap();
        if level(seed, place) == Ack::Queued {
            receipt.wait().unwrap();
            continue;
        }
        pending.push_back((number, receipt));
        if pending.len() >= PENDING {
            let (number, receipt) = pending.pop_front().unwrap();
            receipt.wait().unwrap();
            let mut output = std::io::stdout().lock();
            writeln!(output, "acknowledged {caller} {number}").unwrap();
            output.flush().unwrap();
        }
    }
}
