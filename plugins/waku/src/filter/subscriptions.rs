//! Who has subscribed to what. Knows no network and no clock.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use libp2p::PeerId;

use super::wire::{Ask, Criteria};
use crate::{
    FilterConfig, PubsubTopic, Refusal, Status,
    limits::{FILTER_CRITERION_BYTES, MAX_FILTER_BYTES, MAX_FILTER_CONTENT_TOPIC, MAX_FILTER_TOPICS},
};

type Criterion = (PubsubTopic, Arc<str>);

/// The subscribers of a service.
pub(crate) struct Subscriptions {
    limits: FilterConfig,
    subscribers: HashMap<PeerId, Subscriber>,
    by_criterion: HashMap<Criterion, HashSet<PeerId>>,
    /// What all of it takes.
    bytes: usize,
}

struct Subscriber {
    criteria: HashSet<Criterion>,
    seen: Instant,
}

impl Subscriptions {
    pub(crate) fn new(limits: FilterConfig) -> Self {
        Self {
            limits,
            subscribers: HashMap::new(),
            by_criterion: HashMap::new(),
            bytes: 0,
        }
    }

    /// Does what a peer asks for.
    pub(crate) fn ask(&mut self, peer: PeerId, ask: &Ask, now: Instant) -> Result<(), Refusal> {
        match ask {
            Ask::Ping => {
                self.subscriber(&peer, now)?.seen = now;
                Ok(())
            }
            Ask::Subscribe(criteria) => self.subscribe(peer, read(criteria)?, now),
            Ask::Unsubscribe(criteria) => self.unsubscribe(&peer, &read(criteria)?, now),
            Ask::UnsubscribeAll => {
                self.subscriber(&peer, now)?;
                self.remove(&peer);
                Ok(())
            }
        }
    }

