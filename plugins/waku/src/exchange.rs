//! Protocols of one request and one response, a frame each way.

use std::{io, time::Duration};

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    StreamProtocol,
    request_response::{self, OutboundFailure, ProtocolSupport},
};

use crate::{
    framing,
    limits::{EXCHANGE_TIMEOUT, IDLE_STREAM_TIMEOUT, MAX_EXCHANGE_STREAMS, MAX_SERVICE_FRAME},
};

pub(crate) type Behaviour = request_response::Behaviour<Frames>;
pub(crate) type Event = request_response::Event<Vec<u8>, Vec<u8>>;

/// The client of a protocol, and its server if it is served. Requests are limited to `max_request` bytes,
/// responses to [`MAX_SERVICE_FRAME`].
pub(crate) fn new(protocol: &'static str, serve: bool, max_request: usize) -> Behaviour {
    let limits = Limits {
        request: max_request,
        response: MAX_SERVICE_FRAME,
        time: EXCHANGE_TIMEOUT,
    };
    limited(protocol, serve, limits)
}

/// What a request and its response may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a request.
    pub(crate) request: usize,
    /// Bytes of a response.
    pub(crate) response: usize,
    /// How long each of them may take on its way.
    pub(crate) time: Duration,
}

/// As [`new`], with limits of its own.
pub(crate) fn limited(protocol: &'static str, serve: bool, limits: Limits) -> Behaviour {
    let config = request_response::Config::default()
        .with_request_timeout(IDLE_STREAM_TIMEOUT)
        .with_max_concurrent_streams(MAX_EXCHANGE_STREAMS);
    let support = if serve {
        ProtocolSupport::Full
    } else {
        ProtocolSupport::Outbound
    };
    let protocols = [(StreamProtocol::new(protocol), support)];
    request_response::Behaviour::with_codec(Frames(limits), protocols, config)
}

/// Whether the peer does not speak the protocol at all.
pub(crate) fn is_unsupported(failure: &OutboundFailure) -> bool {
    matches!(failure, OutboundFailure::UnsupportedProtocols)
}

/// Frames as they are; what they mean is for the protocols to say.
#[derive(Clone)]
pub(crate) struct Frames(Limits);

impl request_response::Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        framing::read_bytes(io, self.0.request).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        framing::read_bytes_within(io, self.0.response, self.0.time).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        framing::write_framed(io, &framing::framed(&request)).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, response: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        framing::write_framed_within(io, &framing::framed(&response), self.0.time).await
    }
}
