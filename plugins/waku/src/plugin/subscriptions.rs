//! Who subscribed to what. The node knows what somebody wants; here is who wants it, so that what one module takes
//! back another keeps.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Mutex;
use waku_api::SubscribeError;

use super::state::Subscriber;
use crate::{Node, PubsubTopic, SubscribeError as Refusal};

/// The number that the host has for a module or front end; none for a call from within.
pub(super) type Caller = Option<u16>;

/// Who makes the call that is being answered.
pub(super) fn caller() -> Caller {
    backplane_sdk::current_caller()
}

/// The subscriptions of all callers. Each has at most as many as the node has altogether.
#[derive(Default)]
pub(super) struct Subscriptions(Mutex<All>);

#[derive(Default)]
struct All {
    content: Wanted<String>,
    shards: Wanted<PubsubTopic>,
}

/// What each caller wants.
struct Wanted<T>(BTreeMap<Caller, BTreeSet<T>>);

impl<T> Default for Wanted<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord + Clone> Wanted<T> {
    /// Adds topics and gives those that the caller did not have.
    fn add(&mut self, caller: Caller, topics: &[T]) -> Vec<T> {
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
    fn remove(&mut self, caller: Caller, topics: Vec<T>) -> Vec<T> {
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

    fn of(&self, caller: &Caller) -> Vec<T> {
        self.0.get(caller).into_iter().flatten().cloned().collect()
    }
}

impl Subscriptions {
    pub(super) async fn subscribe(
        &self,
        node: &Node,
        caller: Caller,
        topics: Vec<String>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.0.lock().await;
        // Noted first, as the call may be cancelled when the node has taken the topics.
        let added = all.content.add(caller, &topics);
        let outcome = node.subscribe(topics).await;
        if outcome.is_err() {
            all.content.remove(caller, added);
        }
        Ok(outcome?)
    }

    pub(super) async fn unsubscribe(
        &self,
        node: &Node,
        caller: Caller,
        topics: Vec<String>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.0.lock().await;
        let unwanted = all.content.remove(caller, topics);
        Ok(node.unsubscribe(unwanted).await.map_err(Refusal::from)?)
    }

    pub(super) async fn subscribe_shards(
        &self,
        node: &Node,
        caller: Caller,
        shards: Vec<PubsubTopic>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.0.lock().await;
        let added = all.shards.add(caller, &shards);
        let outcome = node.subscribe_shards(shards).await;
        if outcome.is_err() {
            all.shards.remove(caller, added);
        }
        Ok(outcome?)
    }

    pub(super) async fn unsubscribe_shards(
        &self,
        node: &Node,
        caller: Caller,
        shards: Vec<PubsubTopic>,
    ) -> Result<(), SubscribeError> {
        let mut all = self.0.lock().await;
        let unwanted = all.shards.remove(caller, shards);
        Ok(node.unsubscribe_shards(unwanted).await.map_err(Refusal::from)?)
    }

    /// All subscriptions, for a successor.
    pub(super) async fn export(&self) -> Vec<Subscriber> {
        let all = self.0.lock().await;
        let callers: BTreeSet<_> = all.content.0.keys().chain(all.shards.0.keys()).collect();
        let subscriber = |caller: &Caller| Subscriber {
            caller: *caller,
            content_topics: all.content.of(caller),
            pubsub_topics: all.shards.of(caller).iter().map(PubsubTopic::to_string).collect(),
        };
        callers.into_iter().map(subscriber).collect()
    }

    /// Takes the subscriptions over from a predecessor. What the configuration rules out now, because the cluster
    /// or the way of sharding is another one, is left out with a warning.
    pub(super) async fn import(
        &self,
        node: &Node,
        subscribers: Vec<Subscriber>,
    ) -> Result<(), SubscribeError> {
        for subscriber in subscribers {
            let caller = subscriber.caller;
            left_out(self.subscribe(node, caller, subscriber.content_topics).await)?;
            let parse = |text: &String| text.parse::<PubsubTopic>().ok();
            let shards = subscriber.pubsub_topics.iter().filter_map(parse).collect();
            left_out(self.subscribe_shards(node, caller, shards).await)?;
        }
        Ok(())
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

    #[test]
    fn what_one_module_takes_back_another_keeps() {
        let mut wanted = Wanted::default();
        assert_eq!(wanted.add(Some(1), &["a", "b"]), ["a", "b"]);
        assert_eq!(wanted.add(Some(1), &["b", "c"]), ["c"]);
        wanted.add(Some(2), &["a"]);
        wanted.add(Some(3), &[]);
        assert_eq!(wanted.remove(Some(3), vec!["b"]), [""; 0], "it never subscribed");
        assert_eq!(wanted.remove(Some(1), vec!["a", "b", "c", "d"]), ["b", "c"]);
        assert_eq!(wanted.of(&Some(2)), ["a"]);
        assert_eq!(wanted.remove(Some(2), vec!["a", "a"]), ["a"]);
        assert!(wanted.0.is_empty(), "callers without topics are forgotten");
    }
}
