//! Circuits: connections through a relay, for nodes that others cannot reach (circuit relay v2).

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use libp2p::{
    PeerId, core::transport::ListenerId, multiaddr::Protocol, relay, swarm::behaviour::toggle::Toggle,
};

use super::{announce::is_circuit, driver::Driver};
use crate::limits::{
    CIRCUIT_BYTES, CIRCUIT_TIME, MAX_CIRCUITS, MAX_CIRCUITS_PER_PEER, MAX_RESERVATIONS,
    MAX_RESERVATIONS_PER_PEER, RESERVATION_PAUSE, RESERVATION_TIME, RESERVED_RELAYS,
};

/// What a node has to do with circuits. Every node can dial one; both sides of one then try to come to a direct
/// connection (DCUtR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Circuits {
    /// Nothing else.
    #[default]
    Dial,
    /// It relays them for others.
    Serve,
    /// It is reached through them: it reserves them at up to two connected peers that relay them.
    Reserve,
}

/// The relay of circuits, if the node is one.
pub(super) fn relay(own: PeerId, circuits: Circuits) -> Toggle<relay::Behaviour> {
    let relay = (circuits == Circuits::Serve).then(|| {
        let config = relay::Config {
            max_reservations: MAX_RESERVATIONS,
            max_reservations_per_peer: MAX_RESERVATIONS_PER_PEER,
            reservation_duration: RESERVATION_TIME,
            max_circuits: MAX_CIRCUITS,
            max_circuits_per_peer: MAX_CIRCUITS_PER_PEER,
            max_circuit_duration: CIRCUIT_TIME,
            max_circuit_bytes: CIRCUIT_BYTES,
            ..relay::Config::default()
        };
        let mut relay = relay::Behaviour::new(own, config);
        relay.set_status(Some(relay::Status::Enable));
        relay
    });
    relay.into()
}

/// The relays that the node can be reached through.
pub(super) struct Reservations {
    wanted: usize,
    held: HashMap<ListenerId, PeerId>,
    /// Relays that have refused or gone, and since when.
    lost: HashMap<PeerId, Instant>,
}

impl Reservations {
    pub(super) fn new(circuits: Circuits) -> Self {
        Self {
            wanted: match circuits {
                Circuits::Reserve => RESERVED_RELAYS,
                Circuits::Dial | Circuits::Serve => 0,
            },
            held: HashMap::new(),
            lost: HashMap::new(),
        }
    }

    /// How many more are wanted.
    fn lacking(&self) -> usize {
        self.wanted.saturating_sub(self.held.len())
    }

    /// Whether the peer may be asked.
    fn is_free(&self, peer: &PeerId) -> bool {
        !self.lost.contains_key(peer) && self.held.values().all(|held| held != peer)
    }

    /// A listener has ended; whether it was a reservation.
    pub(super) fn closed(&mut self, listener: ListenerId, now: Instant) -> bool {
        let relay = self.held.remove(&listener);
        relay.map(|relay| self.lost.insert(relay, now)).is_some()
    }

    fn forget_lost(&mut self, now: Instant, pause: Duration) {
        self.lost
            .retain(|_, since| now.saturating_duration_since(*since) < pause);
    }
}

impl Driver {
    /// Reserves circuits at connected relays as far as any are lacking.
    pub(super) fn reserve_circuits(&mut self) {
        let now = Instant::now();
        self.reservations.forget_lost(now, RESERVATION_PAUSE);
        let (lacking, hop) = (self.reservations.lacking(), relay::HOP_PROTOCOL_NAME);
        let hop: &str = hop.as_ref();
        let relays = self.peers.iter().filter(|(peer, known)| {
            let relays = known.protocols.iter().any(|it| it == hop);
            relays && !known.is_relayed && self.reservations.is_free(peer)
        });
        let chosen: Vec<PeerId> = relays.map(|(peer, _)| *peer).take(lacking).collect();
        for relay in chosen {
            let mut addresses = self.peers.dial(relay).into_iter();
            let Some(address) = addresses.find(|it| !is_circuit(it)) else {
                continue;
            };
            match self.swarm.listen_on(address.with(Protocol::P2pCircuit)) {
                Ok(listener) => {
                    self.reservations.held.insert(listener, relay);
                }
                Err(error) => {
                    tracing::debug!(peer_id = %relay, %error, "no circuit can be reserved");
                    self.reservations.lost.insert(relay, now);
                }
            }
        }
    }
}
