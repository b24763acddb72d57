//! TCP and WebSocket, with names resolved, Noise on top, and the multiplexers of the configuration.

use libp2p::{
    PeerId, Transport,
    core::{
        muxing::StreamMuxerBox,
        transport::Boxed,
        upgrade::{SelectUpgrade, Version},
    },
    dns::{self, ResolverConfig, ResolverOpts},
    identity::Keypair,
    noise, tcp, websocket, yamux,
};

use super::{Muxers, NodeError};
use crate::limits::DIAL_TIMEOUT;

type Tcp = dns::tokio::Transport<tcp::tokio::Transport>;

pub(super) fn build(key: &Keypair, muxers: Muxers) -> Result<Boxed<(PeerId, StreamMuxerBox)>, NodeError> {
    let noise = noise::Config::new(key).map_err(|error| NodeError::Setup {
        part: "encryption",
        reason: error.to_string(),
    })?;
    // WebSocket comes first: it declines what isn't /ws, where the resolver would take any address.
    let transport = websocket::Config::new(resolved_tcp()).or_transport(resolved_tcp());
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
