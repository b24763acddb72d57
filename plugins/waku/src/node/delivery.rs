//! From the network to the consumers: subscriptions, receivers, and each message only once.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use libp2p::PeerId;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{SubscribeError, seen::Seen, stats::Counters};
use crate::{
    MessageHash, PubsubTopic, Shards, WakuMessage,
    limits::{DELIVERED_TTL, MAX_CONTENT_TOPICS, MAX_RECEIVERS},
};

/// A message as a consumer gets it.
#[derive(Debug, Clone)]
pub struct ReceivedMessage {
    /// The deterministic hash, which identifies the message everywhere.
    pub hash: MessageHash,
    /// The shard it travelled on.
    pub pubsub_topic: PubsubTopic,
    /// The message.
    pub message: Arc<WakuMessage>,
    /// Who sent it.
    pub origin: Origin,
    /// How many messages this receiver missed just before this one because its queue was full.
    pub missed_before: u64,
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This node published it.
    Local,
    /// This peer forwarded it; the author isn't known.
    Peer(PeerId),
}

/// The receiving end of [`Node::messages`](crate::Node::messages). Dropping it gives its place free.
#[derive(Debug)]
pub struct MessageReceiver(mpsc::Receiver<ReceivedMessage>);

impl MessageReceiver {
    /// The next message; `None` after the node has stopped and the queue is empty. Cancelling loses nothing.
    pub async fn recv(&mut self) -> Option<ReceivedMessage> {
        self.0.recv().await
    }

    /// The next message if one is waiting.
    pub fn try_recv(&mut self) -> Option<ReceivedMessage> {
        self.0.try_recv().ok()
    }
}

/// Shared between the node's handle and its driver. The lock is held for no longer than one message takes.
pub(super) struct Delivery(Mutex<State>);

/// Content topics on each pubsub topic.
pub(super) type Criteria = BTreeMap<PubsubTopic, BTreeSet<String>>;

/// What is subscribed to of a shard.
pub(super) enum Wanted {
    /// All of it.
    All,
    /// These content topics.
    Topics(BTreeSet<String>),
}

struct State {
    content: HashSet<String>,
    shards: BTreeSet<PubsubTopic>,
    filtered: Criteria,
    receivers: Vec<Receiver>,
    seen: Seen,
    queue: usize,
    closed: bool,
}

struct Receiver {
    sender: mpsc::Sender<ReceivedMessage>,
    missed: u64,
}

impl Delivery {
    /// Receivers get a queue of `queue` messages each.
    pub(super) fn new(queue: usize) -> Self {
        Self(Mutex::new(State {
            content: HashSet::new(),
            shards: BTreeSet::new(),
            receivers: Vec::new(),
            seen: Seen::new(DELIVERED_TTL),
            filtered: Criteria::new(),
            queue,
            closed: false,
        }))
    }

    pub(super) fn receiver(&self) -> Result<MessageReceiver, SubscribeError> {
        let mut state = self.lock();
        state.receivers.retain(|receiver| !receiver.sender.is_closed());
        if state.receivers.len() == MAX_RECEIVERS {
            return Err(SubscribeError::TooManyReceivers(MAX_RECEIVERS));
        }
        let (sender, receiver) = mpsc::channel(state.queue);
        if !state.closed {
            state.receivers.push(Receiver { sender, missed: 0 });
        }
        Ok(MessageReceiver(receiver))
    }

    pub(super) fn subscribe(&self, topics: Vec<String>) -> Result<(), SubscribeError> {
        let mut state = self.lock();
        let fresh = topics
            .iter()
            .filter(|topic| !state.content.contains(*topic))
            .count();
        if state.content.len() + fresh > MAX_CONTENT_TOPICS {
            return Err(SubscribeError::TooManyTopics(MAX_CONTENT_TOPICS));
        }
        state.content.extend(topics);
        Ok(())
    }

    pub(super) fn unsubscribe(&self, topics: &[String]) {
        let mut state = self.lock();
        for topic in topics {
            state.content.remove(topic);
        }
    }

    pub(super) fn subscribe_shards(&self, shards: &[PubsubTopic]) {
        self.lock().shards.extend(shards);
    }

    pub(super) fn unsubscribe_shards(&self, shards: &[PubsubTopic]) {
        self.lock().shards.retain(|shard| !shards.contains(shard));
    }

    /// What is subscribed to at filter services, all of it.
    pub(super) fn set_filtered(&self, criteria: Criteria) {
        self.lock().filtered = criteria;
    }

    /// The shards that the subscriptions need.
    pub(super) fn needed_shards(&self, sharding: Shards) -> BTreeSet<PubsubTopic> {
        let state = self.lock();
        let of_content = state
            .content
            .iter()
            .filter_map(|topic| sharding.of_text(topic).ok());
        of_content.chain(state.shards.iter().copied()).collect()
    }

    /// The shards that somebody has subscribed to something of, here or at a service.
    pub(super) fn wanted_shards(&self, sharding: Shards) -> BTreeSet<PubsubTopic> {
        let mut shards = self.needed_shards(sharding);
        shards.extend(self.lock().filtered.keys());
        shards
    }

    /// What is subscribed to of a shard.
    pub(super) fn wanted_of(&self, shard: PubsubTopic, sharding: Shards) -> Wanted {
        let state = self.lock();
        if state.shards.contains(&shard) {
            return Wanted::All;
        }
        // With static sharding a content topic may come on any shard.
        let is_there = |topic: &&String| sharding.of_text(topic).map_or(true, |of| of == shard);
        let content = state.content.iter().filter(is_there);
        let filtered = state.filtered.get(&shard).into_iter().flatten();
        Wanted::Topics(content.chain(filtered).cloned().collect())
    }

