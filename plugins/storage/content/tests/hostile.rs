//! Peers that lie, are silent, or talk nonsense: refused, dropped and banned for a time, while others go on.
#![cfg(feature = "exchange")]

mod common;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::node::{Running, eventually, local, node, options, start};
use common::{OWNER, get, put, sequence};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Event, Message, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use storage_content::{Cid, Error, NodeOptions};
use tokio::sync::mpsc;

/// What a hostile peer does with a frame: it writes these bytes onto the stream, or nothing at all.
type Reply = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        io.read_to_end(&mut all).await?;
        Ok(all.split_off(4))
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        io.read_to_end(&mut all).await?;
        Ok(all)
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        bytes: Vec<u8>,
    ) -> io::Result<()> {
        io.write_all(&bytes).await?;
        io.close().await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        bytes: Vec<u8>,
    ) -> io::Result<()> {
        io.write_all(&bytes).await?;
        io.close().await
    }
}

/// A peer on bare libp2p.
struct Hostile {
    peer: PeerId,
    address: Multiaddr,
    /// Frames that came, as far as there was room.
    asked: mpsc::Receiver<Vec<u8>>,
    /// Connections that ended.
    closed: mpsc::Receiver<()>,
}

async fn hostile(reply: Reply) -> Hostile {
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocol = StreamProtocol::new("/backplane/block-exchange/1.0.0");
            request_response::Behaviour::<Raw>::new([(protocol, ProtocolSupport::Full)], Default::default())
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build();
    let peer = *swarm.local_peer_id();
    swarm.listen_on(local()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address.with_p2p(peer).unwrap();
        }
    };
    let (told, asked) = mpsc::channel(1024);
    let (ended, closed) = mpsc::channel(1024);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(Event::Message {
                    message: Message::Request { request, channel, .. },
                    ..
                }) => {
                    let answer = reply(&request);
                    let _ = told.try_send(request);
                    match answer {
                        Some(bytes) => drop(swarm.behaviour_mut().send_response(channel, bytes)),
                        None => silent.push(channel),
                    }
                }
                SwarmEvent::ConnectionClosed { .. } => drop(ended.try_send(())),
                _ => {}
            }
        }
    });
    Hostile {
        peer,
        address,
        asked,
        closed,
    }
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as u32).to_be_bytes()[..], frame].concat()
}

/// The blocks that a frame asks for.
fn wanted(frame: &[u8]) -> Vec<u32> {
    let (numbers, _) = frame[1 + 32 + 4 + 8..].as_chunks::<4>();
    numbers.iter().map(|number| u32::from_be_bytes(*number)).collect()
}

/// An answer with blocks of zeros, each with a proof of the right length that proves nothing.
fn zeros(frame: &[u8], height: u8) -> Vec<u8> {
    let mut answer = vec![2];
    for block in wanted(frame) {
        answer.extend(block.to_be_bytes());
        answer.push(1);
        answer.extend(65536u32.to_be_bytes());
        answer.extend(vec![0; 65536]);
        answer.push(height);
        answer.extend(vec![0; 32 * usize::from(height)]);
    }
    framed(&answer)
}

/// A node whose only peer lies about blocks, and which knows the manifest of the file.
async fn deceived(honest: &Running, cid: Cid, liar: &Hostile, ban: Duration) -> Running {
    let options = NodeOptions {
        peers: vec![liar.address.clone()],
        request_timeout: Duration::from_secs(1),
        ban,
        ..options(&[])
    };
    let node = start(tempfile::tempdir().unwrap(), options).await;
    let manifest = honest.contents.manifest(cid).unwrap().unwrap();
    eventually("connected", || node.knows(liar.peer).is_some()).await;
    node.contents.add(OWNER, &manifest, false).unwrap();
    node
}

/// 32 blocks: their proofs have five digests.
async fn honest() -> (Running, Cid, Vec<u8>) {
    let honest = node(&[]).await;
    let bytes = sequence(0, 2 << 20);
    let cid = put(&honest.contents, &bytes).cid;
    (honest, cid, bytes)
}

