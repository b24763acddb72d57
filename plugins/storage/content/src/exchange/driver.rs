//! The one task that owns the swarm.

use std::collections::HashMap;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, InboundRequestId, Message, OutboundRequestId, ResponseChannel};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::dial::Addresses;
use super::swarm::{Behaviour, BehaviourEvent};
use super::{NodeOptions, Shared, serve};
use crate::error::{Error, Result};
use crate::limits::exchange as limits;
use crate::store::locked;

/// What the swarm is asked to do.
pub(super) enum Command {
    /// Sends a frame to a peer, and answers what comes back; nothing when the peer fails.
    Ask {
        peer: PeerId,
        frame: Vec<u8>,
        answer: oneshot::Sender<Option<Vec<u8>>>,
    },
    /// Closes the connections of a peer and makes none for a time.
    Ban(PeerId),
    /// Dials an address from now on.
    Dial(Multiaddr, oneshot::Sender<Result<()>>),
    Stop(oneshot::Sender<()>),
}

/// An answer on its way to a peer.
struct Served {
    request: InboundRequestId,
    channel: ResponseChannel<Vec<u8>>,
    answer: Option<Vec<u8>>,
    permit: OwnedSemaphorePermit,
}

pub(super) struct Driver {
    swarm: Swarm<Behaviour>,
    shared: Arc<Shared>,
    options: NodeOptions,
    addresses: Addresses,
    asked: HashMap<OutboundRequestId, oneshot::Sender<Option<Vec<u8>>>>,
    /// Bounds what answers take in memory.
    places: Arc<Semaphore>,
    /// The places of answers that peers have not taken yet.
    serving: HashMap<InboundRequestId, OwnedSemaphorePermit>,
    served: (mpsc::Sender<Served>, mpsc::Receiver<Served>),
}

impl Driver {
    pub(super) fn new(swarm: Swarm<Behaviour>, shared: Arc<Shared>, options: NodeOptions) -> Self {
        let mut addresses = Addresses::default();
        options
            .peers
            .iter()
            .cloned()
            .for_each(|address| addresses.add(address));
        Self {
            swarm,
            shared,
            options,
            addresses,
            asked: HashMap::new(),
            places: Arc::new(Semaphore::new(limits::SERVED)),
            serving: HashMap::new(),
            served: mpsc::channel(limits::SERVED),
        }
    }

