use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Seconds, as nanoseconds.
const S: i64 = 1_000_000_000;

fn place(timestamp: i64, number: u64) -> Place {
    let mut hash = [0; 32];
    // Not zero, as no hash is, and another one for each time.
    hash[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    hash[8..16].copy_from_slice(&timestamp.to_be_bytes());
    let hash = hash.into();
    Place { timestamp, hash }
}

/// Two sides that talk over the wire until one of them has nothing to say; what each is sent, and how many frames
/// it took.
fn converse(one: &Window, other: &Window, start: i64, end: i64) -> ([BTreeSet<MessageHash>; 2], usize) {
    let sides = [one, other];
    let mut sent = [BTreeSet::new(), BTreeSet::new()];
    let mut frame = one.opening(start, end).payload(Vec::new()).encode();
    for round in 1..64 {
        let payload = SyncPayload::decode(&frame).unwrap();
        if payload.is_settled() {
            return (sent, round);
        }
        let answer = sides[round % 2].answer(&payload).unwrap();
        sent[1 - round % 2].extend(answer.to_send.iter().copied());
        frame = answer.payload(Vec::new()).encode();
    }
    panic!("they talk without end");
}

fn hashes(places: &[Place]) -> BTreeSet<MessageHash> {
    places.iter().map(|place| place.hash).collect()
}

fn difference(of: &[Place], from: &[Place]) -> BTreeSet<MessageHash> {
    hashes(of).difference(&hashes(from)).copied().collect()
}

#[test]
fn archives_that_are_equal_take_one_answer() {
    let places: Vec<_> = (0..5000).map(|it| place(it * S, it as u64)).collect();
    let window = Window::new(0, places);
    let (sent, frames) = converse(&window, &window, 0, 6000 * S);
    assert_eq!(sent, [BTreeSet::new(), BTreeSet::new()]);
    assert_eq!(frames, 2);
}

#[test]
fn one_difference_among_many_is_found_in_few_rounds() {
    let all: Vec<_> = (0..100_000).map(|it| place(it * 36_000_000, it as u64)).collect();
    let mut fewer = all.clone();
    let missing = fewer.remove(54_321);
    let (full, other) = (Window::new(0, all), Window::new(0, fewer));
    let (sent, frames) = converse(&full, &other, 0, 3600 * S);
    assert_eq!(sent, [BTreeSet::new(), [missing.hash].into()]);
    assert!(frames <= 8, "{frames}");
}

#[test]
fn many_messages_of_one_moment_are_found() {
    let all: Vec<_> = (0..1000).map(|it| place(5 * S, it)).collect();
    let (full, few) = (Window::new(0, all.clone()), Window::new(0, all[..300].to_vec()));
    let (sent, _) = converse(&few, &full, 0, 6 * S);
    assert_eq!(sent, [difference(&all, &all[..300]), BTreeSet::new()]);
}

#[test]
fn what_is_older_than_the_floor_is_neither_sent_nor_asked_for() {
    let all: Vec<_> = (0..400).map(|it| place(it * S, it as u64)).collect();
    let (odd, even): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.timestamp / S % 2 == 1);
    let (long, short) = (Window::new(0, odd.clone()), Window::new(200 * S, even.clone()));
    let young = |places: &[Place]| -> Vec<Place> {
        let young = places.iter().filter(|it| it.timestamp >= 200 * S);
        young.copied().collect()
    };
    for (one, other, is_swapped) in [(&long, &short, false), (&short, &long, true)] {
        let (mut sent, _) = converse(one, other, if is_swapped { 200 * S } else { 0 }, 400 * S);
        if is_swapped {
            sent.reverse();
        }
        assert_eq!(sent, [hashes(&young(&even)), hashes(&young(&odd))]);
    }
}

#[test]
fn a_payload_that_asks_for_the_same_again_and_again_is_refused() {
    let window = Window::new(0, (0..1000).map(|it| place(5 * S, it)).collect());
    let again = SyncRange {
        end: Place {
            timestamp: 5 * S,
            hash: [0xff; 32].into(),
        },
        content: RangeContent::Fingerprint([1; 32]),
    };
    let payload = SyncPayload {
        start: 5 * S,
        ranges: vec![again; MAX_SYNC_ITEMS / 1000 + 1],
        ..SyncPayload::default()
    };
    assert_eq!(window.answer(&payload), Err(TooMuch));
}

fn any_places() -> impl Strategy<Value = BTreeSet<(i64, u64)>> {
    // Few moments, so that many messages share one.
    let timestamp = prop_oneof![0..2000i64, (0..20i64).prop_map(|it| it * 100)];
    proptest::collection::btree_set((timestamp, 0..100_000u64), 0..700)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn two_sets_become_their_union(common in any_places(), one in any_places(), other in any_places()) {
        let side = |own: &BTreeSet<(i64, u64)>| -> Vec<Place> {
            common.union(own).map(|(timestamp, number)| place(*timestamp, *number)).collect()
        };
        let (one, other) = (side(&one), side(&other));
        let windows = [Window::new(0, one.clone()), Window::new(0, other.clone())];
        let (sent, _) = converse(&windows[0], &windows[1], 0, 2000);
        prop_assert_eq!(sent, [difference(&other, &one), difference(&one, &other)]);
    }

    #[test]
    fn any_payload_is_answered_or_refused(places in any_places(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let window = Window::new(500, places.iter().map(|(timestamp, number)| place(*timestamp, *number)).collect());
        // No topics, and a start at zero, so that something of it is read.
        if let Ok(payload) = SyncPayload::decode(&[&[0, 0, 0], &bytes[..]].concat()) {
            let _ = window.answer(&payload);
        }
    }
}
