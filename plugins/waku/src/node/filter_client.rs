//! Subscriptions at the filter services of peers, which are kept up until they are taken back.

use std::{collections::HashMap, sync::Arc, time::Instant};

use libp2p::{
    PeerId, Stream,
    request_response::{Event, Message, OutboundRequestId},
};
use tokio::task::AbortHandle;

use super::{
    FilterError, Origin, ReceivedMessage, ServiceError, Shared, SubscribeError,
    command::{Reply, answer},
    delivery::Criteria,
    driver::Driver,
};
use crate::{
    PubsubTopic, Status, exchange,
    filter::{self, Ask, Pushed},
    framing,
    limits::{
        MAX_FILTER_CRITERIA, MAX_FILTER_SERVICES, MAX_FILTER_TOPICS, MAX_MESSAGE_FRAME, MAX_PUSH_STREAMS,
        MAX_SERVICE_CALLS,
    },
};

pub(super) type FilterReply = Reply<Result<(), FilterError>>;

/// What the handle asks of one service; at most [`MAX_FILTER_TOPICS`] content topics.
#[derive(Debug, Clone)]
pub(super) enum FilterAsk {
    Ping,
    Subscribe(PubsubTopic, Vec<String>),
    Unsubscribe(PubsubTopic, Vec<String>),
    UnsubscribeAll,
}

/// What this node has subscribed to at one service, on one pubsub topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterSubscription {
    /// The service.
    pub peer: PeerId,
    /// The shard.
    pub pubsub_topic: PubsubTopic,
    /// The content topics.
    pub content_topics: Vec<String>,
}

/// The services, and the requests that wait for their answers.
#[derive(Default)]
pub(super) struct FilterClient {
    services: HashMap<PeerId, Service>,
    calls: HashMap<OutboundRequestId, Call>,
    last_id: u64,
}

/// What is subscribed to at one service.
#[derive(Default)]
struct Service {
    criteria: Criteria,
    streams: Vec<AbortHandle>,
}

struct Call {
    peer: PeerId,
    id: String,
    /// What is taken back if the service refuses it.
    fresh: Option<(PubsubTopic, Vec<String>)>,
    /// Nobody waits for what the node does by itself.
    reply: Option<FilterReply>,
}

impl FilterClient {
    /// Notes criteria and gives those that are new.
    fn add(
        &mut self,
        peer: PeerId,
        topic: PubsubTopic,
        content_topics: &[String],
    ) -> Result<Vec<String>, FilterError> {
        if !self.services.contains_key(&peer) && self.services.len() >= MAX_FILTER_SERVICES {
            return Err(FilterError::TooManyServices(MAX_FILTER_SERVICES));
        }
        let criteria = &mut self.services.entry(peer).or_default().criteria;
        let total: usize = criteria.values().map(|topics| topics.len()).sum();
        let known = criteria.entry(topic).or_default();
        let mut fresh = content_topics.to_vec();
        fresh.retain(|content_topic| !known.contains(content_topic));
        if total + fresh.len() > MAX_FILTER_CRITERIA {
            return Err(SubscribeError::TooManyTopics(MAX_FILTER_CRITERIA).into());
        }
        known.extend(fresh.iter().cloned());
        Ok(fresh)
    }

    fn remove(&mut self, peer: &PeerId, topic: PubsubTopic, content_topics: &[String]) {
        let Some(service) = self.services.get_mut(peer) else {
            return;
        };
        if let Some(known) = service.criteria.get_mut(&topic) {
            content_topics.iter().for_each(|gone| {
                known.remove(gone);
            });
        }
        self.prune(peer);
    }

    /// Leaves out what has become empty.
    fn prune(&mut self, peer: &PeerId) {
        let Some(service) = self.services.get_mut(peer) else {
            return;
        };
        service.criteria.retain(|_, topics| !topics.is_empty());
        if service.criteria.is_empty() {
            self.forget(peer);
        }
    }

    fn forget(&mut self, peer: &PeerId) {
        let streams = self.services.remove(peer).map(|service| service.streams);
        streams.iter().flatten().for_each(AbortHandle::abort);
    }

