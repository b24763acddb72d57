//! Services of whichever peers have them: messages are pushed through one of several, and topics are followed at two.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use libp2p::PeerId;
use tokio::{sync::Notify, task::AbortHandle, time::sleep};

use super::{
    FilterError, FilterSubscription, LightPushError, LightPushReceipt, Node, PublishError, ServiceError,
    Stopped, SubscribeError, delivery::Criteria, publish::now_nanos,
};
use crate::{
    Capabilities, PubsubTopic, Status, WakuMessage,
    limits::{
        MAX_FILTER_CRITERIA, MAX_FILTER_TOPICS, PUSH_TRIES, SEEK_PERIOD, SERVICE_GRACE, SERVICE_PAUSE,
        SERVICE_PEERS,
    },
};

/// Why no peer has published a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The message can't be published at all; no peer was asked.
    #[error(transparent)]
    Message(#[from] PublishError),
    /// No connected peer serves lightpush.
    #[error("no connected peer serves lightpush")]
    NoService,
    /// The peers that were asked did not do it; carries the word of the last.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Node {
    /// Has one of the connected peers publish a message that serves lightpush, chosen at random; if that fails, up
    /// to two others. What is wrong with the message itself is not tried again.
    ///
    /// # Errors
    /// [`SendError`], after about a minute at the latest.
    pub async fn lightpush_anywhere(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        mut message: WakuMessage,
    ) -> Result<LightPushReceipt, SendError> {
        if message.timestamp == 0 {
            // The same for every try, so that it stays one message.
            message.timestamp = now_nanos();
        }
        let services = self
            .serving(Capabilities::LIGHTPUSH)
            .await
            .map_err(ServiceError::from)?;
        let mut failure = SendError::NoService;
        for peer in services.into_iter().take(PUSH_TRIES) {
            match self.lightpush(peer, pubsub_topic, message.clone()).await {
                Ok(receipt) => return Ok(receipt),
                Err(LightPushError::Message(error)) => return Err(error.into()),
                Err(LightPushError::Service(error)) if is_final(&error) => return Err(error.into()),
                Err(LightPushError::Service(error)) => failure = error.into(),
            }
        }
        Err(failure)
    }

    /// The connected peers that serve this, that of the configuration first, else in a random order.
    pub(super) async fn serving(&self, service: Capabilities) -> Result<Vec<PeerId>, Stopped> {
        let peers = self.peers().await?.into_iter();
        let serving = peers.filter(|peer| peer.serves(service));
        let mut all: Vec<PeerId> = serving.filter_map(|peer| peer.peer_id).collect();
        let (random, preferred) = (RandomState::new(), self.shared.services.preferred(service));
        all.sort_by_cached_key(|peer| (preferred != Some(*peer), random.hash_one(peer)));
        Ok(all)
    }
}

/// Whether another service would say the same.
fn is_final(error: &ServiceError) -> bool {
    match error {
        ServiceError::Refused(refusal) => matches!(
            refusal.status,
            Status::BAD_REQUEST
                | Status::PAYLOAD_TOO_LARGE
                | Status::INVALID_MESSAGE
                | Status::UNSUPPORTED_PUBSUB_TOPIC
        ),
        ServiceError::Stopped(_) | ServiceError::TooMany(_) => true,
        _ => false,
    }
}

/// Follows content topics at two filter services of those that are connected, and at others when these are lost.
/// It ends when it is dropped.
pub struct Followed {
    node: Node,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Criteria>,
    /// What is subscribed to, and where.
    held: Mutex<BTreeMap<PeerId, Criteria>>,
    changed: Notify,
}

impl Followed {
    /// Follows nothing yet. Its task runs on the present runtime.
    pub fn new(node: Node) -> Self {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(keep_up(node.clone(), shared.clone())).abort_handle();
        Self { node, shared, task }
    }

    /// Follows content topics; at most 1000. Their messages are delivered as soon as a service pushes them.
    ///
    /// # Errors
    /// [`SubscribeError`], with nothing followed that was not before.
    pub fn follow(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        content_topics: Vec<String>,
    ) -> Result<(), SubscribeError> {
        let parts = self.node.criteria(pubsub_topic, content_topics)?;
        let mut wanted = locked(&self.shared.wanted);
        let mut more = wanted.clone();
        for (topic, topics) in parts {
            more.entry(topic).or_default().extend(topics);
        }
        if more.values().map(|topics| topics.len()).sum::<usize>() > MAX_FILTER_CRITERIA {
            return Err(SubscribeError::TooManyTopics(MAX_FILTER_CRITERIA));
        }
        *wanted = more;
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Takes content topics back. Unknown ones are no error.
    ///
    /// # Errors
    /// [`SubscribeError`].
    pub fn unfollow(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        content_topics: Vec<String>,
    ) -> Result<(), SubscribeError> {
        let mut wanted = locked(&self.shared.wanted);
        for (topic, topics) in self.node.criteria(pubsub_topic, content_topics)? {
            if let Some(known) = wanted.get_mut(&topic) {
                known.retain(|it| !topics.contains(it));
            }
        }
        wanted.retain(|_, topics| !topics.is_empty());
        self.shared.changed.notify_one();
        Ok(())
    }

    /// What is followed.
    pub fn wanted(&self) -> Vec<(PubsubTopic, Vec<String>)> {
        let wanted = locked(&self.shared.wanted);
        wanted
            .iter()
            .map(|(topic, topics)| (*topic, topics.iter().cloned().collect()))
            .collect()
    }

    /// The subscriptions that it has made.
    pub fn held(&self) -> Vec<FilterSubscription> {
        let held = locked(&self.shared.held);
        let of_peer = |(peer, criteria): (&PeerId, &Criteria)| {
            let one = |(topic, topics): (&PubsubTopic, &BTreeSet<String>)| FilterSubscription {
                peer: *peer,
                pubsub_topic: *topic,
                content_topics: topics.iter().cloned().collect(),
            };
            criteria.iter().map(one).collect::<Vec<_>>()
        };
        held.iter().flat_map(of_peer).collect()
    }

    /// Whether one of the services that are subscribed at is connected.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn is_served(&self) -> Result<bool, Stopped> {
        let able = self.node.serving(Capabilities::FILTER).await?;
        let held = locked(&self.shared.held);
        Ok(able.iter().any(|peer| held.contains_key(peer)))
    }

