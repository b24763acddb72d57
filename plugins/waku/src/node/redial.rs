//! When static peers are dialled: at the start, and again whenever they are lost, with a pause that doubles
//! with each failure up to a limit. Knows no network; the driver tells it what happened.

use std::time::{Duration, Instant};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol, swarm::ConnectionId};

use crate::limits::{REDIAL_FIRST, REDIAL_LAST, REDIAL_STABLE};

/// The static peers of a node.
pub(super) struct StaticPeers(Vec<StaticPeer>);

/// One of them.
pub(super) struct StaticPeer {
    pub(super) address: Multiaddr,
    /// Known from the address, or from the first connection.
    pub(super) peer: Option<PeerId>,
    /// Why the last dial failed.
    pub(super) last_error: Option<String>,
    failures: u32,
    state: State,
}

enum State {
    Waiting {
        until: Instant,
    },
    Dialing {
        connection: ConnectionId,
    },
    Connected {
        since: Instant,
    },
    /// Disconnected by the user's wish, until the user connects again.
    Held,
}

/// The peer that a multiaddr names at its end.
pub(super) fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

impl StaticPeers {
    pub(super) fn new(addresses: Vec<Multiaddr>, now: Instant) -> Self {
        let peers = addresses.into_iter().map(|address| StaticPeer {
            peer: peer_of(&address),
            address,
            last_error: None,
            failures: 0,
            state: State::Waiting { until: now },
        });
        Self(peers.collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &StaticPeer> {
        self.0.iter()
    }

    pub(super) fn contains(&self, peer: &PeerId) -> bool {
        self.0.iter().any(|known| known.peer.as_ref() == Some(peer))
    }

    /// Whether the user wants the peer gone.
    pub(super) fn is_held(&self, peer: &PeerId) -> bool {
        self.0
            .iter()
            .any(|known| known.peer.as_ref() == Some(peer) && known.is_held())
    }

    /// When the next dial is due.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.0.iter().filter_map(|peer| match peer.state {
            State::Waiting { until } => Some(until),
            _ => None,
        });
        due.min()
    }

    /// The addresses to dial now, each with the place to report to.
    pub(super) fn due(&self, now: Instant) -> Vec<(usize, Multiaddr)> {
        let due = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, peer)| matches!(peer.state, State::Waiting { until } if until <= now));
        due.map(|(place, peer)| (place, peer.address.clone())).collect()
    }

    /// The dial of a place has begun.
    pub(super) fn dialing(&mut self, place: usize, connection: ConnectionId) {
        if let Some(peer) = self.0.get_mut(place) {
            peer.state = State::Dialing { connection };
        }
    }

    /// A connection stands, whoever dialled.
    pub(super) fn established(&mut self, connection: ConnectionId, found: PeerId, now: Instant) {
        for peer in &mut self.0 {
            let dialled = matches!(peer.state, State::Dialing { connection: ours } if ours == connection);
            if dialled || peer.peer == Some(found) {
                peer.peer = Some(found);
                peer.last_error = None;
                if !matches!(peer.state, State::Connected { .. } | State::Held) {
                    peer.state = State::Connected { since: now };
                }
            }
        }
    }

    /// A dial failed.
    pub(super) fn failed(&mut self, connection: ConnectionId, reason: &str, now: Instant) {
        for peer in &mut self.0 {
            if matches!(peer.state, State::Dialing { connection: ours } if ours == connection) {
                peer.last_error = Some(reason.to_owned());
                peer.wait(now);
            }
        }
    }

    /// The last connection to a peer is gone.
    pub(super) fn closed(&mut self, lost: &PeerId, now: Instant) {
        for peer in self.0.iter_mut().filter(|peer| peer.peer.as_ref() == Some(lost)) {
            if let State::Connected { since } = peer.state {
                if now.saturating_duration_since(since) >= REDIAL_STABLE {
                    peer.failures = 0;
                }
                peer.wait(now);
            }
        }
    }

    /// The user wants the peer gone.
    pub(super) fn hold(&mut self, peer: &PeerId) {
        for known in self
            .0
            .iter_mut()
            .filter(|known| known.peer.as_ref() == Some(peer))
        {
            known.state = State::Held;
        }
    }

    /// The user wants the peer again.
    pub(super) fn release(&mut self, peer: &PeerId, now: Instant) {
        for known in self
            .0
            .iter_mut()
            .filter(|known| known.peer.as_ref() == Some(peer))
        {
            if matches!(known.state, State::Held) {
                known.failures = 0;
                known.state = State::Waiting {
                    until: now + REDIAL_FIRST,
                };
            }
        }
    }
}

