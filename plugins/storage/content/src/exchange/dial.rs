//! The addresses of the configuration, which are dialled until somebody is there, and again when they are gone.

use std::time::{Duration, Instant};

use libp2p::swarm::ConnectionId;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId};

use crate::limits::exchange::{REDIAL_LEAST, REDIAL_MOST};

#[derive(Debug)]
enum State {
    Waiting(Instant),
    /// Being dialled, or connected.
    Used(ConnectionId),
}

#[derive(Debug)]
struct Address {
    address: Multiaddr,
    state: State,
    pause: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Addresses(Vec<Address>);

impl Addresses {
    /// Adds an address, to be dialled at once; one that is known is only dialled sooner.
    pub(super) fn add(&mut self, address: Multiaddr) {
        let now = Instant::now();
        match self.0.iter_mut().find(|known| known.address == address) {
            Some(Address {
                state: State::Waiting(until),
                ..
            }) => *until = now,
            Some(_) => {}
            None => self.0.push(Address {
                address,
                state: State::Waiting(now),
                pause: REDIAL_LEAST,
            }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is to be dialled now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<DialOpts> {
        let due = self
            .0
            .iter_mut()
            .filter(|it| matches!(it.state, State::Waiting(until) if until <= now));
        due.map(|it| {
            let options = match peer_of(&it.address) {
                Some(peer) => DialOpts::peer_id(peer)
                    .addresses(vec![it.address.clone()])
                    .build(),
                None => DialOpts::unknown_peer_id().address(it.address.clone()).build(),
            };
            it.state = State::Used(options.connection_id());
            options
        })
        .collect()
    }

    /// A connection was made.
    pub(super) fn connected(&mut self, connection: ConnectionId) {
        if let Some(it) = self.with(connection) {
            it.pause = REDIAL_LEAST;
        }
    }

    /// A connection could not be made, or has ended.
    pub(super) fn ended(&mut self, connection: ConnectionId, now: Instant) {
        if let Some(it) = self.with(connection) {
            it.state = State::Waiting(now + it.pause);
            it.pause = (it.pause * 2).min(REDIAL_MOST);
        }
    }

    fn with(&mut self, connection: ConnectionId) -> Option<&mut Address> {
        let used = |it: &&mut Address| matches!(it.state, State::Used(by) if by == connection);
        self.0.iter_mut().find(used)
    }
}

fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    address.iter().find_map(|part| match part {
        libp2p::multiaddr::Protocol::P2p(peer) => Some(peer),
        _ => None,
    })
}
