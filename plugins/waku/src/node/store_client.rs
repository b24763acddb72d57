//! Asking the stores of peers.

use std::collections::HashMap;

use libp2p::{
    PeerId,
    request_response::{Event, Message, OutboundRequestId},
};

use super::{
    Node, ServiceError, Stopped,
    command::{Command, Reply, answer},
    driver::Driver,
};
use crate::{
    Capabilities, Refusal, Status, StorePage, StoreQuery, exchange,
    limits::MAX_SERVICE_CALLS,
    store::{self, Request},
};

pub(super) type StoreReply = Reply<Result<StorePage, ServiceError>>;

/// The queries that wait for their answers.
#[derive(Default)]
pub(super) struct StoreClient {
    calls: HashMap<OutboundRequestId, Call>,
    last_id: u64,
}

struct Call {
    peer: PeerId,
    id: String,
    reply: StoreReply,
}

impl Driver {
    pub(super) fn query_store(&mut self, peer: PeerId, query: StoreQuery, reply: StoreReply) {
        let client = &mut self.store_client;
        if client.calls.len() >= MAX_SERVICE_CALLS {
            return answer(reply, Err(ServiceError::TooMany(MAX_SERVICE_CALLS)));
        }
        if !self.swarm.is_connected(&peer) {
            return answer(reply, Err(ServiceError::NotConnected(peer)));
        }
        client.last_id += 1;
        let id = client.last_id.to_string();
        let request = Request {
            id: id.clone(),
            query,
        };
        let requests = &mut self.swarm.behaviour_mut().store;
        let number = requests.send_request(&peer, request.encode());
        self.store_client.calls.insert(number, Call { peer, id, reply });
    }

    pub(super) fn hear_store(&mut self, event: exchange::Event) {
        match event {
            Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            } => self.serve_store(peer, &request, channel),
            Event::Message {
                message: Message::Response { request_id, response },
                ..
            } => {
                if let Some(call) = self.store_client.calls.remove(&request_id) {
                    let outcome = store::decode_response(&response, &call.id);
                    answer(call.reply, outcome.map_err(Into::into));
                }
            }
            Event::OutboundFailure {
                request_id, error, ..
            } => {
                if let Some(call) = self.store_client.calls.remove(&request_id) {
                    answer(call.reply, Err(ServiceError::of(call.peer, &error)));
                }
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }
}

impl Node {
    /// Asks a connected peer for one page of its archive.
    ///
    /// # Errors
    /// [`ServiceError`], after about 30 s at the latest.
    pub async fn query_store(&self, peer: PeerId, query: StoreQuery) -> Result<StorePage, ServiceError> {
        if query.cursor.is_some_and(|cursor| *cursor.as_bytes() == [0; 32]) {
            return Err(Refusal::new(Status::BAD_REQUEST, "invalid cursor").into());
        }
        self.ask(|reply| Command::QueryStore(peer, query, reply)).await?
    }

    /// The connected peers that say that they serve the store, that of the configuration first, else in a random order.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn store_peers(&self) -> Result<Vec<PeerId>, Stopped> {
        self.serving(Capabilities::STORE).await
    }

    /// Reads all that a query asks for from the stores of these peers; with none named, of those that are connected.
    pub fn history(&self, query: StoreQuery, peers: Vec<PeerId>) -> super::History {
        super::History::new(self.clone(), query, peers)
    }
}
