//! Answering what peers ask of the archive. No query is worked on here: the network goes on meanwhile.

use std::{sync::Arc, time::Instant};

use libp2p::{PeerId, request_response::ResponseChannel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::driver::Driver;
use crate::{
    Archive, Refusal, Status,
    limits::STORE_REQUESTS,
    rate::{Limiter, RateLimit},
    store::{self, Request},
};

/// An answer on its way to its peer.
pub(super) struct Answer {
    channel: ResponseChannel<Vec<u8>>,
    bytes: Vec<u8>,
    /// When it was asked.
    since: Instant,
    /// Counts until the answer has been handed over.
    _place: OwnedSemaphorePermit,
}

/// The store service, if there is one.
pub(super) struct StoreServer {
    archive: Option<Archive>,
    limiter: Limiter,
    places: Arc<Semaphore>,
    done: mpsc::Sender<Answer>,
    /// What was answered.
    pub(super) answers: mpsc::Receiver<Answer>,
}

impl StoreServer {
    pub(super) fn new(archive: Option<Archive>, limit: RateLimit) -> Self {
        let (done, answers) = mpsc::channel(STORE_REQUESTS);
        Self {
            archive,
            limiter: Limiter::new(limit),
            places: Arc::new(Semaphore::new(STORE_REQUESTS)),
            done,
            answers,
        }
    }
}

impl StoreServer {
    pub(super) fn limit(&self) -> RateLimit {
        self.limiter.limit()
    }
}

impl Driver {
    pub(super) fn serve_store(&mut self, peer: PeerId, bytes: &[u8], channel: ResponseChannel<Vec<u8>>) {
        let server = &mut self.store_server;
        let Some(archive) = server.archive.clone() else {
            return;
        };
        let since = Instant::now();
        let is_admitted = server.limiter.admits(peer, since);
        self.shared
            .meters
            .asked(store::PROTOCOL, bytes.len(), is_admitted);
        if !is_admitted {
            self.shared.counters.rate_limited.add();
            tracing::debug!(peer_id = %peer, "asks the store too often");
            return self.send_store(channel, store::too_many_requests());
        }
        let request = match Request::decode(bytes) {
            Ok(request) => request,
            Err(refusal) => {
                self.shared.meters.store_errors.add(["decode_rpc_failure"], 1);
                return self.send_store(channel, store::encode_response("", &Err(refusal)));
            }
        };
        self.shared.meters.store_queries.add();
        let Ok(place) = server.places.clone().try_acquire_owned() else {
            let refusal = Refusal::new(Status::SERVICE_UNAVAILABLE, "");
            return self.send_store(channel, store::encode_response(&request.id, &Err(refusal)));
        };
        let done = server.done.clone();
        tokio::spawn(async move {
            let answer = Answer {
                channel,
                bytes: answer(&archive, peer, request).await,
                since,
                _place: place,
            };
            // The node may have stopped meanwhile.
            let _stopped = done.send(answer).await;
        });
    }

    pub(super) fn send_answer(&mut self, answer: Answer) {
        let meters = &self.shared.meters;
        meters.answered(store::PROTOCOL, answer.bytes.len(), answer.since);
        self.send_store(answer.channel, answer.bytes);
    }

    fn send_store(&mut self, channel: ResponseChannel<Vec<u8>>, bytes: Vec<u8>) {
        let requests = &mut self.swarm.behaviour_mut().store;
        if requests.send_response(channel, bytes).is_err() {
            tracing::debug!("a peer left before the store had answered");
        }
    }
}

async fn answer(archive: &Archive, peer: PeerId, request: Request) -> Vec<u8> {
    match archive.query(&request.query).await {
        Ok(page) => store::encode_response(&request.id, &Ok(page)),
        Err(error) => {
            tracing::debug!(peer_id = %peer, %error, "store query failed");
            // As with deployed nodes, without the id.
            store::encode_response("", &Err(error.into()))
        }
    }
}
