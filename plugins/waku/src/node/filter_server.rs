//! Pushing messages to light nodes.

use std::{collections::HashMap, time::Instant};

use libp2p::{PeerId, request_response::ResponseChannel};

use super::{
    FilterConfig, Node, ReceivedMessage, Stopped, command::Command, driver::Driver, seen::Seen,
    stats::Counters,
};
use crate::{
    PubsubTopic,
    filter::{self, Feed, Offer, Subscriptions},
    framing,
    limits::PUSHED_TTL,
    streams,
};

/// A peer that has subscribed to the filter service of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterSubscriber {
    /// The peer.
    pub peer: PeerId,
    /// The shards and content topics that it wants, in their order.
    pub criteria: Vec<(PubsubTopic, String)>,
}

impl Node {
    /// Who has subscribed to the filter service of this node; `None` if it offers none.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn filter_subscribers(&self) -> Result<Option<Vec<FilterSubscriber>>, Stopped> {
        self.ask(Command::FilterSubscribers).await
    }
}

/// The filter service, if there is one.
pub(super) struct FilterServer {
    subscriptions: Option<Subscriptions>,
    /// Of those subscribers for whom there was a message.
    feeds: HashMap<PeerId, Feed>,
    pushed: Seen,
}

impl FilterServer {
    pub(super) fn new(config: Option<FilterConfig>) -> Self {
        Self {
            subscriptions: config.map(Subscriptions::new),
            feeds: HashMap::new(),
            pushed: Seen::new(PUSHED_TTL),
        }
    }

    pub(super) fn subscribers(&self) -> Option<Vec<FilterSubscriber>> {
        let subscriptions = self.subscriptions.as_ref()?;
        let mut all: Vec<_> = subscriptions
            .iter()
            .map(|(peer, criteria)| FilterSubscriber { peer, criteria })
            .collect();
        all.sort_by_key(|subscriber| subscriber.peer);
        Some(all)
    }

    pub(super) fn is_offered(&self) -> bool {
        self.subscriptions.is_some()
    }

    /// How many peers have subscriptions.
    pub(super) fn len(&self) -> usize {
        self.subscriptions.as_ref().map_or(0, Subscriptions::len)
    }

    /// Queues a message for those who have subscribed to it. Gives those to whom a stream is needed.
    fn push(&mut self, received: &ReceivedMessage, now: Instant, counters: &Counters) -> Vec<PeerId> {
        let Some(subscriptions) = &self.subscriptions else {
            return Vec::new();
        };
        let content_topic = &received.message.content_topic;
        let mut peers = subscriptions.subscribers_of(received.pubsub_topic, content_topic, now);
        if peers.is_empty() || !self.pushed.insert(received.hash, now) {
            return Vec::new();
        }
        let push = filter::encode_push(&received.pubsub_topic.to_string(), &received.message);
        let frame = framing::framed(&push).into();
        peers.retain(|peer| match self.feeds.get(peer).map(|feed| feed.offer(&frame)) {
            Some(Offer::Queued) => false,
            Some(Offer::Full) => {
                counters.push_missed.add();
                false
            }
            Some(Offer::Ended) | None => {
                let feed = Feed::new();
                feed.offer(&frame);
                self.feeds.insert(*peer, feed);
                true
            }
        });
        peers
    }

    /// A connection to the peer is gone, and perhaps its stream. The next message opens another one.
    pub(super) fn disconnected(&mut self, peer: &PeerId, counters: &Counters) {
        if let Some(feed) = self.feeds.remove(peer) {
            (0..feed.unwritten()).for_each(|_| counters.push_missed.add());
        }
    }

    /// Forgets subscriptions that have ended.
    pub(super) fn sweep(&mut self, now: Instant) {
        let gone = self.subscriptions.as_mut().map(|all| all.expire(now));
        for peer in gone.unwrap_or_default() {
            self.feeds.remove(&peer);
        }
    }
}

impl Driver {
    /// Hands a message to the archive, the filter subscribers and the consumers here; none of them is waited for.
    pub(super) fn hand_over(&mut self, received: ReceivedMessage) {
        let (now, counters) = (Instant::now(), &self.shared.counters);
        if let Some(archive) = &self.shared.archive {
            archive.offer(received.hash, received.pubsub_topic, &received.message);
        }
        self.shared.meters.message(&received);
        for peer in self.filter_server.push(&received, now, counters) {
            self.swarm.behaviour_mut().filter_push.open(peer);
        }
        if self.filter_server.is_offered() {
            self.shared.meters.filter_push_times.took(now.elapsed());
        }
        self.shared.delivery.deliver(received, now, counters);
    }

    /// Serves a request of a subscriber. One that makes no sense gets no answer, as with deployed nodes.
    pub(super) fn serve_filter(&mut self, peer: PeerId, bytes: &[u8], channel: ResponseChannel<Vec<u8>>) {
        let requests = &mut self.swarm.behaviour_mut().filter;
        let (now, meters) = (Instant::now(), &self.shared.meters);
        let is_admitted = self.rates.filter.admits(peer, now);
        meters.asked(filter::SUBSCRIBE, bytes.len(), is_admitted);
        if !is_admitted {
            self.shared.counters.rate_limited.add();
            let _left = requests.send_response(channel, filter::too_many_requests());
            return;
        }
        let server = &mut self.filter_server;
        let (Some(subscriptions), Ok(request)) = (&mut server.subscriptions, filter::Request::decode(bytes))
        else {
            tracing::debug!(peer_id = %peer, "sent a filter request that makes no sense");
            return;
        };
        let outcome = subscriptions.ask(peer, &request.ask, Instant::now());
        if !subscriptions.contains(&peer) {
            server.feeds.remove(&peer);
        }
        if let Err(refusal) = &outcome {
            tracing::debug!(peer_id = %peer, %refusal, "filter request");
        }
        let response = filter::encode_response(&request.id, &outcome);
        meters.filtered(request.ask.name(), now);
        meters.answered(filter::SUBSCRIBE, response.len(), now);
        // js-waku does not wait for the answer when it unsubscribes.
        let _left = requests.send_response(channel, response);
    }

    pub(super) fn hear_pushes(&mut self, event: streams::Event) {
        match event {
            streams::Event::Inbound { peer, stream } => self.take_pushes(peer, stream),
            streams::Event::Opened { peer, stream } => {
                let shared = self.shared.clone();
                let told = move |written| match written {
                    true => shared.counters.pushed.add(),
                    false => shared.counters.push_missed.add(),
                };
                let feed = self.filter_server.feeds.get_mut(&peer);
                if let Some(writing) = feed.and_then(|feed| feed.write_to(stream, told)) {
                    tokio::spawn(writing);
                }
            }
            streams::Event::Failed { peer, unsupported } => {
                tracing::debug!(peer_id = %peer, unsupported, "no stream to push messages on");
                let server = &mut self.filter_server;
                server.disconnected(&peer, &self.shared.counters);
                if let (true, Some(subscriptions)) = (unsupported, &mut server.subscriptions) {
                    subscriptions.remove(&peer);
                }
            }
        }
    }
}
