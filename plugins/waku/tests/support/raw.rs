//! Requests and responses as the bytes that they are.

use std::{io, time::Duration};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::{
    Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise,
    request_response::{self, Codec, Event, Message, OutboundFailure, ProtocolSupport},
    swarm::{NetworkBehaviour, SwarmEvent},
    tcp, yamux,
};
use tokio::time::timeout;
use waku_plugin::Node;

use super::{DEADLINE, address};

/// Longer than any test.
pub(crate) const FOREVER: Duration = Duration::from_secs(3600);

/// Length-prefixed bytes each way, each to the end of its stream.
#[derive(Clone)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        read(io).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        read(io).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Vec<u8>,
    ) -> io::Result<()> {
        io.write_all(&framed(&request)).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Vec<u8>,
    ) -> io::Result<()> {
        io.write_all(&framed(&response)).await
    }
}

async fn read<T: AsyncRead + Unpin>(io: &mut T) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    io.read_to_end(&mut all).await?;
    let bytes = prost::decode_length_delimiter(&all[..]).map_err(io::Error::other)?;
    Ok(all.split_off(all.len() - bytes))
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    prost::encode_length_delimiter(bytes.len(), &mut frame).unwrap();
    frame.extend_from_slice(bytes);
    frame
}

pub(crate) type Plain<C> = Swarm<request_response::Behaviour<C>>;

/// A peer that speaks one protocol and nothing else.
pub(crate) fn plain<C>(protocol: &'static str, codec: C) -> Plain<C>
where
    C: Codec<Protocol = StreamProtocol> + Clone + Send + 'static,
{
    plain_of(&[protocol], codec)
}

/// A peer that speaks these protocols and nothing else.
pub(crate) fn plain_of<C>(protocols: &[&'static str], codec: C) -> Plain<C>
where
    C: Codec<Protocol = StreamProtocol> + Clone + Send + 'static,
{
    plain_with(protocols, codec, request_response::Config::default())
}

/// The same, of another patience.
pub(crate) fn plain_with<C>(
    protocols: &[&'static str],
    codec: C,
    config: request_response::Config,
) -> Plain<C>
where
    C: Codec<Protocol = StreamProtocol> + Clone + Send + 'static,
{
    let full = |it: &&'static str| (StreamProtocol::new(it), ProtocolSupport::Full);
    let protocols: Vec<_> = protocols.iter().map(full).collect();
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| request_response::Behaviour::with_codec(codec, protocols, config))
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(FOREVER))
        .build()
}

/// Dials, and waits for the connection.
pub(crate) async fn dial<B: NetworkBehaviour>(swarm: &mut Swarm<B>, address: Multiaddr) -> PeerId {
    swarm.dial(address).unwrap();
    hear(swarm, |event| match event {
        SwarmEvent::ConnectionEstablished { peer_id, .. } => Some(peer_id),
        _ => None,
    })
    .await
}

/// Waits for the next event that `pick` knows.
pub(crate) async fn hear<B: NetworkBehaviour, T>(
    swarm: &mut Swarm<B>,
    mut pick: impl FnMut(SwarmEvent<B::ToSwarm>) -> Option<T>,
) -> T {
    let picked = async {
        loop {
            if let Some(found) = pick(swarm.select_next_some().await) {
                break found;
            }
        }
    };
    timeout(DEADLINE, picked).await.unwrap()
}

/// Sends a request from a peer of its own, and waits for the response.
pub(crate) async fn say(
    service: &Node,
    protocol: &'static str,
    request: Vec<u8>,
) -> Result<Vec<u8>, OutboundFailure> {
    let mut swarm = plain(protocol, Raw);
    let peer = dial(&mut swarm, address(service).await).await;
    swarm.behaviour_mut().send_request(&peer, request);
    hear(&mut swarm, |event| match event {
        SwarmEvent::Behaviour(Event::Message {
            message: Message::Response { response, .. },
            ..
        }) => Some(Ok(response)),
        SwarmEvent::Behaviour(Event::OutboundFailure { error, .. }) => Some(Err(error)),
        _ => None,
    })
    .await
}

/// Sends the bytes of a request as they stand.
pub(crate) async fn raw_request(service: &Node, protocol: &'static str, hex: &str) -> String {
    let response = say(service, protocol, hex::decode(hex).unwrap()).await;
    hex::encode(response.unwrap())
}
