//! Who subscribed to what. The node knows what somebody wants; here is who wants it, so that what one module takes
//! back another keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;
use waku_api::SubscribeError;

use super::state::Subscriber;
use crate::{Followed, Node, PubsubTopic, SubscribeError as Refusal};

/// Who has subscribed, and by which interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    /// The number that the host has for a module or front end; none for a call from within.
    caller: Option<u16>,
    via: Via,
}

/// An interface that subscriptions are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Via {
    Relay,
    Messaging,
}

/// Who makes the call that is being answered.
pub(super) fn caller(via: Via) -> Holder {
    let caller = backplane_sdk::current_caller();
    Holder { caller, via }
}

/// The subscriptions of all callers. Each has at most as many as the node has altogether.
pub(super) struct Subscriptions {
    node: Node,
    followed: Arc<Followed>,
    all: Mutex<All>,
    messaging: MessagingTopics,
}

/// The content topics that are subscribed to by `waku.messaging`. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct MessagingTopics(Arc<RwLock<BTreeSet<String>>>);

impl MessagingTopics {
    pub(super) fn contain(&self, topic: &str) -> bool {
        let topics = self.0.read().unwrap_or_else(PoisonError::into_inner);
        topics.contains(topic)
    }
}

#[derive(Default)]
struct All {
    content: Wanted<String>,
    /// At filter services, because the node takes part in no shard.
    followed: Wanted<String>,
    shards: Wanted<PubsubTopic>,
}

/// What each caller wants.
struct Wanted<T>(BTreeMap<Holder, BTreeSet<T>>);

impl<T> Default for Wanted<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord + Clone> Wanted<T> {
    /// Adds topics and gives those that the caller did not have.
    fn add(&mut self, caller: Holder, topics: &[T]) -> Vec<T> {
        if topics.is_empty() {
            return Vec::new();
        }
        let own = self.0.entry(caller).or_default();
        topics
            .iter()
            .filter(|topic| own.insert((*topic).clone()))
            .cloned()
            .collect()
    }

    /// Takes topics back and gives those that nobody wants any more.
    fn remove(&mut self, caller: Holder, topics: Vec<T>) -> Vec<T> {
        let Some(own) = self.0.get_mut(&caller) else {
            return Vec::new();
        };
        let removed: Vec<T> = topics.into_iter().filter(|topic| own.remove(topic)).collect();
        if own.is_empty() {
            self.0.remove(&caller);
        }
        let unwanted = |topic: &T| self.0.values().all(|wanted| !wanted.contains(topic));
        removed.into_iter().filter(unwanted).collect()
    }

    fn of(&self, caller: &Holder) -> Vec<T> {
        self.0.get(caller).into_iter().flatten().cloned().collect()
    }
}

impl Subscriptions {
    pub(super) fn new(node: Node, followed: Arc<Followed>) -> Self {
        Self {
            node,
            followed,
            all: Mutex::default(),
            messaging: MessagingTopics::default(),
        }
    }

    /// Kept up to date.
    pub(super) fn of_messaging(&self) -> MessagingTopics {
        self.messaging.clone()
    }

    /// Whether the topics are followed at filter services.
    fn is_followed(&self, holder: Holder) -> bool {
        holder.via == Via::Messaging && !self.node.relays()
    }

    pub(super) async fn subscribe(&self, holder: Holder, topics: Vec<String>) -> Result<(), SubscribeError> {
        let mut all = self.all.lock().await;
        // Noted first, as the call may be cancelled when the node has taken the topics.
        let is_followed = self.is_followed(holder);
        let added = all.content_of(is_followed).add(holder, &topics);
        let outcome = match is_followed {
            true => self.followed.follow(None, topics),
            false => self.node.subscribe(topics).await,
        };
        if outcome.is_err() {
            all.content_of(is_followed).remove(holder, added);
        }
        self.note_messaging(&all);
        Ok(outcome?)
    }

    pub(super) async fn unsubscribe(
        &self,
        holder: Holder,
        topics: Vec<String>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.all.lock().await;
        let is_followed = self.is_followed(holder);
        let unwanted = all.content_of(is_followed).remove(holder, topics);
        self.note_messaging(&all);
        match is_followed {
            true => Ok(self.followed.unfollow(None, unwanted)?),
            false => Ok(self.node.unsubscribe(unwanted).await.map_err(Refusal::from)?),
        }
    }

