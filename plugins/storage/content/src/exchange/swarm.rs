//! The swarm: TCP with names resolved, Noise and Yamux, and the one protocol, with identify beside it.

use std::time::Duration;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::transport::upgrade::Version;
use libp2p::dns::{self, ResolverConfig, ResolverOpts};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::{Config, NetworkBehaviour};
use libp2p::{Swarm, Transport, identify, noise, tcp, yamux};

use super::codec::{Frames, PROTOCOL};
use crate::error::{Error, Result};
use crate::limits::exchange as limits;

/// What the node calls itself in identify.
const IDENTIFY: &str = "/backplane/storage/1.0.0";

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    pub(super) banned: allow_block_list::Behaviour<BlockedPeers>,
    identify: identify::Behaviour,
    pub(super) exchange: request_response::Behaviour<Frames>,
}

pub(super) fn build(key: &Keypair, request_timeout: Duration) -> Result<Swarm<Behaviour>> {
    let noise = noise::Config::new(key).map_err(|error| Error::Network {
        part: "encryption",
        reason: error.to_string(),
    })?;
    let transport = tcp()
        .upgrade(Version::V1)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .timeout(limits::DIAL_TIMEOUT)
        .boxed();
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits::MAX_PENDING_CONNECTIONS))
        .with_max_pending_outgoing(Some(limits::MAX_PENDING_CONNECTIONS))
        .with_max_established(Some(limits::MAX_CONNECTIONS))
        .with_max_established_per_peer(Some(limits::MAX_CONNECTIONS_PER_PEER));
    let requests = request_response::Config::default()
        .with_request_timeout(request_timeout)
        .with_max_concurrent_streams(limits::MAX_STREAMS);
    let identify = identify::Config::new(IDENTIFY.into(), key.public()).with_cache_size(0);
    let behaviour = Behaviour {
        limits: connection_limits::Behaviour::new(connections),
        banned: allow_block_list::Behaviour::default(),
        identify: identify::Behaviour::new(identify),
        exchange: request_response::Behaviour::with_codec(
            Frames,
            [(PROTOCOL, ProtocolSupport::Full)],
            requests,
        ),
    };
    let config = Config::with_tokio_executor()
        .with_idle_connection_timeout(limits::IDLE_TIMEOUT)
        .with_max_negotiating_inbound_streams(limits::MAX_STREAMS);
    let peer = key.public().to_peer_id();
    Ok(Swarm::new(transport, behaviour, peer, config))
}

fn tcp() -> dns::tokio::Transport<tcp::tokio::Transport> {
    let tcp = || tcp::tokio::Transport::new(tcp::Config::new().nodelay(true));
    dns::tokio::Transport::system(tcp()).unwrap_or_else(|error| {
        tracing::warn!(%error, "no name server configuration, names cannot be dialled");
        dns::tokio::Transport::custom(tcp(), ResolverConfig::default(), ResolverOpts::default())
    })
}
