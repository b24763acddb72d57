//! Connections that somebody asked for: by a call, or as static peers.

use std::{collections::HashMap, time::Instant};

use libp2p::{
    Multiaddr, PeerId,
    multiaddr::Protocol,
    swarm::{
        ConnectionId, DialError,
        dial_opts::{DialOpts, PeerCondition},
    },
};

use super::{
    ConnectError,
    command::{Reply, answer},
    driver::Driver,
    redial::peer_of,
};
use crate::limits::MAX_WAITING;

type ConnectReply = Reply<Result<PeerId, ConnectError>>;
type DisconnectReply = Reply<Result<(), ConnectError>>;

/// The calls that wait for a connection.
#[derive(Default)]
pub(super) struct Waiting {
    /// Until the dial has come to an end.
    dialing: HashMap<ConnectionId, (Multiaddr, ConnectReply)>,
    /// Until the peer has told its cluster.
    verifying: HashMap<PeerId, Vec<ConnectReply>>,
    /// Until the connections to the peer have closed.
    closing: HashMap<PeerId, Vec<DisconnectReply>>,
}

impl Waiting {
    fn len(&self) -> usize {
        let verifying: usize = self.verifying.values().map(Vec::len).sum();
        let closing: usize = self.closing.values().map(Vec::len).sum();
        self.dialing.len() + verifying + closing
    }

    /// A dial has ended in a connection; whether somebody asked for it.
    pub(super) fn established(&mut self, connection: ConnectionId, peer: PeerId) -> bool {
        let asked = self.dialing.remove(&connection);
        let was_asked = asked.is_some();
        if let Some((_, reply)) = asked {
            self.verifying.entry(peer).or_default().push(reply);
        }
        was_asked
    }

    /// A dial has ended in an error.
    pub(super) fn failed(&mut self, connection: ConnectionId, reason: &str) {
        if let Some((address, reply)) = self.dialing.remove(&connection) {
            answer(
                reply,
                Err(ConnectError::Dial {
                    address,
                    reason: reason.to_owned(),
                }),
            );
        }
    }

    /// The last connection to the peer has closed.
    pub(super) fn closed(&mut self, peer: &PeerId, reason: ConnectError) {
        self.settle(peer, Err(reason));
        for reply in self.closing.remove(peer).unwrap_or_default() {
            answer(reply, Ok(()));
        }
    }

    /// It is known what the peer is, or that it won't be known.
    pub(super) fn settle(&mut self, peer: &PeerId, outcome: Result<(), ConnectError>) {
        for reply in self.verifying.remove(peer).unwrap_or_default() {
            answer(reply, outcome.clone().map(|()| *peer));
        }
    }
}

impl Driver {
    pub(super) fn connect(&mut self, address: Multiaddr, reply: ConnectReply) {
        if self.waiting.len() >= MAX_WAITING {
            return answer(reply, Err(ConnectError::TooMany(MAX_WAITING)));
        }
        if let Some(peer) = self.named_by(&address) {
            self.static_peers.release(&peer, Instant::now());
            self.book.release(&peer);
            if self.swarm.is_connected(&peer) {
                if self.peers.is_settled(&peer) {
                    return answer(reply, Ok(peer));
                }
                return self.waiting.verifying.entry(peer).or_default().push(reply);
            }
        }
        let options = dial_options(&address);
        let connection = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.waiting.dialing.insert(connection, (address, reply));
            }
            Err(error) => {
                let reason = reason(&error);
                answer(reply, Err(ConnectError::Dial { address, reason }));
            }
        }
    }

    pub(super) fn disconnect(&mut self, address: Multiaddr, reply: DisconnectReply) {
        if self.waiting.len() >= MAX_WAITING {
            return answer(reply, Err(ConnectError::TooMany(MAX_WAITING)));
        }
        let Some(peer) = self.named_by(&address) else {
            return answer(reply, Err(ConnectError::NotConnected(address)));
        };
        self.static_peers.hold(&peer);
        self.book.hold(&peer);
        match self.swarm.disconnect_peer_id(peer) {
            Ok(()) => self.waiting.closing.entry(peer).or_default().push(reply),
            Err(()) => answer(reply, Err(ConnectError::NotConnected(address))),
        }
    }

    /// The peer that an address names, or else the one that is connected by it.
    fn named_by(&self, address: &Multiaddr) -> Option<PeerId> {
        let connected = || {
            self.peers
                .iter()
                .find(|(_, peer)| without_peer(&peer.address) == *address)
        };
        peer_of(address).or_else(|| connected().map(|(peer, _)| *peer))
    }

    /// Dials the static peers whose time has come.
    pub(super) fn redial(&mut self) {
        let now = Instant::now();
        for (place, address) in self.static_peers.due(now) {
            let options = dial_options(&address);
            let connection = options.connection_id();
            self.static_peers.dialing(place, connection);
            if let Err(error) = self.swarm.dial(options) {
                self.static_peers.failed(connection, &reason(&error), now);
            }
        }
    }
}

fn without_peer(address: &Multiaddr) -> Multiaddr {
    address
        .iter()
        .filter(|part| !matches!(part, Protocol::P2p(_)))
        .collect()
}

/// A dial beside one that is under way is harmless: the limit of connections for each peer allows for it.
fn dial_options(address: &Multiaddr) -> DialOpts {
    match peer_of(address) {
        Some(peer) => DialOpts::peer_id(peer)
            .condition(PeerCondition::Disconnected)
            .addresses(vec![address.clone()])
            .build(),
        None => DialOpts::unknown_peer_id().address(address.clone()).build(),
    }
}

/// One line that says why, without the address, which the caller knows.
pub(super) fn reason(error: &DialError) -> String {
    match error {
        DialError::Transport(attempts) => {
            let reasons: Vec<String> = attempts.iter().map(|(_, error)| innermost(error)).collect();
            reasons.join("; ")
        }
        DialError::WrongPeerId { obtained, .. } => format!("the peer there is {obtained}"),
        DialError::LocalPeerId { .. } => "the peer there is this node itself".to_owned(),
        DialError::Denied { cause } => innermost(cause),
        other => innermost(other),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
