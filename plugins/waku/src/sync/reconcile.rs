//! Answering a payload from the messages of a window.

use super::{ItemSet, RangeContent, SyncPayload, SyncRange, Window};
use crate::{
    MessageHash, Place,
    limits::{MAX_SYNC_ITEMS, SYNC_ITEM_SET, SYNC_PARTS},
};

/// What to say next, and what is known now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Where the first range begins.
    pub(crate) start: i64,
    /// What to say; nothing if all is settled.
    pub(crate) ranges: Vec<SyncRange>,
    /// What the other side lacks.
    pub(crate) to_send: Vec<MessageHash>,
    /// How many messages are lacking here.
    pub(crate) lacking: usize,
    items: usize,
}

/// A payload that asks for more places than an honest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an answer would list more than {MAX_SYNC_ITEMS} messages")]
pub(crate) struct TooMuch;

impl Window {
    /// Begins a conversation about a time: its fingerprint.
    pub(crate) fn opening(&self, start: i64, end: i64) -> Answer {
        let end = first_of(end);
        let mut answer = Answer {
            start,
            ..Answer::default()
        };
        let fingerprint = self.fingerprint(&self.between(first_of(start), end));
        answer.say(end, RangeContent::Fingerprint(fingerprint));
        answer
    }

    /// Answers what the other side has said.
    pub(crate) fn answer(&self, payload: &SyncPayload) -> Result<Answer, TooMuch> {
        let mut answer = Answer {
            start: payload.start,
            ..Answer::default()
        };
        let mut start = payload.start;
        for range in &payload.ranges {
            self.answer_range(&mut answer, start, range)?;
            start = range.end.timestamp;
        }
        if answer.ranges.iter().all(|it| it.content == RangeContent::Skip) {
            answer.ranges.clear();
        }
        Ok(answer)
    }

    fn answer_range(&self, answer: &mut Answer, start: i64, range: &SyncRange) -> Result<(), TooMuch> {
        let end = range.end;
        let is_cut = start < self.floor;
        if range.content == RangeContent::Skip || end.timestamp < self.floor {
            answer.say(end, RangeContent::Skip);
            return Ok(());
        }
        if is_cut {
            answer.say(first_of(self.floor), RangeContent::Skip);
        }
        let start = first_of(start.max(self.floor));
        let ours = self.between(start, end);
        match &range.content {
            RangeContent::Fingerprint(theirs) if !is_cut && *theirs == self.fingerprint(&ours) => {
                answer.say(end, RangeContent::Skip);
                Ok(())
            }
            RangeContent::Items(theirs) => {
                let ours = self.places(ours);
                answer.compare(ours, theirs.items.iter().filter(|it| it.timestamp >= self.floor))?;
                match theirs.is_reconciled {
                    true => answer.say(end, RangeContent::Skip),
                    false => answer.list(end, ours, true)?,
                }
                Ok(())
            }
            _ => self.divide(answer, start, end),
        }
    }

    /// Says about a range that differs, or about the parts of it, what is here.
    fn divide(&self, answer: &mut Answer, start: Place, end: Place) -> Result<(), TooMuch> {
        let span = end.timestamp.saturating_sub(start.timestamp);
        let parts = match self.between(start, end).len() {
            // Nothing lies between the parts of so short a time.
            more if more > SYNC_ITEM_SET && span >= SYNC_PARTS => SYNC_PARTS,
            _ => return self.tell(answer, start, end),
        };
        let (part, mut rest) = (span / parts, span % parts);
        let mut start = start;
        for number in 1..=parts {
            let length = part + i64::from(rest > 0);
            rest = (rest - 1).max(0);
            let part_end = match number == parts {
                true => end,
                false => first_of(start.timestamp + length),
            };
            let range = self.between(start, part_end);
            match range.len() > SYNC_ITEM_SET {
                true => answer.say(part_end, RangeContent::Fingerprint(self.fingerprint(&range))),
                false => self.tell(answer, start, part_end)?,
            }
            start = part_end;
        }
        Ok(())
    }

    /// Lists a range. Whoever has nothing need not be told what the other side has.
    fn tell(&self, answer: &mut Answer, start: Place, end: Place) -> Result<(), TooMuch> {
        let ours = self.places(self.between(start, end));
        answer.list(end, ours, ours.is_empty())
    }
}

impl Answer {
    /// The payload of it.
    pub(crate) fn payload(&self, pubsub_topics: Vec<String>) -> SyncPayload {
        SyncPayload {
            pubsub_topics,
            content_topics: Vec::new(),
            start: self.start,
            ranges: self.ranges.clone(),
        }
    }

    /// Two ranges in a row about which there is nothing to say are one.
    fn say(&mut self, end: Place, content: RangeContent) {
        match self.ranges.last_mut() {
            Some(last) if content == RangeContent::Skip && last.content == RangeContent::Skip => {
                last.end = end;
            }
            _ => self.ranges.push(SyncRange { end, content }),
        }
    }

    fn list(&mut self, end: Place, places: &[Place], is_reconciled: bool) -> Result<(), TooMuch> {
        self.count(places.len())?;
        let set = ItemSet {
            items: places.to_vec(),
            is_reconciled,
        };
        self.say(end, RangeContent::Items(set));
        Ok(())
    }

    /// Notes what is on one side only. Both lists are in order.
    fn compare<'a>(
        &mut self,
        ours: &[Place],
        theirs: impl Iterator<Item = &'a Place>,
    ) -> Result<(), TooMuch> {
        self.count(ours.len())?;
        let mut ours = ours.iter().peekable();
        for their in theirs {
            while let Some(our) = ours.next_if(|our| *our < their) {
                self.to_send.push(our.hash);
            }
            if ours.next_if_eq(&their).is_none() {
                self.lacking += 1;
            }
        }
        self.to_send.extend(ours.map(|our| our.hash));
        Ok(())
    }

    /// Ranges of one moment may lie over each other, so that a short payload could ask for the same places again and
    /// again.
    fn count(&mut self, items: usize) -> Result<(), TooMuch> {
        self.items += items;
        match self.items > MAX_SYNC_ITEMS {
            true => Err(TooMuch),
            false => Ok(()),
        }
    }
}

/// The first place of a time.
fn first_of(timestamp: i64) -> Place {
    Place {
        timestamp,
        hash: [0; 32].into(),
    }
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
