//! TCP and WebSocket, also over TLS, and circuits through relays; with names resolved, Noise on top, and the
//! multiplexers of the configuration.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    Multiaddr, PeerId, Transport,
    core::{
        muxing::StreamMuxerBox,
        transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent},
        upgrade::{SelectUpgrade, Version},
    },
    dns::{self, ResolverConfig, ResolverOpts},
    identity::Keypair,
    noise, relay, tcp, websocket, yamux,
};
use tokio::sync::watch;

use super::{Muxers, NodeError};
use crate::limits::DIAL_TIMEOUT;

type Tcp = dns::tokio::Transport<tcp::tokio::Transport>;
type Secured = Boxed<(PeerId, StreamMuxerBox)>;

pub(super) fn build(
    key: &Keypair,
    muxers: Muxers,
    tls: watch::Receiver<websocket::tls::Config>,
    circuits: relay::client::Transport,
) -> Result<Secured, NodeError> {
    // WebSocket comes first: it declines what isn't /ws, where the resolver would take any address. For the same
    // reason circuits come before both.
    let direct = secured(WebSocket::new(tls).or_transport(resolved_tcp()), key, muxers)?;
    let circuits = secured(circuits, key, muxers)?;
    let all = circuits.or_transport(direct);
    Ok(all.map(|either, _| either.into_inner()).boxed())
}

fn secured<T>(transport: T, key: &Keypair, muxers: Muxers) -> Result<Secured, NodeError>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T::Error: Send + Sync,
    T::Dial: Send,
    T::ListenerUpgrade: Send,
{
    let noise = noise::Config::new(key).map_err(|error| NodeError::Setup {
        part: "encryption",
        reason: error.to_string(),
    })?;
    let secured = transport.upgrade(Version::V1).authenticate(noise);
    let (yamux, mplex) = (yamux::Config::default(), libp2p_mplex::Config::default());
    Ok(match muxers {
        Muxers::YamuxMplex => secured
            .multiplex(SelectUpgrade::new(yamux, mplex))
            .timeout(DIAL_TIMEOUT)
            .boxed(),
        Muxers::Yamux => secured.multiplex(yamux).timeout(DIAL_TIMEOUT).boxed(),
        Muxers::Mplex => secured.multiplex(mplex).timeout(DIAL_TIMEOUT).boxed(),
    })
}

/// TCP that resolves names with the system's configuration. Without one, only numeric addresses can be
/// dialled.
fn resolved_tcp() -> Tcp {
    let tcp = || tcp::tokio::Transport::new(tcp::Config::new().nodelay(true));
    dns::tokio::Transport::system(tcp()).unwrap_or_else(|error| {
        tracing::warn!(%error, "no name server configuration, names cannot be dialled");
        dns::tokio::Transport::custom(tcp(), ResolverConfig::default(), ResolverOpts::default())
    })
}

type Plain = websocket::Config<Tcp>;

/// WebSocket whose certificate may change. Connections that stand keep the one that they began with.
struct WebSocket {
    plain: Plain,
    tls: watch::Receiver<websocket::tls::Config>,
}

impl WebSocket {
    fn new(mut tls: watch::Receiver<websocket::tls::Config>) -> Self {
        let mut plain = websocket::Config::new(resolved_tcp());
        plain.set_tls_config(tls.borrow_and_update().clone());
        Self { plain, tls }
    }

    /// Nothing wakes the transport for a new certificate: it is asked for before each connection.
    fn renew(&mut self) {
        if self.tls.has_changed().is_ok_and(|it| it) {
            self.plain.set_tls_config(self.tls.borrow_and_update().clone());
        }
    }
}

impl Transport for WebSocket {
    type Output = <Plain as Transport>::Output;
    type Error = <Plain as Transport>::Error;
    type ListenerUpgrade = <Plain as Transport>::ListenerUpgrade;
    type Dial = <Plain as Transport>::Dial;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        self.plain.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.plain.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        self.renew();
        self.plain.dial(address, options)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        self.renew();
        Pin::new(&mut self.plain).poll(context)
    }
}