    /// What is subscribed to, wherever.
    fn all(&self) -> Criteria {
        let mut all = Criteria::new();
        for (topic, topics) in self.services.values().flat_map(|service| &service.criteria) {
            all.entry(*topic).or_default().extend(topics.iter().cloned());
        }
        all
    }
}

impl Driver {
    pub(super) fn filter(&mut self, peer: PeerId, ask: FilterAsk, reply: FilterReply) {
        let refusal = if self.filter_client.calls.len() >= MAX_SERVICE_CALLS {
            Some(ServiceError::TooMany(MAX_SERVICE_CALLS))
        } else if !self.swarm.is_connected(&peer) {
            Some(ServiceError::NotConnected(peer))
        } else {
            None
        };
        let client = &mut self.filter_client;
        let mut fresh = None;
        match &ask {
            FilterAsk::Ping => {}
            FilterAsk::Subscribe(topic, topics) if refusal.is_none() => {
                let added = client.add(peer, *topic, topics);
                client.prune(&peer);
                match added {
                    Ok(added) => fresh = Some((*topic, added)),
                    Err(error) => return answer(reply, Err(error)),
                }
            }
            FilterAsk::Subscribe(..) => {}
            // Taken back also if the service cannot be told: the subscription there ends by itself.
            FilterAsk::Unsubscribe(topic, topics) => client.remove(&peer, *topic, topics),
            FilterAsk::UnsubscribeAll => client.forget(&peer),
        }
        self.shared.delivery.set_filtered(self.filter_client.all());
        match refusal {
            Some(refusal) => answer(reply, Err(refusal.into())),
            None => self.ask_filter(peer, ask, fresh, Some(reply)),
        }
    }

    pub(super) fn filter_subscriptions(&self) -> Vec<FilterSubscription> {
        let mut all = Vec::new();
        for (peer, service) in &self.filter_client.services {
            for (pubsub_topic, topics) in &service.criteria {
                all.push(FilterSubscription {
                    peer: *peer,
                    pubsub_topic: *pubsub_topic,
                    content_topics: topics.iter().cloned().collect(),
                });
            }
        }
        all
    }

    /// Notes subscriptions of a predecessor. The services are asked as soon as they are connected.
    pub(super) fn restore_filters(&mut self, subscriptions: Vec<FilterSubscription>) {
        for subscription in subscriptions {
            let (peer, topic) = (subscription.peer, subscription.pubsub_topic);
            let client = &mut self.filter_client;
            if let Err(error) = client.add(peer, topic, &subscription.content_topics) {
                tracing::warn!(peer_id = %peer, %error, "a filter subscription is not taken over");
            }
            client.prune(&peer);
            if self.swarm.is_connected(&peer) {
                self.renew_filters(peer);
            }
        }
        self.shared.delivery.set_filtered(self.filter_client.all());
    }

