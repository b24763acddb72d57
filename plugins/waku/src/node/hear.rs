//! What the network says.

use std::{sync::Arc, time::Instant};

use libp2p::{PeerId, identify, ping, request_response, swarm::SwarmEvent};

use super::{
    ReceivedMessage, behaviour::BehaviourEvent, connect::reason, delivery::Origin, driver::Driver,
    publish::now_nanos, seek,
};
use crate::{
    PubsubTopic,
    lightpush::Version,
    metadata::{self, Metadata},
    relay::{self, Judgement},
};

impl Driver {
    pub(super) fn hear(&mut self, event: SwarmEvent<BehaviourEvent>) {
        let now = Instant::now();
        match event {
            SwarmEvent::Behaviour(event) => self.hear_protocol(event),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                num_established,
                ..
            } => {
                self.peers.connected(peer_id, &endpoint);
                if endpoint.is_dialer() {
                    self.shared.meters.dials_done.add();
                }
                if self.waiting.established(connection_id, peer_id) {
                    self.static_peers.release(&peer_id, now);
                    self.book.release(&peer_id);
                }
                self.book.established(&peer_id, now);
                if num_established.get() > 1 && endpoint.is_dialer() {
                    self.probes.dialled(peer_id, connection_id);
                }
                self.static_peers.established(connection_id, peer_id, now);
                if num_established.get() == 1 {
                    tracing::debug!(%peer_id, address = %endpoint.get_remote_address(), "connected");
                    self.connected.send_replace(self.peers.len());
                    let ours = self.own_metadata();
                    self.swarm.behaviour_mut().metadata.send_request(&peer_id, ours);
                    self.renew_filters(peer_id);
                    if endpoint.is_listener() && self.crowd().is_over(endpoint.get_remote_address()) {
                        self.hang_up(peer_id, "there are too many connections with its address");
                    }
                    if endpoint.is_dialer() && self.static_peers.is_held(&peer_id) {
                        self.hang_up(peer_id, "it was disconnected while it was dialled");
                    }
                } else if self.peers.is_settled(&peer_id) {
                    self.waiting.settle(&peer_id, Ok(()));
                }
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                num_established,
                cause,
                ..
            } => {
                self.filter_server.disconnected(&peer_id, &self.shared.counters);
                if num_established > 0 {
                    return;
                }
                self.probes.disconnected(&peer_id);
                tracing::debug!(%peer_id, ?cause, "disconnected");
                let reason = self.peers.disconnected(&peer_id, self.shared.sharding.cluster());
                self.connected.send_replace(self.peers.len());
                self.waiting.closed(&peer_id, reason);
                self.static_peers.closed(&peer_id, now);
                self.book.closed(&peer_id, now);
                self.sync.disconnected(&peer_id);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                peer_id,
                error,
            } => {
                let reason = reason(&error);
                self.shared.meters.dials_failed.add();
                tracing::debug!(?peer_id, reason, "dial failed");
                self.waiting.failed(connection_id, &reason);
                self.static_peers.failed(connection_id, &reason, now);
                self.book.failed(connection_id, now);
            }
            SwarmEvent::IncomingConnectionError {
                send_back_addr,
                error,
                ..
            } => {
                tracing::debug!(%send_back_addr, %error, "incoming connection failed");
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                self.listens_at(address);
                self.renew_record();
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.listens_no_more_at(&address);
                self.renew_record();
            }
            SwarmEvent::ExternalAddrConfirmed { .. } | SwarmEvent::ExternalAddrExpired { .. } => {
                self.renew_record();
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            SwarmEvent::ListenerClosed {
                listener_id, reason, ..
            } if self.reservations.closed(listener_id, now) => {
                tracing::debug!(?reason, "a relay holds no circuits for us");
            }
            SwarmEvent::ListenerClosed {
                addresses, reason, ..
            } => {
                tracing::warn!(?addresses, ?reason, "no longer listening");
            }
            _ => {}
        }
    }

