//! A filter subscriber that takes the stream of its messages and reads nothing of it.

use std::{future::pending, io};

use futures::{AsyncRead, AsyncWrite, StreamExt};
use libp2p::{
    Multiaddr, StreamProtocol, SwarmBuilder, noise,
    request_response::{self, Codec, Event, Message, ProtocolSupport},
    swarm::{NetworkBehaviour, SwarmEvent},
    tcp, yamux,
};
use prost::Message as _;
use tokio::task::JoinHandle;

use crate::support::{DEADLINE, raw};

#[derive(NetworkBehaviour)]
struct Subscriber {
    asks: request_response::Behaviour<raw::Raw>,
    pushes: request_response::Behaviour<Deaf>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(int32, tag = "2")]
    kind: i32,
    #[prost(string, tag = "10")]
    pubsub_topic: String,
    #[prost(string, repeated, tag = "11")]
    content_topics: Vec<String>,
}

/// Never comes to an end with what it reads.
#[derive(Clone)]
struct Deaf;

impl Codec for Deaf {
    type Protocol = StreamProtocol;
    type Request = ();
    type Response = ();

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
    ) -> io::Result<()> {
        pending().await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
    ) -> io::Result<()> {
        pending().await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        (): (),
    ) -> io::Result<()> {
        pending().await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        (): (),
    ) -> io::Result<()> {
        pending().await
    }
}

/// Runs until it is dropped.
pub(crate) struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Subscribes to a content topic; returns when that is done.
pub(crate) async fn subscribe(service: &Multiaddr, pubsub_topic: &str, content_topic: &str) -> Running {
    let asks = [(
        StreamProtocol::new("/vac/waku/filter-subscribe/2.0.0-beta1"),
        ProtocolSupport::Outbound,
    )];
    let pushes = [(
        StreamProtocol::new("/vac/waku/filter-push/2.0.0-beta1"),
        ProtocolSupport::Inbound,
    )];
    let forever = || request_response::Config::default().with_request_timeout(100 * DEADLINE);
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Subscriber {
            asks: request_response::Behaviour::with_codec(raw::Raw, asks, forever()),
            pushes: request_response::Behaviour::with_codec(Deaf, pushes, forever()),
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(100 * DEADLINE))
        .build();
    swarm.dial(service.clone()).unwrap();
    let peer = raw::hear(&mut swarm, |event| match event {
        SwarmEvent::ConnectionEstablished { peer_id, .. } => Some(peer_id),
        _ => None,
    })
    .await;
    let request = Request {
        request_id: "1".into(),
        kind: 1,
        pubsub_topic: pubsub_topic.into(),
        content_topics: vec![content_topic.into()],
    };
    swarm
        .behaviour_mut()
        .asks
        .send_request(&peer, request.encode_to_vec());
    raw::hear(&mut swarm, |event| match event {
        SwarmEvent::Behaviour(SubscriberEvent::Asks(Event::Message {
            message: Message::Response { .. },
            ..
        })) => Some(()),
        _ => None,
    })
    .await;
    Running(tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    }))
}
