//! Publishing for light nodes, and through a peer as a light node.

use std::{collections::HashMap, time::Instant};

use libp2p::{
    PeerId,
    request_response::{Event, Message, OutboundRequestId},
};

use super::{
    LightPushError, Origin, ServiceError,
    command::{Reply, answer},
    driver::Driver,
    publish::{self, Prepared},
};
use crate::{
    MessageHash, PubsubTopic, Refusal, Status, exchange,
    lightpush::{Request, Response, Version},
    limits::MAX_SERVICE_CALLS,
    rate::Limiter,
};

/// What a peer says of a message that it has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LightPushReceipt {
    /// The message.
    pub hash: MessageHash,
    /// To how many peers it was relayed; version 2 of the protocol does not tell.
    pub relay_peers: Option<u32>,
}

type PushReply = Reply<Result<LightPushReceipt, LightPushError>>;

/// The messages that wait for the word of a peer.
#[derive(Default)]
pub(super) struct Pushes(HashMap<(Version, OutboundRequestId), Push>);

struct Push {
    peer: PeerId,
    hash: MessageHash,
    request: Request,
    reply: PushReply,
}

impl Push {
    fn new(peer: PeerId, prepared: Prepared, reply: PushReply) -> Self {
        let hash = prepared.hash;
        let request = Request {
            id: hash.to_string(),
            pubsub_topic: Some(prepared.topic.to_string()),
            message: prepared.message,
        };
        Self {
            peer,
            hash,
            request,
            reply,
        }
    }

    fn settle(self, outcome: Result<Option<u32>, ServiceError>) {
        let hash = self.hash;
        let receipt = outcome.map(|relay_peers| LightPushReceipt { hash, relay_peers });
        answer(self.reply, receipt.map_err(Into::into));
    }
}

impl Driver {
    pub(super) fn lightpush(&mut self, peer: PeerId, prepared: Prepared, reply: PushReply) {
        let push = Push::new(peer, prepared, reply);
        if self.pushes.0.len() >= MAX_SERVICE_CALLS {
            push.settle(Err(ServiceError::TooMany(MAX_SERVICE_CALLS)));
        } else if !self.swarm.is_connected(&peer) {
            push.settle(Err(ServiceError::NotConnected(peer)));
        } else {
            self.ask_to_push(Version::V3, push);
        }
    }

    pub(super) fn hear_lightpush(&mut self, version: Version, event: exchange::Event) {
        match event {
            Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            } => {
                let now = Instant::now();
                let is_admitted = self.pusher_rate(version).admits(peer, now);
                let meters = &self.shared.meters;
                meters.asked(version.protocol(), request.len(), is_admitted);
                let response = match is_admitted {
                    true => self.push_for(peer, version.decode_request(&request)),
                    false => {
                        self.shared.counters.rate_limited.add();
                        Version::too_many_requests()
                    }
                };
                let bytes = version.encode_response(&response);
                let meters = &self.shared.meters;
                meters.pushed(version, &response.outcome);
                if is_admitted {
                    meters.answered(version.protocol(), bytes.len(), now);
                }
                if self.pusher(version).send_response(channel, bytes).is_err() {
                    tracing::debug!(peer_id = %peer, "left before it knew what became of its message");
                }
            }
            Event::Message {
                message: Message::Response { request_id, response },
                ..
            } => {
                if let Some(push) = self.pushes.0.remove(&(version, request_id)) {
                    let outcome = version.decode_response(&response, &push.request.id);
                    push.settle(outcome.map_err(Into::into));
                }
            }
            Event::OutboundFailure {
                request_id, error, ..
            } => {
                let Some(push) = self.pushes.0.remove(&(version, request_id)) else {
                    return;
                };
                match (version, exchange::is_unsupported(&error)) {
                    (Version::V3, true) => self.ask_to_push(Version::Legacy, push),
                    _ => {
                        let failure = ServiceError::of(push.peer, &error);
                        push.settle(Err(failure));
                    }
                }
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    fn ask_to_push(&mut self, version: Version, push: Push) {
        let bytes = version.encode_request(&push.request);
        let id = self.pusher(version).send_request(&push.peer, bytes);
        self.pushes.0.insert((version, id), push);
    }

    /// Publishes what a light node asks for.
    fn push_for(&mut self, peer: PeerId, request: Result<Request, Response>) -> Response {
        let request = match request {
            Ok(request) => request,
            Err(response) => return response,
        };
        let id = request.id.clone();
        let outcome = self.publish_for(peer, request);
        if let Err(refusal) = &outcome {
            tracing::debug!(peer_id = %peer, %refusal, "did not publish for it");
        }
        Response {
            id,
            outcome: outcome.map(Some),
        }
    }

    fn publish_for(&mut self, peer: PeerId, request: Request) -> Result<u32, Refusal> {
        let topic = request.pubsub_topic.as_deref().map(parse_topic).transpose()?;
        let prepared = publish::prepare(&self.shared, topic, request.message)?;
        let relay_peers = self.shard_info(prepared.topic).peers;
        self.publish(prepared, Origin::Peer(peer))?;
        Ok(u32::try_from(relay_peers).unwrap_or(u32::MAX))
    }

    fn pusher_rate(&mut self, version: Version) -> &mut Limiter {
        match version {
            Version::V3 => &mut self.rates.lightpush,
            Version::Legacy => &mut self.rates.lightpush_legacy,
        }
    }

    fn pusher(&mut self, version: Version) -> &mut exchange::Behaviour {
        let behaviour = self.swarm.behaviour_mut();
        match version {
            Version::V3 => &mut behaviour.lightpush,
            Version::Legacy => &mut behaviour.lightpush_legacy,
        }
    }
}

fn parse_topic(text: &str) -> Result<PubsubTopic, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(Status::BAD_REQUEST, "topic must not be empty"));
    }
    text.parse()
        .map_err(|error| Refusal::new(Status::UNSUPPORTED_PUBSUB_TOPIC, format!("{error}")))
}
