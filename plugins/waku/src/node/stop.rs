//! The end of a node.

use std::collections::HashSet;

use futures::StreamExt;
use libp2p::{
    PeerId,
    request_response::{self, Event, OutboundRequestId},
    swarm::SwarmEvent,
};
use tokio::time::timeout;

use super::{behaviour::BehaviourEvent, driver::Driver};
use crate::{
    limits::{FLUSH_TIMEOUT, FLUSH_WINDOW, SHUTDOWN_TIMEOUT},
    metadata,
};

impl Driver {
    /// Sends what is queued, then parts from all peers. Calls that are still waiting end with
    /// [`Stopped`](super::Stopped), as their reply is dropped.
    pub(super) async fn stop(mut self) {
        self.commands.close();
        if self
            .last_publish
            .is_some_and(|last| last.elapsed() < FLUSH_WINDOW)
            && timeout(FLUSH_TIMEOUT, self.flush()).await.is_err()
        {
            tracing::warn!("some peers may have missed the last messages");
        }
        if let Some(discv5) = self.discovery.discv5.take() {
            discv5.stop().await;
        }
        self.shared.delivery.close();
        if timeout(SHUTDOWN_TIMEOUT, self.part()).await.is_err() {
            tracing::warn!("some connections did not close in time");
        }
    }

    /// Gossipsub does not tell when its queues are empty. A metadata request that is queued behind them does:
    /// it comes back after the connection has carried what was before it. Every deployed node answers one; a
    /// refusal serves as well.
    async fn flush(&mut self) {
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        let ours = self.own_metadata();
        let metadata = &mut self.swarm.behaviour_mut().metadata;
        let mut pending: HashSet<_> = peers
            .iter()
            .map(|peer| metadata.send_request(peer, ours.clone()))
            .collect();
        while !pending.is_empty() {
            let event = self.swarm.select_next_some().await;
            if let SwarmEvent::Behaviour(BehaviourEvent::Metadata(event)) = &event
                && let Some(request) = ended(event)
            {
                pending.remove(&request);
            }
            self.hear(event);
        }
    }

    async fn part(&mut self) {
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // It may have gone by itself.
            let _gone = self.swarm.disconnect_peer_id(peer);
        }
        while self.swarm.connected_peers().next().is_some() {
            self.swarm.select_next_some().await;
        }
    }
}

/// The request of ours that has come to its end with this event.
fn ended(event: &metadata::Event) -> Option<OutboundRequestId> {
    match event {
        Event::Message {
            message: request_response::Message::Response { request_id, .. },
            ..
        }
        | Event::OutboundFailure { request_id, .. } => Some(*request_id),
        _ => None,
    }
}