    pub(super) fn hear_filter(&mut self, event: exchange::Event) {
        match event {
            Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            } => self.serve_filter(peer, &request, channel),
            Event::Message {
                message: Message::Response { request_id, response },
                ..
            } => {
                if let Some(call) = self.filter_client.calls.remove(&request_id) {
                    let outcome = filter::decode_response(&response, &call.id);
                    self.settle_filter(call, outcome.map_err(Into::into));
                }
            }
            Event::OutboundFailure {
                request_id, error, ..
            } => {
                if let Some(call) = self.filter_client.calls.remove(&request_id) {
                    let failure = ServiceError::of(call.peer, &error);
                    self.settle_filter(call, Err(failure));
                }
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    /// Pings the services, so that the subscriptions stay, and to learn whether they have.
    pub(super) fn keep_filters(&mut self) {
        let peers: Vec<PeerId> = self.filter_client.services.keys().copied().collect();
        for peer in peers {
            if self.swarm.is_connected(&peer) {
                self.ask_filter(peer, FilterAsk::Ping, None, None);
            }
        }
    }

    /// Subscribes again to all that is subscribed to at a service.
    pub(super) fn renew_filters(&mut self, peer: PeerId) {
        let Some(service) = self.filter_client.services.get(&peer) else {
            return;
        };
        let mut asks = Vec::new();
        for (topic, topics) in &service.criteria {
            let topics: Vec<String> = topics.iter().cloned().collect();
            for some in topics.chunks(MAX_FILTER_TOPICS) {
                asks.push(FilterAsk::Subscribe(*topic, some.to_vec()));
            }
        }
        tracing::debug!(peer_id = %peer, "subscribing again");
        for ask in asks {
            self.ask_filter(peer, ask, None, None);
        }
    }

    /// Takes the messages of a stream that a service has opened, if there is a subscription at it.
    pub(super) fn take_pushes(&mut self, peer: PeerId, stream: Stream) {
        let Some(service) = self.filter_client.services.get_mut(&peer) else {
            return tracing::debug!(peer_id = %peer, "pushes messages that nobody asked for");
        };
        service.streams.retain(|stream| !stream.is_finished());
        if service.streams.len() >= MAX_PUSH_STREAMS {
            return tracing::debug!(peer_id = %peer, "pushes on too many streams");
        }
        let task = tokio::spawn(take(self.shared.clone(), peer, stream));
        service.streams.push(task.abort_handle());
    }

    fn ask_filter(
        &mut self,
        peer: PeerId,
        ask: FilterAsk,
        fresh: Option<(PubsubTopic, Vec<String>)>,
        reply: Option<FilterReply>,
    ) {
        let client = &mut self.filter_client;
        client.last_id += 1;
        let id = client.last_id.to_string();
        let request = filter::Request {
            id: id.clone(),
            ask: ask.into(),
        };
        let call = Call {
            peer,
            id,
            fresh,
            reply,
        };
        let requests = &mut self.swarm.behaviour_mut().filter;
        let number = requests.send_request(&peer, request.encode());
        self.filter_client.calls.insert(number, call);
    }

    fn settle_filter(&mut self, call: Call, outcome: Result<(), ServiceError>) {
        if let Err(error) = &outcome {
            tracing::debug!(peer_id = %call.peer, %error, "filter request");
            if let Some((topic, topics)) = call.fresh {
                self.filter_client.remove(&call.peer, topic, &topics);
                self.shared.delivery.set_filtered(self.filter_client.all());
            }
        }
        // The service has lost us, perhaps in a restart.
        if matches!(&outcome, Err(ServiceError::Refused(refusal)) if refusal.status == Status::NOT_FOUND) {
            self.renew_filters(call.peer);
        }
        if let Some(reply) = call.reply {
            answer(reply, outcome.map_err(Into::into));
        }
    }
}

impl From<FilterAsk> for Ask {
    fn from(ask: FilterAsk) -> Self {
        match ask {
            FilterAsk::Ping => Self::Ping,
            FilterAsk::Subscribe(topic, topics) => Self::Subscribe(filter::Criteria::new(topic, topics)),
            FilterAsk::Unsubscribe(topic, topics) => Self::Unsubscribe(filter::Criteria::new(topic, topics)),
            FilterAsk::UnsubscribeAll => Self::UnsubscribeAll,
        }
    }
}

/// Hands what a service pushes to the consumers, until its stream ends or makes no sense.
async fn take(shared: Arc<Shared>, peer: PeerId, mut stream: Stream) {
    while let Ok(bytes) = framing::read_bytes(&mut stream, MAX_MESSAGE_FRAME).await {
        let Ok(Pushed {
            pubsub_topic,
            message,
        }) = Pushed::decode(&bytes)
        else {
            return tracing::debug!(peer_id = %peer, "pushed what is no message");
        };
        let Ok(pubsub_topic) = pubsub_topic.parse::<PubsubTopic>() else {
            return tracing::debug!(peer_id = %peer, "pushed a message of no shard");
        };
        let received = ReceivedMessage {
            hash: message.hash(&pubsub_topic.to_string()),
            pubsub_topic,
            message: Arc::new(message),
            origin: Origin::Peer(peer),
            missed_before: 0,
        };
        shared
            .delivery
            .deliver(received, Instant::now(), &shared.counters);
    }
}
