use std::io;

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    StreamProtocol,
    request_response::{self, ProtocolSupport},
};

use super::Metadata;
use crate::{
    framing,
    limits::{IDLE_STREAM_TIMEOUT, MAX_EXCHANGE_STREAMS, MAX_METADATA},
};

const PROTOCOL: StreamProtocol = StreamProtocol::new("/vac/waku/metadata/1.0.0");

pub(crate) type Behaviour = request_response::Behaviour<Codec>;
pub(crate) type Event = request_response::Event<Metadata, Metadata>;

/// Server and client of the protocol.
pub(crate) fn new() -> Behaviour {
    let config = request_response::Config::default()
        .with_request_timeout(IDLE_STREAM_TIMEOUT)
        .with_max_concurrent_streams(MAX_EXCHANGE_STREAMS);
    request_response::Behaviour::with_codec(Codec, [(PROTOCOL, ProtocolSupport::Full)], config)
}

/// The cluster of a peer, as a mismatch if it isn't ours.
pub(crate) fn verdict(ours: u16, peer: &Metadata) -> Result<(), Option<u32>> {
    match peer.cluster() {
        Some(theirs) if theirs == u32::from(ours) => Ok(()),
        other => Err(other),
    }
}

/// One length-prefixed message each way.
#[derive(Clone)]
pub(crate) struct Codec;

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Metadata;
    type Response = Metadata;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Metadata>
    where
        T: AsyncRead + Unpin + Send,
    {
        framing::read(io, MAX_METADATA).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Metadata>
    where
        T: AsyncRead + Unpin + Send,
    {
        framing::read_soon(io, MAX_METADATA).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Metadata) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        framing::write(io, &request).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Metadata,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        framing::write(io, &response).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_shard_list_is_no_mismatch_but_another_cluster_is() {
        assert_eq!(verdict(99, &Metadata::new(99, [])), Ok(()));
        assert_eq!(verdict(99, &Metadata::new(99, [500])), Ok(()));
        assert_eq!(verdict(99, &Metadata::new(98, [0])), Err(Some(98)));
        assert_eq!(verdict(0, &Metadata::default()), Err(None));
    }
}