async fn is_banned_and_others_serve(reply: Reply) {
    let (honest, cid, bytes) = honest().await;
    let mut liar = hostile(reply).await;
    let node = deceived(&honest, cid, &liar, Duration::from_secs(600)).await;
    let banned = || {
        node.knows(liar.peer)
            .is_some_and(|peer| peer.banned && !peer.connected)
    };
    eventually("it is banned and gone", banned).await;
    liar.closed.recv().await.unwrap();
    // Nothing of what it sent was kept, and it is not asked again, although its address is dialled.
    assert_eq!(node.file(cid).here, 0);
    node.node.dial(honest.address()).await.unwrap();
    node.complete(cid).await;
    assert_eq!(get(&node.contents, OWNER, cid).unwrap(), bytes);
    while liar.asked.try_recv().is_ok() {}
    node.node.dial(liar.address.clone()).await.unwrap();
    let other = put(&honest.contents, &sequence(8, 1 << 20)).cid;
    assert_eq!(node.fetched(other).await, sequence(8, 1 << 20));
    assert!(liar.asked.try_recv().is_err());
    assert!(
        node.knows(liar.peer)
            .is_some_and(|peer| peer.banned && !peer.connected)
    );
}

#[tokio::test]
async fn a_peer_that_sends_a_wrong_block_is_refused_dropped_and_banned() {
    is_banned_and_others_serve(Arc::new(|frame| Some(zeros(frame, 5)))).await;
}

#[tokio::test]
async fn so_is_one_whose_proof_has_the_wrong_length() {
    is_banned_and_others_serve(Arc::new(|frame| Some(zeros(frame, 22)))).await;
}

#[tokio::test]
async fn so_is_one_that_sends_what_was_not_asked_for() {
    let reply = |_: &[u8]| Some(framed(&[2, 0, 0, 0, 31, 0]));
    is_banned_and_others_serve(Arc::new(reply)).await;
}

#[tokio::test]
async fn so_is_one_that_talks_nonsense() {
    is_banned_and_others_serve(Arc::new(|_| Some(framed(b"nonsense")))).await;
}

#[tokio::test]
async fn a_ban_ends() {
    let (honest, cid, _) = honest().await;
    let mut liar = hostile(Arc::new(|frame| Some(zeros(frame, 5)))).await;
    let node = deceived(&honest, cid, &liar, Duration::from_millis(700)).await;
    let began = Instant::now();
    for _ in 0..2 {
        liar.closed.recv().await.unwrap();
    }
    assert!(
        began.elapsed() >= Duration::from_millis(700),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(node.file(cid).here, 0);
}

async fn does_not_hold_up_others(reply: Reply) {
    let (honest, cid, bytes) = honest().await;
    let mut liar = hostile(reply).await;
    let node = deceived(&honest, cid, &liar, Duration::from_secs(600)).await;
    liar.asked.recv().await.unwrap();
    node.node.dial(honest.address()).await.unwrap();
    node.complete(cid).await;
    assert_eq!(get(&node.contents, OWNER, cid).unwrap(), bytes);
    // It did nothing wrong that could be proved.
    assert!(!node.knows(liar.peer).is_some_and(|peer| peer.banned));
}

#[tokio::test]
async fn a_silent_peer_holds_up_nobody() {
    does_not_hold_up_others(Arc::new(|_| None)).await;
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_not_read() {
    let reply = |_: &[u8]| Some((640 * 1024 + 1u32).to_be_bytes().to_vec());
    does_not_hold_up_others(Arc::new(reply)).await;
}

#[tokio::test]
async fn a_frame_that_ends_early_is_nothing() {
    does_not_hold_up_others(Arc::new(|_| Some(vec![0, 0, 1, 0, 2, 0]))).await;
}

#[tokio::test]
async fn a_wrong_manifest_is_not_taken_and_its_sender_is_banned() {
    let (honest, cid, _) = honest().await;
    let other = put(&honest.contents, b"another file").cid;
    let manifest = honest.contents.manifest(other).unwrap().unwrap();
    let liar = hostile(Arc::new(move |_| Some(framed(&[&[1], &manifest[..]].concat())))).await;
    let options = NodeOptions {
        peers: vec![liar.address.clone()],
        find_timeout: Duration::from_secs(2),
        ..options(&[])
    };
    let node = start(tempfile::tempdir().unwrap(), options).await;
    let refused = node.node.fetch(OWNER, cid, false).await;
    assert_eq!(refused, Err(Error::Unavailable { asked: 1 }));
    assert!(node.knows(liar.peer).is_some_and(|peer| peer.banned));
}
