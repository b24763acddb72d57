//! The times in which messages of a shard may have been missed. Knows no network.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use crate::{
    MessageHash, PubsubTopic,
    limits::{CATCH_UP_MARGIN, CATCH_UP_PAUSE, CATCH_UP_SETTLE, RESUME_RANGE},
};

#[derive(Default)]
pub(super) struct Gaps {
    gaps: BTreeMap<PubsubTopic, Gap>,
    /// The shards that messages come in from.
    coming: BTreeSet<PubsubTopic>,
}

/// A gap of one shard.
struct Gap {
    /// Nanoseconds since 1970.
    since: i64,
    /// What was delivered shortly before it, which is forgotten when the gap is long.
    known: HashSet<MessageHash>,
    state: State,
}

enum State {
    /// Nothing comes in.
    Open,
    /// Messages come in again since this time; when to fetch what is missing.
    Closed { until: i64, due: Instant },
    /// It is being fetched.
    Filling { until: i64 },
}

/// What is to be fetched for one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) pubsub_topic: PubsubTopic,
    /// Nanoseconds since 1970.
    pub(crate) time: RangeInclusive<i64>,
    pub(crate) known: HashSet<MessageHash>,
}

impl Gaps {
    /// Notes which shards messages come in from. What is not wanted any more is forgotten. `delivered` is what was told
    /// shortly before.
    pub(super) fn observe(
        &mut self,
        wanted: &BTreeSet<PubsubTopic>,
        comes_in: &BTreeMap<PubsubTopic, bool>,
        delivered: impl Fn() -> HashSet<MessageHash>,
        time: i64,
        now: Instant,
    ) {
        self.gaps.retain(|shard, _| wanted.contains(shard));
        self.coming.retain(|shard| wanted.contains(shard));
        for (shard, comes_in) in comes_in.iter().filter(|(shard, _)| wanted.contains(shard)) {
            match (self.gaps.get_mut(shard), comes_in) {
                (None, true) => {}
                // The last messages before it may have been lost with the connection.
                (None, false) if self.coming.contains(shard) => {
                    self.open(*shard, time.saturating_sub(nanos(CATCH_UP_MARGIN)), delivered());
                }
                (None, false) => self.open(*shard, time, HashSet::new()),
                (Some(gap), true) => gap.close(time, now),
                (Some(gap), false) => gap.state = State::Open,
            }
            match comes_in {
                true => self.coming.insert(*shard),
                false => self.coming.remove(shard),
            };
        }
    }

    /// Notes that nothing came in from these shards from this time on.
    pub(super) fn restore(&mut self, shards: impl IntoIterator<Item = (PubsubTopic, i64)>) {
        for (shard, since) in shards {
            self.open(
                shard,
                since.saturating_sub(nanos(CATCH_UP_MARGIN)),
                HashSet::new(),
            );
        }
    }

    fn open(&mut self, shard: PubsubTopic, since: i64, known: HashSet<MessageHash>) {
        let state = State::Open;
        self.gaps.insert(shard, Gap { since, known, state });
    }