impl StaticPeer {
    pub(super) fn is_held(&self) -> bool {
        matches!(self.state, State::Held)
    }

    fn wait(&mut self, now: Instant) {
        self.state = State::Waiting {
            until: now + pause(self.failures),
        };
        self.failures = self.failures.saturating_add(1);
    }
}

fn pause(failures: u32) -> Duration {
    REDIAL_FIRST
        .saturating_mul(1 << failures.min(16))
        .min(REDIAL_LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(now: Instant) -> (StaticPeers, PeerId) {
        let peer = PeerId::random();
        let address = format!("/ip4/127.0.0.1/tcp/1/p2p/{peer}").parse().unwrap();
        (StaticPeers::new(vec![address], now), peer)
    }

    fn connection(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    /// Fails the next dial when it is due and gives the pause until the one after it.
    fn fail(peers: &mut StaticPeers, number: usize) -> Duration {
        let now = peers.next().unwrap();
        assert_eq!(peers.due(now).len(), 1);
        peers.dialing(0, connection(number));
        assert_eq!(peers.next(), None);
        peers.failed(connection(number), "refused", now);
        peers.next().unwrap() - now
    }

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let (mut peers, _) = one(Instant::now());
        let pauses: Vec<u64> = (0..9).map(|number| fail(&mut peers, number).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(
            peers.iter().next().unwrap().last_error.as_deref(),
            Some("refused")
        );
    }

    #[test]
    fn a_stable_connection_resets_the_pause_and_a_short_one_does_not() {
        let start = Instant::now();
        let (mut peers, peer) = one(start);
        assert_eq!(fail(&mut peers, 0), Duration::from_secs(1));
        assert_eq!(fail(&mut peers, 1), Duration::from_secs(2));
        for (lasted, pause) in [(Duration::from_secs(1), 4), (REDIAL_STABLE, 1)] {
            let now = peers.next().unwrap();
            peers.dialing(0, connection(2));
            peers.established(connection(2), peer, now);
            assert_eq!(peers.next(), None);
            peers.closed(&peer, now + lasted);
            assert_eq!(peers.next(), Some(now + lasted + Duration::from_secs(pause)));
        }
    }

    #[test]
    fn a_peer_that_dials_us_need_not_be_dialled() {
        let now = Instant::now();
        let (mut peers, peer) = one(now);
        peers.established(connection(7), peer, now);
        assert!(peers.due(now).is_empty());
    }

    #[test]
    fn a_peer_is_learnt_from_its_first_connection() {
        let (now, peer) = (Instant::now(), PeerId::random());
        let mut peers = StaticPeers::new(vec!["/ip4/127.0.0.1/tcp/1".parse().unwrap()], now);
        peers.dialing(0, connection(1));
        peers.established(connection(1), peer, now);
        assert!(peers.contains(&peer));
    }

    #[test]
    fn a_held_peer_waits_for_the_user() {
        let now = Instant::now();
        let (mut peers, peer) = one(now);
        peers.established(connection(1), peer, now);
        peers.hold(&peer);
        peers.closed(&peer, now);
        assert_eq!(peers.next(), None);
        peers.release(&peer, now);
        assert_eq!(peers.next(), Some(now + REDIAL_FIRST));
    }

    #[test]
    fn a_peer_that_is_held_while_it_is_dialled_stays_held() {
        let now = Instant::now();
        let (mut peers, peer) = one(now);
        peers.dialing(0, connection(1));
        peers.hold(&peer);
        peers.established(connection(1), peer, now);
        assert!(peers.is_held(&peer));
        peers.closed(&peer, now);
        assert_eq!(peers.next(), None);
    }
}
