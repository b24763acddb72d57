//! Subscriptions at the filter services of peers, which are kept up until they are taken back.

use std::{collections::HashMap, sync::Arc, time::Instant};

use libp2p::{
    PeerId, Stream,
    request_response::{Event, Message, OutboundRequestId},
};

use super::{
    FilterError, FilterSubscription, Origin, ReceivedMessage, ServiceError, Shared,
    command::{Reply, answer},
    driver::Driver,
    filter_services::Services,
};
use crate::{
    PubsubTopic, Status, exchange,
    filter::{self, Ask, Pushed},
    framing,
    limits::{MAX_FILTER_TOPICS, MAX_MESSAGE_FRAME, MAX_PUSH_STREAMS, MAX_SERVICE_CALLS},
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

/// The services, and the requests that wait for their answers.
#[derive(Default)]
pub(super) struct FilterClient {
    services: Services,
    calls: HashMap<OutboundRequestId, Call>,
    last_id: u64,
}

struct Call {
    peer: PeerId,
    id: String,
    /// What is taken back if the service refuses it.
    fresh: Option<(PubsubTopic, Vec<String>)>,
    /// Whether it is one of the renewals.
    renews: bool,
    /// Nobody waits for what the node does by itself.
    reply: Option<FilterReply>,
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
        let services = &mut self.filter_client.services;
        let mut fresh = None;
        match &ask {
            FilterAsk::Ping => {}
            FilterAsk::Subscribe(topic, topics) if refusal.is_none() => {
                let added = services.add(peer, *topic, topics);
                services.prune(&peer);
                match added {
                    Ok(added) => fresh = Some((*topic, added)),
                    Err(error) => return answer(reply, Err(error)),
                }
            }
            FilterAsk::Subscribe(..) => {}
            // Taken back also if the service cannot be told: the subscription there ends by itself.
            FilterAsk::Unsubscribe(topic, topics) => services.remove(&peer, *topic, topics),
            FilterAsk::UnsubscribeAll => services.forget(&peer),
        }
        self.shared
            .delivery
            .set_filtered(self.filter_client.services.all());
        match refusal {
            Some(refusal) => answer(reply, Err(refusal.into())),
            None => self.ask_filter(peer, ask, fresh, Some(reply)),
        }
    }

    pub(super) fn filter_subscriptions(&self) -> Vec<FilterSubscription> {
        self.filter_client.services.subscriptions()
    }

    /// Notes subscriptions of a predecessor. The services are asked as soon as they are connected.
    pub(super) fn restore_filters(&mut self, subscriptions: Vec<FilterSubscription>) {
        for subscription in subscriptions {
            let (peer, topic) = (subscription.peer, subscription.pubsub_topic);
            let services = &mut self.filter_client.services;
            if let Err(error) = services.add(peer, topic, &subscription.content_topics) {
                tracing::warn!(peer_id = %peer, %error, "a filter subscription is not taken over");
            }
            services.prune(&peer);
            if self.swarm.is_connected(&peer) {
                self.renew_filters(peer);
            }
        }
        self.shared
            .delivery
            .set_filtered(self.filter_client.services.all());
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
        for (peer, stale) in self.filter_client.services.stale() {
            if !self.swarm.is_connected(&peer) {
                continue;
            }
            if stale {
                self.renew_filters(peer);
            } else {
                self.ask_filter(peer, FilterAsk::Ping, None, None);
            }
        }
    }

    /// Subscribes again to all that is subscribed to at a service.
    pub(super) fn renew_filters(&mut self, peer: PeerId) {
        let Some(service) = self.filter_client.services.get_mut(&peer) else {
            return;
        };
        tracing::debug!(peer_id = %peer, "subscribing again");
        service.stale = false;
        service.renewals.clear();
        for (topic, topics) in &service.criteria {
            let topics: Vec<String> = topics.iter().cloned().collect();
            let parts = topics.chunks(MAX_FILTER_TOPICS);
            let asks = parts.map(|part| FilterAsk::Subscribe(*topic, part.to_vec()));
            service.renewals.extend(asks);
        }
        self.renew_next(peer);
    }

    fn renew_next(&mut self, peer: PeerId) {
        let service = self.filter_client.services.get_mut(&peer);
        if let Some(ask) = service.and_then(|service| service.renewals.pop()) {
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
        let call = Call {
            peer,
            id: id.clone(),
            fresh,
            renews: reply.is_none() && matches!(ask, FilterAsk::Subscribe(..)),
            reply,
        };
        let request = filter::Request { id, ask: ask.into() };
        let requests = &mut self.swarm.behaviour_mut().filter;
        let number = requests.send_request(&peer, request.encode());
        self.filter_client.calls.insert(number, call);
    }

    fn settle_filter(&mut self, call: Call, outcome: Result<(), ServiceError>) {
        let asks_nothing_new = call.fresh.is_none() && !call.renews;
        if let Err(error) = &outcome {
            tracing::debug!(peer_id = %call.peer, %error, "filter request");
            if let Some((topic, topics)) = call.fresh {
                self.filter_client.services.remove(&call.peer, topic, &topics);
                self.shared
                    .delivery
                    .set_filtered(self.filter_client.services.all());
            }
        }
        if call.renews {
            match (&outcome, self.filter_client.services.get_mut(&call.peer)) {
                (Ok(()), _) => self.renew_next(call.peer),
                (Err(_), Some(service)) => service.stale = true,
                (Err(_), None) => {}
            }
        }
        // The service has lost us, perhaps in a restart. One that says so of a subscription is not believed, or it
        // could keep us subscribing without end.
        if asks_nothing_new
            && matches!(&outcome, Err(ServiceError::Refused(refusal)) if refusal.status == Status::NOT_FOUND)
        {
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
        if message.payload.is_empty() {
            shared.counters.ignored.add();
            continue;
        }
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