    /// Whether every receiver has room for so many messages, or for as many as it ever has.
    pub(super) fn has_room(&self, count: usize) -> bool {
        let state = self.lock();
        let enough = count.min(state.queue);
        let has_room = |it: &Receiver| it.sender.is_closed() || it.sender.capacity() >= enough;
        state.receivers.iter().all(has_room)
    }

    /// Hands a message to every receiver if somebody wants it and nobody had it; whether that was so.
    pub(super) fn deliver(&self, received: ReceivedMessage, now: Instant, counters: &Counters) -> bool {
        let mut state = self.lock();
        let wanted = state.content.contains(&received.message.content_topic)
            || state.shards.contains(&received.pubsub_topic)
            || state
                .filtered
                .get(&received.pubsub_topic)
                .is_some_and(|topics| topics.contains(&received.message.content_topic));
        if !wanted || !state.seen.insert(received.hash, now) {
            return false;
        }
        state
            .receivers
            .retain_mut(|receiver| receiver.offer(&received, counters));
        true
    }

    /// What was delivered of late, with its age.
    pub(super) fn delivered(&self, now: Instant) -> Vec<(MessageHash, Duration)> {
        self.lock().seen.ages(now)
    }

    /// Counts messages as delivered.
    pub(super) fn remember(&self, delivered: Vec<(MessageHash, Duration)>, now: Instant) {
        let mut state = self.lock();
        for (hash, age) in delivered {
            // A clock that has not run for so long takes it as delivered now.
            state.seen.insert(hash, now.checked_sub(age).unwrap_or(now));
        }
    }

    /// Ends all receivers, once they have read what is waiting.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.receivers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock leaves the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Whether the receiver is still there.
    fn offer(&mut self, received: &ReceivedMessage, counters: &Counters) -> bool {
        match self.sender.try_send(ReceivedMessage {
            missed_before: self.missed,
            ..received.clone()
        }) {
            Ok(()) => {
                self.missed = 0;
                counters.delivered.add();
                true
            }
            Err(TrySendError::Full(_)) => {
                self.missed += 1;
                counters.missed.add();
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(number: u8) -> ReceivedMessage {
        let message = WakuMessage {
            payload: vec![number],
            content_topic: "/a/1/b/c".into(),
            ..WakuMessage::default()
        };
        let pubsub_topic = PubsubTopic::new(9, 0).unwrap();
        ReceivedMessage {
            hash: message.hash(&pubsub_topic.to_string()),
            pubsub_topic,
            message: Arc::new(message),
            origin: Origin::Local,
            missed_before: 0,
        }
    }

    #[test]
    fn only_what_somebody_subscribed_to_is_delivered_and_only_once() {
        let (delivery, counters, now) = (Delivery::new(8), Counters::default(), Instant::now());
        let mut receiver = delivery.receiver().unwrap();
        delivery.deliver(received(1), now, &counters);
        assert!(receiver.try_recv().is_none(), "nobody subscribed");

        delivery.subscribe(vec!["/a/1/b/c".into()]).unwrap();
        delivery.deliver(received(1), now, &counters);
        delivery.deliver(received(1), now, &counters);
        assert_eq!(receiver.try_recv().unwrap().hash, received(1).hash);
        assert!(receiver.try_recv().is_none(), "the second is a duplicate");

        delivery.unsubscribe(&["/a/1/b/c".into()]);
        delivery.subscribe_shards(&[PubsubTopic::new(9, 0).unwrap()]);
        delivery.deliver(received(2), now, &counters);
        assert_eq!(receiver.try_recv().unwrap().hash, received(2).hash);
        delivery.unsubscribe_shards(&[PubsubTopic::new(9, 0).unwrap()]);
        delivery.deliver(received(3), now, &counters);
        assert!(receiver.try_recv().is_none(), "unsubscribed");
    }

    #[test]
    fn a_full_receiver_misses_counted_messages_and_others_do_not() {
        let (delivery, counters, now) = (Delivery::new(2), Counters::default(), Instant::now());
        delivery.subscribe(vec!["/a/1/b/c".into()]).unwrap();
        let (mut slow, mut quick) = (delivery.receiver().unwrap(), delivery.receiver().unwrap());
        for number in 0..5 {
            delivery.deliver(received(number), now, &counters);
            assert_eq!(quick.try_recv().unwrap().missed_before, 0);
        }
        assert_eq!(counters.snapshot().missed, 3);
        assert_eq!(slow.try_recv().unwrap().missed_before, 0);
        delivery.deliver(received(5), now, &counters);
        assert_eq!(slow.try_recv().unwrap().missed_before, 0);
        let after_gap = slow.try_recv().unwrap();
        assert_eq!((after_gap.message.payload[0], after_gap.missed_before), (5, 3));
    }

    #[test]
    fn receivers_are_bounded_and_dropping_one_gives_its_place_free() {
        let delivery = Delivery::new(1);
        let mut all: Vec<_> = (0..MAX_RECEIVERS).map(|_| delivery.receiver().unwrap()).collect();
        assert_eq!(
            delivery.receiver().unwrap_err().to_string(),
            "more than 16 receivers"
        );
        all.pop();
        assert!(delivery.receiver().is_ok());
    }

    #[test]
    fn content_topics_are_bounded() {
        let delivery = Delivery::new(1);
        let topics = |range: std::ops::Range<usize>| range.map(|n| format!("/a/1/{n}/c")).collect::<Vec<_>>();
        delivery.subscribe(topics(0..MAX_CONTENT_TOPICS)).unwrap();
        delivery.subscribe(topics(0..9)).unwrap();
        let error = delivery
            .subscribe(topics(MAX_CONTENT_TOPICS..MAX_CONTENT_TOPICS + 1))
            .unwrap_err();
        assert_eq!(error.to_string(), "more than 4096 content topics");
    }
}