    /// The subscribers and what they want, in its order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PeerId, Vec<(PubsubTopic, String)>)> {
        self.subscribers.iter().map(|(peer, subscriber)| {
            let criteria = subscriber.criteria.iter();
            let mut criteria: Vec<_> = criteria
                .map(|(shard, topic)| (*shard, topic.to_string()))
                .collect();
            criteria.sort();
            (*peer, criteria)
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// Who shall have a message of this topic.
    pub(crate) fn subscribers_of(
        &self,
        pubsub_topic: PubsubTopic,
        content_topic: &str,
        now: Instant,
    ) -> Vec<PeerId> {
        let wanting = self.by_criterion.get(&(pubsub_topic, content_topic.into()));
        wanting
            .into_iter()
            .flatten()
            .filter(|peer| self.is_alive(peer, now))
            .copied()
            .collect()
    }

    /// Forgets a subscriber.
    pub(crate) fn remove(&mut self, peer: &PeerId) {
        let Some(subscriber) = self.subscribers.remove(peer) else {
            return;
        };
        for criterion in subscriber.criteria {
            self.unlink(peer, &criterion);
        }
    }

    /// Forgets those of whom nothing was heard for too long, and says who they were.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<PeerId> {
        let gone: Vec<PeerId> = self
            .subscribers
            .keys()
            .filter(|peer| !self.is_alive(peer, now))
            .copied()
            .collect();
        for peer in &gone {
            self.remove(peer);
        }
        gone
    }

    pub(crate) fn contains(&self, peer: &PeerId) -> bool {
        self.subscribers.contains_key(peer)
    }

    fn subscribe(&mut self, peer: PeerId, criteria: HashSet<Criterion>, now: Instant) -> Result<(), Refusal> {
        let full = |text: String| Refusal::new(Status::SERVICE_UNAVAILABLE, text);
        if !self.contains(&peer) && self.subscribers.len() >= self.limits.max_peers {
            self.expire(now);
        }
        let known = self.subscribers.get(&peer);
        if known.is_none() && self.subscribers.len() >= self.limits.max_peers {
            let text = "node has reached maximum number of subscriptions";
            return Err(full(format!("{text}: {}", self.limits.max_peers)));
        }
        let is_fresh =
            |criterion: &&Criterion| known.is_none_or(|known| !known.criteria.contains(*criterion));
        let fresh: Vec<&Criterion> = criteria.iter().filter(is_fresh).collect();
        if known.map_or(0, |known| known.criteria.len()) + fresh.len() > self.limits.max_criteria {
            let text = "peer has reached maximum number of filter criteria";
            return Err(full(text.to_owned()));
        }
        let bytes: usize = fresh.iter().map(|criterion| cost(criterion)).sum();
        if self.bytes + bytes > MAX_FILTER_BYTES {
            let text = "node has reached maximum size of filter criteria";
            return Err(full(format!("{text}: {MAX_FILTER_BYTES}")));
        }
        self.bytes += bytes;
        for criterion in &criteria {
            self.by_criterion
                .entry(criterion.clone())
                .or_default()
                .insert(peer);
        }
        let subscriber = self.subscribers.entry(peer).or_insert_with(|| Subscriber {
            criteria: HashSet::new(),
            seen: now,
        });
        subscriber.criteria.extend(criteria);
        subscriber.seen = now;
        Ok(())
    }

    /// Also when some of the criteria are unknown, the others are gone.
    fn unsubscribe(
        &mut self,
        peer: &PeerId,
        criteria: &HashSet<Criterion>,
        now: Instant,
    ) -> Result<(), Refusal> {
        let subscriber = self.subscriber(peer, now)?;
        subscriber.seen = now;
        let known: Vec<Criterion> = criteria
            .iter()
            .filter(|criterion| subscriber.criteria.remove(*criterion))
            .cloned()
            .collect();
        if subscriber.criteria.is_empty() {
            self.subscribers.remove(peer);
        }
        for criterion in &known {
            self.unlink(peer, criterion);
        }
        if known.len() == criteria.len() {
            Ok(())
        } else {
            Err(no_subscriptions())
        }
    }

    fn unlink(&mut self, peer: &PeerId, criterion: &Criterion) {
        self.bytes -= cost(criterion);
        if let Some(peers) = self.by_criterion.get_mut(criterion) {
            peers.remove(peer);
            if peers.is_empty() {
                self.by_criterion.remove(criterion);
            }
        }
    }

    fn subscriber(&mut self, peer: &PeerId, now: Instant) -> Result<&mut Subscriber, Refusal> {
        if !self.is_alive(peer, now) {
            self.remove(peer);
        }
        self.subscribers.get_mut(peer).ok_or_else(no_subscriptions)
    }

    fn is_alive(&self, peer: &PeerId, now: Instant) -> bool {
        let age = |subscriber: &Subscriber| now.saturating_duration_since(subscriber.seen);
        self.subscribers
            .get(peer)
            .is_some_and(|subscriber| age(subscriber) <= self.limits.subscription_timeout)
    }
}

/// The bytes that a criterion takes at one subscriber.
fn cost((_, topic): &Criterion) -> usize {
    topic.len() + FILTER_CRITERION_BYTES
}

/// The criteria of a request, within their limits.
fn read(criteria: &Criteria) -> Result<HashSet<Criterion>, Refusal> {
    let bad = |text: String| Refusal::new(Status::BAD_REQUEST, text);
    let (Some(pubsub_topic), false) = (&criteria.pubsub_topic, criteria.content_topics.is_empty()) else {
        return Err(bad("pubsubTopic and contentTopics must be specified".to_owned()));
    };
    if criteria.content_topics.len() > MAX_FILTER_TOPICS {
        return Err(bad(format!(
            "exceeds maximum content topics: {MAX_FILTER_TOPICS}"
        )));
    }
    let pubsub_topic: PubsubTopic = pubsub_topic.parse().map_err(|error| bad(format!("{error}")))?;
    let long = |topic: &&String| topic.len() > MAX_FILTER_CONTENT_TOPIC;
    if let Some(topic) = criteria.content_topics.iter().find(long) {
        let found = topic.len();
        return Err(bad(format!(
            "content topic has {found} bytes, the limit is {MAX_FILTER_CONTENT_TOPIC}"
        )));
    }
    let criterion = |topic: &String| (pubsub_topic, Arc::from(topic.as_str()));
    Ok(criteria.content_topics.iter().map(criterion).collect())
}

fn no_subscriptions() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "peer has no subscriptions")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(300);

    fn shard() -> PubsubTopic {
        PubsubTopic::new(9, 0).unwrap()
    }

    fn criteria(topics: &[&str]) -> Criteria {
        Criteria::new(shard(), topics.iter().map(|topic| (*topic).to_owned()).collect())
    }

    fn service(max_peers: usize, max_criteria: usize) -> (Subscriptions, PeerId, Instant) {
        let limits = FilterConfig {
            max_peers,
            max_criteria,
            subscription_timeout: TIMEOUT,
        };
        (Subscriptions::new(limits), PeerId::random(), Instant::now())
    }

    fn texts(outcome: Result<(), Refusal>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn a_subscriber_gets_what_it_subscribed_to_until_it_unsubscribes() {
        let (mut all, peer, now) = service(9, 9);
        all.ask(peer, &Ask::Subscribe(criteria(&["/a", "/b"])), now)
            .unwrap();
        assert_eq!(all.subscribers_of(shard(), "/a", now), [peer]);
        assert!(all.subscribers_of(shard(), "/c", now).is_empty());
        let other_shard = PubsubTopic::new(9, 1).unwrap();
        assert!(all.subscribers_of(other_shard, "/a", now).is_empty());

        all.ask(peer, &Ask::Unsubscribe(criteria(&["/a"])), now).unwrap();
        assert!(all.subscribers_of(shard(), "/a", now).is_empty());
        all.ask(peer, &Ask::Ping, now).unwrap();
        all.ask(peer, &Ask::UnsubscribeAll, now).unwrap();
        assert!(all.subscribers.is_empty() && all.by_criterion.is_empty() && all.bytes == 0);
    }

    #[test]
    fn who_has_no_subscription_is_told_so() {
        let (mut all, peer, now) = service(9, 9);
        for ask in [
            Ask::Ping,
            Ask::Unsubscribe(criteria(&["/a"])),
            Ask::UnsubscribeAll,
        ] {
            assert_eq!(
                texts(all.ask(peer, &ask, now)),
                "404 NOT_FOUND: peer has no subscriptions"
            );
        }
        all.ask(peer, &Ask::Subscribe(criteria(&["/a", "/b"])), now)
            .unwrap();
        let partly = all.ask(peer, &Ask::Unsubscribe(criteria(&["/a", "/c"])), now);
        assert_eq!(texts(partly), "404 NOT_FOUND: peer has no subscriptions");
        assert!(all.subscribers_of(shard(), "/a", now).is_empty());
        assert_eq!(all.subscribers_of(shard(), "/b", now), [peer]);
    }

    #[test]
    fn a_subscription_ends_by_itself_unless_the_peer_is_heard_of() {
        let (mut all, peer, start) = service(9, 9);
        all.ask(peer, &Ask::Subscribe(criteria(&["/a"])), start).unwrap();
        let later = start + TIMEOUT;
        all.ask(peer, &Ask::Ping, later).unwrap();
        assert_eq!(all.subscribers_of(shard(), "/a", later + TIMEOUT), [peer]);
        let too_late = later + TIMEOUT + Duration::from_secs(1);
        assert!(all.subscribers_of(shard(), "/a", too_late).is_empty());
        assert!(all.ask(peer, &Ask::Ping, too_late).is_err());
        all.ask(peer, &Ask::Subscribe(criteria(&["/a"])), start).unwrap();
        assert_eq!(all.expire(too_late), [peer]);
        assert!(all.by_criterion.is_empty());
    }

    #[test]
    fn requests_out_of_bounds_are_refused_with_the_known_texts() {
        let (mut all, peer, now) = service(9, 3);
        let mut subscribe = |criteria| texts(all.ask(peer, &Ask::Subscribe(criteria), now));
        let unspecified = "400 BAD_REQUEST: pubsubTopic and contentTopics must be specified";
        assert_eq!(subscribe(criteria(&[])), unspecified);
        let no_topic = Criteria {
            pubsub_topic: None,
            ..criteria(&["/a"])
        };
        assert_eq!(subscribe(no_topic), unspecified);
        assert_eq!(
            subscribe(criteria(&["/a"; 101])),
            "400 BAD_REQUEST: exceeds maximum content topics: 100"
        );
        let long = "x".repeat(MAX_FILTER_CONTENT_TOPIC + 1);
        assert_eq!(
            subscribe(criteria(&[&long])),
            "400 BAD_REQUEST: content topic has 1025 bytes, the limit is 1024"
        );
        assert_eq!(
            subscribe(criteria(&["/a", "/b", "/c", "/d"])),
            "503 SERVICE_UNAVAILABLE: peer has reached maximum number of filter criteria"
        );
        assert!(all.subscribers.is_empty());
    }

    #[test]
    fn all_criteria_together_are_bounded_and_make_room_again() {
        let (mut all, _, now) = service(1000, 1000);
        let topics: Vec<String> = (0..64).map(|it| format!("{it:0>1024}")).collect();
        let long = Criteria::new(shard(), topics);
        let mut subscribed = Vec::new();
        let refused = loop {
            let peer = PeerId::random();
            match all.ask(peer, &Ask::Subscribe(long.clone()), now) {
                Ok(()) => subscribed.push(peer),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(
            refused.to_string(),
            "503 SERVICE_UNAVAILABLE: node has reached maximum size of filter criteria: 67108864"
        );
        assert_eq!(
            subscribed.len(),
            MAX_FILTER_BYTES / (64 * (1024 + FILTER_CRITERION_BYTES))
        );
        all.ask(subscribed[0], &Ask::Subscribe(long.clone()), now)
            .expect("what is known takes no room");
        all.ask(subscribed[0], &Ask::UnsubscribeAll, now).unwrap();
        all.ask(PeerId::random(), &Ask::Subscribe(long), now).unwrap();
        let later = now + TIMEOUT + Duration::from_secs(1);
        assert_eq!(all.expire(later).len(), subscribed.len());
        assert_eq!(all.bytes, 0);
    }

    #[test]
    fn subscribing_again_takes_no_further_room() {
        let (mut all, peer, now) = service(1, 2);
        for _ in 0..3 {
            all.ask(peer, &Ask::Subscribe(criteria(&["/a", "/b"])), now)
                .unwrap();
        }
        let other = PeerId::random();
        let refused = all.ask(other, &Ask::Subscribe(criteria(&["/a"])), now);
        assert_eq!(
            texts(refused),
            "503 SERVICE_UNAVAILABLE: node has reached maximum number of subscriptions: 1"
        );
        let later = now + TIMEOUT + Duration::from_secs(1);
        all.ask(other, &Ask::Subscribe(criteria(&["/a"])), later)
            .expect("the expired one makes room");
    }
}