    /// Takes the subscriptions of a predecessor for its own. The node is to have them, too, by
    /// [`Node::filter_restore`].
    pub fn restore(&self, subscriptions: Vec<FilterSubscription>) {
        let mut held = locked(&self.shared.held);
        for subscription in subscriptions {
            let criteria = held.entry(subscription.peer).or_default();
            let topics = criteria.entry(subscription.pubsub_topic).or_default();
            topics.extend(subscription.content_topics);
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn keep_up(node: Node, shared: Arc<Shared>) {
    let mut connected = node.connected();
    let mut left = LeftOut::default();
    loop {
        match round(&node, &shared, &mut left).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(Stopped) => return,
        }
        tokio::select! {
            () = shared.changed.notified() => {}
            changed = connected.changed() => if changed.is_err() { return },
            () = sleep(SEEK_PERIOD) => {}
        }
    }
}

/// Services that are not used.
#[derive(Default)]
struct LeftOut {
    /// They have failed, and when.
    refused: HashMap<PeerId, Instant>,
    /// They are not connected, and since when. They may come back.
    missing: HashMap<PeerId, Instant>,
}

impl LeftOut {
    /// Those of the held services that have been missing for too long.
    fn lost(&mut self, held: &BTreeMap<PeerId, Criteria>, able: &[PeerId]) -> Vec<PeerId> {
        self.refused.retain(|_, at| at.elapsed() < SERVICE_PAUSE);
        self.missing
            .retain(|peer, _| held.contains_key(peer) && !able.contains(peer));
        let missing = held.keys().filter(|peer| !able.contains(peer));
        missing
            .filter(|peer| self.missing.entry(**peer).or_insert_with(Instant::now).elapsed() >= SERVICE_GRACE)
            .copied()
            .collect()
    }
}

/// Brings the services in line with what is wanted; whether one has failed, so that another is to be found.
async fn round(node: &Node, shared: &Shared, left: &mut LeftOut) -> Result<bool, Stopped> {
    let wanted = locked(&shared.wanted).clone();
    let able = node.serving(Capabilities::FILTER).await?;
    let mut held = locked(&shared.held).clone();
    for peer in left.lost(&held, &able) {
        held.remove(&peer);
        // It is not connected: this forgets it here.
        let _not_connected = node.filter_unsubscribe_all(peer).await;
    }
    let fresh = able.iter().filter(|peer| !left.refused.contains_key(peer));
    for peer in fresh.take_while(|_| !wanted.is_empty()) {
        if held.len() >= SERVICE_PEERS {
            break;
        }
        held.entry(*peer).or_default();
    }
    let mut has_failed = false;
    let present: Vec<PeerId> = held.keys().filter(|peer| able.contains(peer)).copied().collect();
    for peer in present {
        if let Err(error) = align(node, peer, &wanted, held.entry(peer).or_default()).await {
            tracing::debug!(peer_id = %peer, %error, "is left for another filter service");
            let _gone = node.filter_unsubscribe_all(peer).await;
            held.remove(&peer);
            left.refused.insert(peer, Instant::now());
            has_failed = true;
        }
    }
    held.retain(|_, criteria| !criteria.is_empty());
    *locked(&shared.held) = held;
    Ok(has_failed)
}

/// Subscribes and unsubscribes at one service what is not as it is wanted.
async fn align(node: &Node, peer: PeerId, wanted: &Criteria, held: &mut Criteria) -> Result<(), FilterError> {
    for (topic, topics) in wanted {
        let has = held.entry(*topic).or_default();
        let fresh: Vec<String> = topics.difference(has).cloned().collect();
        for part in fresh.chunks(MAX_FILTER_TOPICS) {
            node.filter_subscribe(peer, Some(*topic), part.to_vec()).await?;
            has.extend(part.iter().cloned());
        }
    }
    for (topic, has) in held.iter_mut() {
        let gone: Vec<String> = has
            .iter()
            .filter(|it| wanted.get(topic).is_none_or(|topics| !topics.contains(*it)))
            .cloned()
            .collect();
        for part in gone.chunks(MAX_FILTER_TOPICS) {
            node.filter_unsubscribe(peer, Some(*topic), part.to_vec()).await?;
            has.retain(|it| !part.contains(it));
        }
    }
    held.retain(|_, topics| !topics.is_empty());
    Ok(())
}