    pub(super) async fn subscribe_shards(
        &self,
        holder: Holder,
        shards: Vec<PubsubTopic>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.all.lock().await;
        let added = all.shards.add(holder, &shards);
        let outcome = self.node.subscribe_shards(shards).await;
        if outcome.is_err() {
            all.shards.remove(holder, added);
        }
        Ok(outcome?)
    }

    pub(super) async fn unsubscribe_shards(
        &self,
        holder: Holder,
        shards: Vec<PubsubTopic>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.all.lock().await;
        let unwanted = all.shards.remove(holder, shards);
        let outcome = self.node.unsubscribe_shards(unwanted).await;
        Ok(outcome.map_err(Refusal::from)?)
    }

    /// All subscriptions, for a successor.
    pub(super) async fn export(&self) -> Vec<Subscriber> {
        let all = self.all.lock().await;
        let content = all.content.0.keys().chain(all.followed.0.keys());
        let holders: BTreeSet<_> = content.chain(all.shards.0.keys()).collect();
        let subscriber = |holder: &Holder| Subscriber {
            caller: holder.caller,
            messaging: holder.via == Via::Messaging,
            content_topics: [all.content.of(holder), all.followed.of(holder)].concat(),
            pubsub_topics: all.shards.of(holder).iter().map(PubsubTopic::to_string).collect(),
        };
        holders.into_iter().map(subscriber).collect()
    }

    /// Takes the subscriptions over from a predecessor. What the configuration rules out now, because the cluster
    /// or the way of sharding is another one, is left out with a warning.
    pub(super) async fn import(&self, subscribers: Vec<Subscriber>) -> Result<(), SubscribeError> {
        for subscriber in subscribers {
            let holder = Holder {
                caller: subscriber.caller,
                via: match subscriber.messaging {
                    true => Via::Messaging,
                    false => Via::Relay,
                },
            };
            left_out(self.subscribe(holder, subscriber.content_topics).await)?;
            let parse = |text: &String| text.parse::<PubsubTopic>().ok();
            let shards = subscriber.pubsub_topics.iter().filter_map(parse).collect();
            left_out(self.subscribe_shards(holder, shards).await)?;
        }
        Ok(())
    }

    fn note_messaging(&self, all: &All) {
        let holders = all.content.0.iter().chain(&all.followed.0);
        let topics = holders.filter(|(holder, _)| holder.via == Via::Messaging);
        let topics = topics.flat_map(|(_, topics)| topics.iter().cloned()).collect();
        *self.messaging.0.write().unwrap_or_else(PoisonError::into_inner) = topics;
    }
}

impl All {
    fn content_of(&mut self, is_followed: bool) -> &mut Wanted<String> {
        match is_followed {
            true => &mut self.followed,
            false => &mut self.content,
        }
    }
}

fn left_out(subscribed: Result<(), SubscribeError>) -> Result<(), SubscribeError> {
    match subscribed {
        Err(SubscribeError::Topic(error)) => {
            tracing::warn!(%error, "the new configuration rules a subscription out");
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(caller: u16) -> Holder {
        let caller = Some(caller);
        Holder {
            caller,
            via: Via::Relay,
        }
    }

    #[test]
    fn what_one_module_takes_back_another_keeps() {
        let mut wanted = Wanted::default();
        assert_eq!(wanted.add(by(1), &["a", "b"]), ["a", "b"]);
        assert_eq!(wanted.add(by(1), &["b", "c"]), ["c"]);
        wanted.add(by(2), &["a"]);
        wanted.add(by(3), &[]);
        assert_eq!(wanted.remove(by(3), vec!["b"]), [""; 0], "it never subscribed");
        assert_eq!(wanted.remove(by(1), vec!["a", "b", "c", "d"]), ["b", "c"]);
        assert_eq!(wanted.of(&by(2)), ["a"]);
        assert_eq!(wanted.remove(by(2), vec!["a", "a"]), ["a"]);
        assert!(wanted.0.is_empty(), "callers without topics are forgotten");
    }
}