    fn hear_protocol(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Relay(event) => self.hear_relay(event),
            BehaviourEvent::Metadata(event) => self.hear_metadata(event),
            BehaviourEvent::Lightpush(event) => self.hear_lightpush(Version::V3, event),
            BehaviourEvent::Filter(event) => self.hear_filter(event),
            BehaviourEvent::PeerExchange(event) => self.hear_peer_exchange(event),
            BehaviourEvent::FilterPush(event) => self.hear_pushes(event),
            BehaviourEvent::Store(event) => self.hear_store(event),
            BehaviourEvent::Reconciliation(event) => self.hear_reconciliation(event),
            BehaviourEvent::Transfer(event) => self.hear_transfer(event),
            BehaviourEvent::LightpushLegacy(event) => self.hear_lightpush(Version::Legacy, event),
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                let protocols: Vec<String> = info.protocols.iter().map(ToString::to_string).collect();
                self.peers.identified(&peer_id, info);
                let addresses = self.peers.dial(peer_id);
                self.book
                    .identified(peer_id, addresses, seek::capabilities(&protocols));
                self.book.established(&peer_id, Instant::now());
                self.reserve_circuits();
            }
            BehaviourEvent::Ping(ping::Event { peer, result, .. }) => {
                let answered = !matches!(result, Err(ping::Failure::Timeout | ping::Failure::Other { .. }));
                if self.peers.pinged(&peer, answered) {
                    self.hang_up(peer, "it does not answer pings");
                }
            }
            BehaviourEvent::Autonat(event) => self.hear_autonat(event),
            BehaviourEvent::CircuitRelay(event) => tracing::debug!(?event, "relay of circuits"),
            BehaviourEvent::CircuitClient(event) => tracing::debug!(?event, "circuit"),
            BehaviourEvent::HolePunch(event) => tracing::debug!(?event, "direct connection"),
            BehaviourEvent::Identify(_) => {}
        }
    }

    fn hear_relay(&mut self, event: relay::Event) {
        match event {
            relay::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                let judgement = self
                    .shared
                    .rules
                    .judge(message.topic.as_str(), &message.data, now_nanos());
                self.swarm.behaviour_mut().relay.report_message_validation_result(
                    &message_id,
                    &propagation_source,
                    judgement.acceptance(),
                );
                if let Judgement::Accept(topic, _) = &judgement {
                    let bytes = message.data.len() + message.topic.as_str().len();
                    self.shared.meters.relayed(*topic, bytes);
                }
                self.take(judgement, propagation_source);
            }
            relay::Event::Subscribed { peer_id, .. } => self.keep_to_share(peer_id),
            relay::Event::SlowPeer { peer_id, .. } => {
                self.shared.counters.slow_peers.add();
                tracing::debug!(%peer_id, "its queue is full");
            }
            _ => {}
        }
    }

    fn take(&mut self, judgement: Judgement, from: PeerId) {
        let counters = &self.shared.counters;
        match judgement {
            Judgement::Accept(pubsub_topic, message) => {
                counters.relayed.add();
                let received = ReceivedMessage {
                    hash: message.hash(&pubsub_topic.to_string()),
                    pubsub_topic,
                    message: Arc::new(message),
                    origin: Origin::Peer(from),
                    missed_before: 0,
                };
                self.hand_over(received);
            }
            Judgement::Ignore => counters.ignored.add(),
            Judgement::Reject => {
                counters.rejected.add();
                tracing::debug!(peer_id = %from, "sent an invalid message");
            }
        }
    }

    fn hear_metadata(&mut self, event: metadata::Event) {
        use request_response::{Event, Message};
        let ours = self.shared.sharding.cluster();
        match event {
            Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            } => {
                self.told(peer, &request, ours);
                let answer = self.own_metadata();
                if self
                    .swarm
                    .behaviour_mut()
                    .metadata
                    .send_response(channel, answer)
                    .is_err()
                {
                    tracing::debug!(peer_id = %peer, "left before it got our metadata");
                }
            }
            Event::Message {
                peer,
                message: Message::Response { response, .. },
                ..
            } => {
                self.told(peer, &response, ours);
                self.peers.settle(&peer);
                if !self.refuse_mismatch(peer) {
                    self.waiting.settle(&peer, Ok(()));
                }
            }
            // The answer is out, so that the peer knows as well as we do.
            Event::ResponseSent { peer, .. } => {
                self.refuse_mismatch(peer);
            }
            Event::OutboundFailure { peer, error, .. } => {
                tracing::debug!(peer_id = %peer, %error, "no metadata");
                if self.swarm.is_connected(&peer) {
                    self.peers.settle(&peer);
                    self.waiting.settle(&peer, Ok(()));
                }
            }
            Event::InboundFailure { .. } => {}
        }
    }

    fn told(&mut self, peer: PeerId, metadata: &Metadata, ours: u16) {
        self.peers.told(&peer, metadata, ours);
        if let Some((_, connected)) = self.peers.iter().find(|(it, _)| **it == peer) {
            self.book.in_shards(&peer, &connected.shards);
        }
    }

    pub(super) fn own_metadata(&self) -> Metadata {
        Metadata::new(
            self.shared.sharding.cluster(),
            self.joined.iter().map(PubsubTopic::shard),
        )
    }

    /// Hangs up on a peer that told another cluster. Calls that wait for it hear why when the connection has
    /// closed.
    fn refuse_mismatch(&mut self, peer: PeerId) -> bool {
        let mismatch = self.peers.is_mismatch(&peer);
        if mismatch && self.peers.refuse(&peer) {
            self.shared.counters.refused_peers.add();
            self.book.shun(&peer, Instant::now());
            self.hang_up(peer, "it is of another cluster");
        }
        mismatch
    }

    pub(super) fn drop_graylisted(&mut self) {
        let relay = &self.swarm.behaviour().relay;
        let graylisted = |peer: &&PeerId| {
            relay
                .peer_score(peer)
                .is_some_and(|score| score < relay::GRAYLIST)
        };
        let peers: Vec<PeerId> = self
            .peers
            .iter()
            .map(|(peer, _)| peer)
            .filter(graylisted)
            .copied()
            .collect();
        for peer in peers {
            self.book.shun(&peer, Instant::now());
            self.hang_up(peer, "its score is too low");
        }
    }

    pub(super) fn hang_up(&mut self, peer: PeerId, why: &str) {
        if self.swarm.disconnect_peer_id(peer).is_ok() {
            tracing::info!(peer_id = %peer, "hung up: {why}");
        }
    }
}
