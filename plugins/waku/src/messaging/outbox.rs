//! The messages that are on their way out, and what is to be done about each. Knows no network.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use crate::{
    MessageHash, PubsubTopic, WakuMessage,
    limits::{CONFIRM_PERIOD, MAX_OUTBOX, MAX_OUTBOX_BYTES, SEND_AT_ONCE, SEND_PAUSE, SEND_WINDOW},
};

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Another one for each message that was taken, also of the same message.
    pub request_id: String,
    /// The hash of the message.
    pub hash: MessageHash,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendNews {
    /// A peer has taken it, for the first time.
    Propagated(Receipt),
    /// It is in the store of a peer.
    Sent(Receipt),
    /// No peer has taken it; carries what was said last.
    NotPropagated(Receipt, String),
    /// Peers have taken it, and it was not seen in a store.
    NotConfirmed(Receipt),
}

/// A message that waits, as a successor takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The receipt.
    pub receipt: Receipt,
    /// The shard.
    pub pubsub_topic: PubsubTopic,
    /// The message.
    pub message: WakuMessage,
    /// How long ago it was taken, or first propagated if it was.
    pub age: Duration,
    /// Whether it was propagated.
    pub is_propagated: bool,
}

/// An attempt to send.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) number: u64,
    pub(super) pubsub_topic: PubsubTopic,
    pub(super) message: WakuMessage,
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another attempt may work.
    Passing(String),
    /// No attempt will.
    Final(String),
}

#[derive(Default)]
pub(super) struct Outbox {
    tasks: BTreeMap<u64, Task>,
    next: u64,
    bytes: usize,
}

struct Task {
    receipt: Receipt,
    pubsub_topic: PubsubTopic,
    message: WakuMessage,
    taken: Instant,
    propagated: Option<Instant>,
    state: State,
    /// Until it is sent again although it was propagated; doubles each time.
    pause: Duration,
    last_failure: String,
}

enum State {
    /// To be sent, not before this.
    Due(Instant),
    /// Being sent.
    Trying,
    /// To be looked for in stores; last sent then.
    Propagated(Instant),
}

impl Task {
    fn new(pending: Pending, now: Instant) -> Self {
        // A clock that has not run for so long takes it as of now.
        let since = now.checked_sub(pending.age).unwrap_or(now);
        Self {
            receipt: pending.receipt,
            pubsub_topic: pending.pubsub_topic,
            message: pending.message,
            taken: since,
            propagated: pending.is_propagated.then_some(since),
            state: match pending.is_propagated {
                true => State::Propagated(since),
                false => State::Due(now),
            },
            pause: CONFIRM_PERIOD,
            last_failure: "no peer could be asked".to_owned(),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.message.payload.len() + self.message.content_topic.len()
    }

    /// When it is given up.
    fn deadline(&self) -> Instant {
        self.propagated.unwrap_or(self.taken) + SEND_WINDOW
    }
}

impl Outbox {
    /// Takes a message; whether there is room for it.
    pub(super) fn take(&mut self, pending: Pending, now: Instant) -> bool {
        let task = Task::new(pending, now);
        let bytes = self.bytes + task.size();
        if self.tasks.len() >= MAX_OUTBOX || bytes > MAX_OUTBOX_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.tasks.insert(self.next, task);
        self.next += 1;
        true
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// What is to be sent now, so that no more than [`SEND_AT_ONCE`] are being sent.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Attempt> {
        let trying = |task: &&Task| matches!(task.state, State::Trying);
        let room = SEND_AT_ONCE.saturating_sub(self.tasks.values().filter(trying).count());
        let is_due = |(_, task): &(&u64, &mut Task)| matches!(task.state, State::Due(at) if at <= now);
        let due = self.tasks.iter_mut().filter(is_due).take(room);
        due.map(|(number, task)| {
            task.state = State::Trying;
            Attempt {
                number: *number,
                pubsub_topic: task.pubsub_topic,
                message: task.message.clone(),
            }
        })
        .collect()
    }

    /// Notes how an attempt ended.
    pub(super) fn attempted(
        &mut self,
        number: u64,
        outcome: Result<(), Failure>,
        now: Instant,
    ) -> Option<SendNews> {
        let task = self.tasks.get_mut(&number)?;
        match outcome {
            Ok(()) => {
                task.state = State::Propagated(now);
                if task.propagated.is_some() {
                    return None;
                }
                task.propagated = Some(now);
                let receipt = task.receipt.clone();
                if task.message.ephemeral {
                    self.remove(number);
                }
                Some(SendNews::Propagated(receipt))
            }
            // Whoever has it already may refuse it, and it may be in a store all the same.
            Err(_) if task.propagated.is_some() => {
                task.state = State::Propagated(now);
                None
            }
            Err(Failure::Passing(text)) => {
                task.state = State::Due(now + SEND_PAUSE);
                task.last_failure = text;
                None
            }
            Err(Failure::Final(text)) => {
                let task = self.remove(number)?;
                Some(SendNews::NotPropagated(task.receipt, text))
            }
        }
    }

    /// What is to be looked for in stores: what was sent some seconds ago.
    pub(super) fn unconfirmed(&self, now: Instant) -> Vec<MessageHash> {
        let waits = |task: &&Task| matches!(task.state, State::Propagated(at) if now.saturating_duration_since(at) >= CONFIRM_PERIOD);
        let tasks = self.tasks.values().filter(waits);
        tasks.map(|task| task.receipt.hash).collect()
    }

    /// Notes what a store said about these hashes. What it lacks is sent again, with growing pauses.
    pub(super) fn answered(
        &mut self,
        asked: &[MessageHash],
        found: &HashSet<MessageHash>,
        now: Instant,
    ) -> Vec<SendNews> {
        let asked: HashSet<&MessageHash> = asked.iter().collect();
        let mut confirmed = Vec::new();
        for (number, task) in &mut self.tasks {
            if found.contains(&task.receipt.hash) && task.propagated.is_some() {
                confirmed.push(*number);
            } else if let State::Propagated(at) = task.state
                && asked.contains(&task.receipt.hash)
                && now.saturating_duration_since(at) >= task.pause
            {
                task.pause *= 2;
                task.state = State::Due(now);
            }
        }
        let tasks = confirmed.into_iter().filter_map(|number| self.remove(number));
        tasks.map(|task| SendNews::Sent(task.receipt)).collect()
    }

    /// Gives up what has waited for too long.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<SendNews> {
        let is_over = |(_, task): &(&u64, &Task)| task.deadline() <= now;
        let over: Vec<u64> = self
            .tasks
            .iter()
            .filter(is_over)
            .map(|(number, _)| *number)
            .collect();
        let tasks = over.into_iter().filter_map(|number| self.remove(number));
        tasks
            .map(|task| match task.propagated {
                Some(_) => SendNews::NotConfirmed(task.receipt),
                None => SendNews::NotPropagated(task.receipt, task.last_failure),
            })
            .collect()
    }

    /// What waits, for a successor.
    pub(super) fn pending(&self, now: Instant) -> Vec<Pending> {
        let pending = |task: &Task| Pending {
            receipt: task.receipt.clone(),
            pubsub_topic: task.pubsub_topic,
            message: task.message.clone(),
            age: now.saturating_duration_since(task.propagated.unwrap_or(task.taken)),
            is_propagated: task.propagated.is_some(),
        };
        self.tasks.values().map(pending).collect()
    }

    fn remove(&mut self, number: u64) -> Option<Task> {
        let task = self.tasks.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(task.size());
        Some(task)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