    /// Whether a gap is to be filled.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.gaps.values().any(|gap| gap.is_due(now))
    }

    /// The next gap that is to be filled.
    pub(super) fn due(&mut self, time: i64, now: Instant) -> Option<Missing> {
        let (shard, gap) = self.gaps.iter_mut().find(|(_, gap)| gap.is_due(now))?;
        let State::Closed { until, .. } = gap.state else {
            return None;
        };
        gap.state = State::Filling { until };
        let oldest = time.saturating_sub(nanos(RESUME_RANGE));
        Some(Missing {
            pubsub_topic: *shard,
            time: gap.since.max(oldest)..=until.saturating_add(nanos(CATCH_UP_MARGIN)),
            known: gap.known.clone(),
        })
    }

    /// Notes whether a gap was filled; if not, it is tried again.
    pub(super) fn filled(&mut self, shard: PubsubTopic, is_filled: bool, now: Instant) {
        let Some(gap) = self.gaps.get_mut(&shard) else {
            return;
        };
        if let State::Filling { until } = gap.state {
            match is_filled {
                true => drop(self.gaps.remove(&shard)),
                false => {
                    let due = now + CATCH_UP_PAUSE;
                    gap.state = State::Closed { until, due };
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.gaps.len()
    }

    /// For a successor: since when something may be missing of these shards, from which nothing comes in now.
    pub(super) fn export(&self, shards: BTreeSet<PubsubTopic>, time: i64) -> Vec<(PubsubTopic, i64)> {
        let since = |shard: PubsubTopic| {
            let known = self.gaps.get(&shard).map(|gap| gap.since);
            (shard, known.unwrap_or(time))
        };
        shards.into_iter().map(since).collect()
    }
}

impl Gap {
    fn is_due(&self, now: Instant) -> bool {
        matches!(self.state, State::Closed { due, .. } if due <= now)
    }

    /// A store needs a moment, and so does a subscription at a service.
    fn close(&mut self, until: i64, now: Instant) {
        if let State::Open = self.state {
            let due = now + CATCH_UP_SETTLE;
            self.state = State::Closed { until, due };
        }
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nanoseconds of a second, and some moment.
    const S: i64 = 1_000_000_000;
    const T: i64 = 1_700_000_000 * S;

    fn shard(number: u16) -> PubsubTopic {
        PubsubTopic::new(9, number).unwrap()
    }

    fn before() -> HashSet<MessageHash> {
        [MessageHash::from([1; 32])].into()
    }

    fn margin() -> i64 {
        nanos(CATCH_UP_MARGIN)
    }

    /// Messages come in from these shards, or not; no others are wanted.
    fn observe(gaps: &mut Gaps, shards: &[(u16, bool)], time: i64, now: Instant) {
        let comes_in: BTreeMap<_, _> = shards
            .iter()
            .map(|(number, comes_in)| (shard(*number), *comes_in))
            .collect();
        let wanted = comes_in.keys().copied().collect();
        gaps.observe(&wanted, &comes_in, before, time, now);
    }

    #[test]
    fn a_gap_is_filled_a_moment_after_it_has_closed() {
        let (mut gaps, start) = (Gaps::default(), Instant::now());
        observe(&mut gaps, &[(1, true), (2, true)], T - S, start);
        observe(&mut gaps, &[(1, false), (2, true)], T, start);
        assert!(!gaps.is_due(start + CATCH_UP_SETTLE), "nothing comes in yet");
        observe(&mut gaps, &[(1, true), (2, true)], T + 60 * S, start);
        observe(&mut gaps, &[(1, true), (2, true)], T + 61 * S, start);
        assert_eq!(gaps.due(T, start), None);
        let missing = Missing {
            pubsub_topic: shard(1),
            time: T - margin()..=T + 60 * S + margin(),
            known: before(),
        };
        let then = start + CATCH_UP_SETTLE;
        assert!(gaps.is_due(then));
        assert_eq!(gaps.due(T + 63 * S, then), Some(missing.clone()));
        assert_eq!(gaps.due(T + 63 * S, then), None, "it is being filled");
        gaps.filled(shard(1), false, then);
        assert_eq!(gaps.due(T + 63 * S, then), None, "not at once again");
        assert_eq!(gaps.due(T + 63 * S, then + CATCH_UP_PAUSE), Some(missing));
        gaps.filled(shard(1), true, then);
        assert_eq!(gaps.len(), 0);
    }

    #[test]
    fn of_a_new_subscription_nothing_from_before_is_missing() {
        let (mut gaps, now) = (Gaps::default(), Instant::now());
        observe(&mut gaps, &[(1, false)], T, now);
        observe(&mut gaps, &[(1, true)], T + S, now);
        let missing = gaps.due(T + 4 * S, now + CATCH_UP_SETTLE).unwrap();
        assert_eq!((*missing.time.start(), missing.known.len()), (T, 0));
    }

    #[test]
    fn a_gap_that_opens_again_while_it_is_filled_stays() {
        let (mut gaps, now) = (Gaps::default(), Instant::now());
        gaps.restore([(shard(1), T)]);
        observe(&mut gaps, &[(1, true)], T + S, now);
        let then = now + CATCH_UP_SETTLE;
        assert!(gaps.due(T + S, then).is_some());
        observe(&mut gaps, &[(1, false)], T + 2 * S, then);
        gaps.filled(shard(1), true, then);
        observe(&mut gaps, &[(1, true)], T + 9 * S, then);
        let missing = gaps.due(T + 9 * S, then + CATCH_UP_SETTLE).unwrap();
        assert_eq!(missing.time, T - margin()..=T + 9 * S + margin());
    }

    #[test]
    fn no_more_than_some_hours_are_fetched_and_nothing_of_a_shard_that_nobody_wants() {
        let (mut gaps, now) = (Gaps::default(), Instant::now());
        gaps.restore([(shard(1), 0), (shard(2), T)]);
        observe(&mut gaps, &[(1, true)], T, now);
        assert_eq!(gaps.len(), 1);
        let missing = gaps.due(T, now + CATCH_UP_SETTLE).unwrap();
        assert_eq!(*missing.time.start(), T - nanos(RESUME_RANGE));
    }

    #[test]
    fn a_successor_begins_with_what_was_missing_before() {
        let mut gaps = Gaps::default();
        gaps.restore([(shard(1), 5)]);
        let export = gaps.export([shard(1), shard(2)].into(), T);
        assert_eq!(export, [(shard(1), 5 - margin()), (shard(2), T)]);
    }
}