    /// Binds all addresses.
    pub(super) async fn listen(&mut self) -> Result<()> {
        for address in self.options.listen.clone() {
            let failed = |reason: String| Error::Network {
                part: "listen",
                reason: format!("{address}: {reason}"),
            };
            if let Some(error) = taken(&address) {
                return Err(failed(error.to_string()));
            }
            let listener = self
                .swarm
                .listen_on(address.clone())
                .map_err(|error| failed(error.to_string()))?;
            let bound = async {
                loop {
                    match self.swarm.select_next_some().await {
                        SwarmEvent::NewListenAddr { listener_id, .. } if listener_id == listener => {
                            return Ok(());
                        }
                        SwarmEvent::ListenerClosed {
                            listener_id, reason, ..
                        } if listener_id == listener => {
                            return Err(reason.err().map_or("closed".into(), |error| error.to_string()));
                        }
                        other => self.hear(other),
                    }
                }
            };
            match timeout(limits::LISTEN_TIMEOUT, bound).await {
                Ok(bound) => bound.map_err(failed)?,
                Err(_) => return Err(failed(format!("not bound within {:?}", limits::LISTEN_TIMEOUT))),
            }
        }
        let peer = *self.swarm.local_peer_id();
        let bound = self
            .swarm
            .listeners()
            .filter_map(|address| address.clone().with_p2p(peer).ok());
        *locked(&self.shared.addresses) = bound.collect();
        Ok(())
    }

    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut tick = interval(limits::TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let waiter = loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.hear(event),
                Some(served) = self.served.1.recv() => self.send(served),
                _ = tick.tick() => self.tick(),
                command = commands.recv() => match command {
                    Some(Command::Stop(waiter)) => break Some(waiter),
                    Some(command) => self.obey(command),
                    None => break None,
                },
            }
        };
        // The connections close with the swarm, and what waits for an answer gets none.
        drop(self);
        if let Some(waiter) = waiter {
            let _ = waiter.send(());
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Ask { peer, frame, answer } => {
                let request = self.swarm.behaviour_mut().exchange.send_request(&peer, frame);
                self.asked.insert(request, answer);
            }
            Command::Ban(peer) => {
                tracing::warn!(%peer, "a peer sent something wrong and is banned");
                for forgotten in self.shared.ban(peer, Instant::now() + self.options.ban) {
                    self.swarm.behaviour_mut().banned.unblock_peer(forgotten);
                }
                self.swarm.behaviour_mut().banned.block_peer(peer);
            }
            Command::Dial(address, answer) => {
                let full = self.addresses.len() >= limits::MAX_ADDRESSES;
                let _ = answer.send(if full {
                    Err(Error::Busy {
                        what: "addresses",
                        limit: limits::MAX_ADDRESSES as u64,
                    })
                } else {
                    self.addresses.add(address);
                    Ok(())
                });
                self.tick();
            }
            // `run` looks at it.
            Command::Stop(_) => {}
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        for peer in self.shared.unbanned(now) {
            self.swarm.behaviour_mut().banned.unblock_peer(peer);
        }
        for options in self.addresses.due(now) {
            let connection = options.connection_id();
            if let Err(error) = self.swarm.dial(options) {
                tracing::debug!(%error, "a peer cannot be dialled");
                self.addresses.ended(connection, now);
            }
        }
    }

    fn hear(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                ..
            } => {
                self.addresses.connected(connection_id);
                self.shared.connected(peer_id);
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                num_established,
                ..
            } => {
                if num_established == 0 {
                    self.shared.disconnected(peer_id);
                }
                self.gone(connection_id);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id, error, ..
            } => {
                tracing::debug!(%error, "a connection could not be made");
                self.gone(connection_id);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Exchange(event)) => self.exchange(event),
            _ => {}
        }
    }

    fn gone(&mut self, connection: ConnectionId) {
        self.addresses.ended(connection, Instant::now());
    }

    fn exchange(&mut self, event: request_response::Event<Vec<u8>, Vec<u8>>) {
        use request_response::Event;
        match event {
            Event::Message { message, .. } => match message {
                Message::Request {
                    request_id,
                    request,
                    channel,
                } => self.serve(request_id, request, channel),
                Message::Response { request_id, response } => self.answer(request_id, Some(response)),
            },
            Event::OutboundFailure {
                request_id,
                peer,
                error,
                ..
            } => {
                tracing::debug!(%peer, %error, "a request failed");
                self.answer(request_id, None);
            }
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                self.serving.remove(&request_id);
            }
        }
    }

    fn answer(&mut self, request: OutboundRequestId, response: Option<Vec<u8>>) {
        if let Some(waiting) = self.asked.remove(&request) {
            let _ = waiting.send(response);
        }
    }

    /// Reads what a peer wants, once there is a place for it. How many wait is bounded by the streams of a connection.
    fn serve(&mut self, request: InboundRequestId, frame: Vec<u8>, channel: ResponseChannel<Vec<u8>>) {
        let (places, served) = (Arc::clone(&self.places), self.served.0.clone());
        let contents = self.shared.contents.clone();
        tokio::spawn(async move {
            let Ok(permit) = places.acquire_owned().await else {
                return;
            };
            if !channel.is_open() {
                return;
            }
            let read = tokio::task::spawn_blocking(move || serve::answer(&contents, &frame)).await;
            let _ = served
                .send(Served {
                    request,
                    channel,
                    answer: read.ok().flatten(),
                    permit,
                })
                .await;
        });
    }

    fn send(&mut self, served: Served) {
        // Without an answer the channel closes, and the peer is told so.
        let Some(answer) = served.answer else { return };
        if self
            .swarm
            .behaviour_mut()
            .exchange
            .send_response(served.channel, answer)
            .is_ok()
        {
            self.serving.insert(served.request, served.permit);
        }
    }
}

/// Why a fixed port cannot be bound: libp2p shares ports, so that two nodes would share its connections without an error. A
/// plain socket tells.
fn taken(address: &Multiaddr) -> Option<std::io::Error> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) if port != 0 => TcpListener::bind((ip, port)).err(),
        _ => None,
    }
}
