//! Telling others of peers, and asking them.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use libp2p::{
    PeerId,
    request_response::{Event, Message, OutboundRequestId},
};

use super::{
    ServiceError,
    book::Source,
    command::{Reply, answer},
    driver::Driver,
    redial::peer_of,
    seek::exchanges_peers,
};
use crate::{
    NodeRecord, Refusal, Status, exchange,
    limits::{EXCHANGE_COUNT, EXCHANGE_PAUSE, MAX_SERVICE_CALLS},
    peer_exchange,
};

pub(super) type RecordsReply = Reply<Result<Vec<NodeRecord>, ServiceError>>;

/// The requests for records that are under way.
#[derive(Default)]
pub(super) struct Exchanges {
    calls: HashMap<OutboundRequestId, (PeerId, Option<RecordsReply>)>,
    /// When the node last asked a peer by itself.
    asked: HashMap<PeerId, Instant>,
}

impl Driver {
    /// Asks a connected peer for records, which the node then knows too.
    pub(super) fn exchange_peers(&mut self, peer: PeerId, count: u64, reply: RecordsReply) {
        if self.exchanges.calls.len() >= MAX_SERVICE_CALLS {
            answer(reply, Err(ServiceError::TooMany(MAX_SERVICE_CALLS)));
        } else if !self.swarm.is_connected(&peer) {
            answer(reply, Err(ServiceError::NotConnected(peer)));
        } else {
            self.request_peers(peer, count, Some(reply));
        }
    }

    /// Asks the connected peers that can tell, each at most once in [`EXCHANGE_PAUSE`]; only that of the configuration
    /// if others are not to be asked.
    pub(super) fn ask_for_peers(&mut self, now: Instant) {
        let asked = &mut self.exchanges.asked;
        asked.retain(|_, at| now.saturating_duration_since(*at) < EXCHANGE_PAUSE);
        let recently: HashSet<PeerId> = asked.keys().copied().collect();
        let preferred = self.shared.services.peer_exchange.as_ref().and_then(peer_of);
        let able = self.peers.iter().filter(|(id, peer)| {
            exchanges_peers(&peer.protocols) && (self.exchanges_peers || Some(**id) == preferred)
        });
        let next: Vec<PeerId> = able
            .map(|(peer, _)| *peer)
            .filter(|it| !recently.contains(it))
            .collect();
        for peer in next {
            self.exchanges.asked.insert(peer, now);
            self.request_peers(peer, EXCHANGE_COUNT, None);
        }
    }

    fn request_peers(&mut self, peer: PeerId, count: u64, reply: Option<RecordsReply>) {
        let bytes = peer_exchange::encode_request(count);
        let id = self
            .swarm
            .behaviour_mut()
            .peer_exchange
            .send_request(&peer, bytes);
        self.exchanges.calls.insert(id, (peer, reply));
    }

    pub(super) fn hear_peer_exchange(&mut self, event: exchange::Event) {
        match event {
            Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            } => {
                let now = Instant::now();
                let is_admitted = self.rates.peer_exchange.admits(peer, now);
                let meters = &self.shared.meters;
                meters.asked(peer_exchange::PROTOCOL, request.len(), is_admitted);
                let records = match is_admitted {
                    true => {
                        let count = peer_exchange::decode_request(&request);
                        count.map(|count| self.book.records(count, &peer))
                    }
                    false => {
                        self.shared.counters.rate_limited.add();
                        Err(Refusal::new(Status::TOO_MANY_REQUESTS, ""))
                    }
                };
                meters.records_sent.more(records.as_ref().map_or(0, Vec::len));
                let bytes = peer_exchange::encode_response(records);
                if is_admitted {
                    meters.answered(peer_exchange::PROTOCOL, bytes.len(), now);
                }
                let exchange = &mut self.swarm.behaviour_mut().peer_exchange;
                if exchange.send_response(channel, bytes).is_err() {
                    tracing::debug!(peer_id = %peer, "left before it was told of peers");
                }
            }
            Event::Message {
                message: Message::Response { request_id, response },
                ..
            } => {
                let outcome = peer_exchange::decode_response(&response);
                self.settle_exchange(request_id, outcome.map_err(Into::into));
            }
            Event::OutboundFailure {
                peer,
                request_id,
                error,
                ..
            } => self.settle_exchange(request_id, Err(ServiceError::of(peer, &error))),
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    fn settle_exchange(&mut self, id: OutboundRequestId, outcome: Result<Vec<NodeRecord>, ServiceError>) {
        let Some((peer, reply)) = self.exchanges.calls.remove(&id) else {
            return;
        };
        match &outcome {
            Ok(records) => {
                tracing::debug!(peer_id = %peer, count = records.len(), "told of peers");
                let before = self.book.noted();
                self.learn(records.clone(), Source::PeerExchange);
                let meters = &self.shared.meters;
                meters.records_received.more(records.len());
                meters.records_new.more((self.book.noted() - before) as usize);
            }
            Err(error) => tracing::debug!(peer_id = %peer, %error, "told of no peers"),
        }
        if let Some(reply) = reply {
            answer(reply, outcome);
        }
    }

    /// Notes these peers, and connects to those among them that are needed.
    pub(super) fn learn(&mut self, records: Vec<NodeRecord>, source: Source) {
        let mut is_new = false;
        for record in records {
            is_new |= self.book.learn(record, source);
        }
        if is_new {
            self.seek_peers();
        }
    }
}
