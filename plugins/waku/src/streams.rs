//! Streams of one protocol, as they are: for what goes one way and lasts.

use std::{
    collections::{HashMap, VecDeque},
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol,
    core::{Endpoint, transport::PortUse, upgrade::ReadyUpgrade},
    swarm::{
        ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
        NetworkBehaviour, NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent,
        THandlerOutEvent, ToSwarm,
        handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound},
    },
};

/// What happens with streams.
#[derive(Debug)]
pub(crate) enum Event {
    /// The peer has opened one.
    Inbound { peer: PeerId, stream: Stream },
    /// The one that was asked for is open.
    Opened { peer: PeerId, stream: Stream },
    /// It could not be opened; perhaps the peer does not speak the protocol at all.
    Failed { peer: PeerId, unsupported: bool },
}

/// Takes every stream that a peer opens, and opens at most one at a time to each peer.
pub(crate) struct Behaviour {
    protocol: StreamProtocol,
    connections: HashMap<PeerId, Vec<ConnectionId>>,
    opening: HashMap<PeerId, ConnectionId>,
    events: VecDeque<ToSwarm<Event, Open>>,
}

/// The order to open a stream.
#[derive(Debug)]
pub(crate) struct Open;

impl Behaviour {
    pub(crate) fn new(protocol: &'static str) -> Self {
        Self {
            protocol: StreamProtocol::new(protocol),
            connections: HashMap::new(),
            opening: HashMap::new(),
            events: VecDeque::new(),
        }
    }

    /// Opens a stream to a peer; exactly one event says what became of it.
    pub(crate) fn open(&mut self, peer: PeerId) {
        if self.opening.contains_key(&peer) {
            return;
        }
        match self.connections.get(&peer).and_then(|all| all.last()) {
            Some(connection) => {
                self.opening.insert(peer, *connection);
                self.events.push_back(ToSwarm::NotifyHandler {
                    peer_id: peer,
                    handler: NotifyHandler::One(*connection),
                    event: Open,
                });
            }
            None => self.failed(peer, false),
        }
    }

    fn failed(&mut self, peer: PeerId, unsupported: bool) {
        self.opening.remove(&peer);
        self.events
            .push_back(ToSwarm::GenerateEvent(Event::Failed { peer, unsupported }));
    }

    fn handler(&mut self, peer: PeerId, connection: ConnectionId) -> Handler {
        self.connections.entry(peer).or_default().push(connection);
        Handler {
            protocol: self.protocol.clone(),
            orders: 0,
            news: VecDeque::new(),
        }
    }

    fn closed(&mut self, peer: PeerId, connection: ConnectionId) {
        if let Some(all) = self.connections.get_mut(&peer) {
            all.retain(|other| *other != connection);
            if all.is_empty() {
                self.connections.remove(&peer);
            }
        }
        if self.opening.get(&peer) == Some(&connection) {
            self.failed(peer, false);
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(closed) => self.closed(closed.peer_id, closed.connection_id),
            // A connection that another protocol denied after this one had made its handler.
            FromSwarm::DialFailure(failure) => {
                if let Some(peer) = failure.peer_id {
                    self.closed(peer, failure.connection_id);
                }
            }
            FromSwarm::ListenFailure(failure) => {
                if let Some(peer) = failure.peer_id {
                    self.closed(peer, failure.connection_id);
                }
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, _: ConnectionId, news: THandlerOutEvent<Self>) {
        let event = match news {
            News::Inbound(stream) => Event::Inbound { peer, stream },
            News::Opened(stream) => {
                self.opening.remove(&peer);
                Event::Opened { peer, stream }
            }
            News::Failed { unsupported } => return self.failed(peer, unsupported),
        };
        self.events.push_back(ToSwarm::GenerateEvent(event));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        self.events.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The streams of one connection.
pub(crate) struct Handler {
    protocol: StreamProtocol,
    /// Streams to open.
    orders: usize,
    news: VecDeque<News>,
}

/// What a connection tells.
#[derive(Debug)]
pub(crate) enum News {
    Inbound(Stream),
    Opened(Stream),
    Failed { unsupported: bool },
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = News;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(self.protocol.clone()), ())
    }

    fn on_behaviour_event(&mut self, Open: Open) {
        self.orders += 1;
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        let news = match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) => {
                News::Inbound(protocol)
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                News::Opened(protocol)
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => News::Failed {
                unsupported: matches!(error, StreamUpgradeError::NegotiationFailed),
            },
            _ => return,
        };
        self.news.push_back(news);
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), News>> {
        if let Some(news) = self.news.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(news));
        }
        if self.orders > 0 {
            self.orders -= 1;
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: self.listen_protocol(),
            });
        }
        Poll::Pending
    }
}
