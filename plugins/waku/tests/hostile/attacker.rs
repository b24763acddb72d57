//! A peer that speaks one protocol, and writes on its streams what it likes as slowly as it likes.

use std::{collections::HashMap, io, time::Duration};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::{
    Multiaddr, StreamProtocol,
    request_response::{self, Codec, Event, Message},
    swarm::SwarmEvent,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::support::{
    DEADLINE,
    raw::{FOREVER, dial, plain_with},
};

/// Streams at once.
const STREAMS: usize = 2000;
/// Bytes of an answer that are kept.
const KEPT: usize = 64 * 1024;

/// What is written on a stream, one after the other. The end of the script is the end of what is written.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// The same bytes so many times.
    Repeat(Vec<u8>, usize),
    /// One byte a second.
    Trickle(Vec<u8>),
    /// Nothing more, and no end.
    Hold,
}

/// The answer, or why the stream ended.
type Outcome = Result<Vec<u8>, String>;
type Order = (Vec<Step>, oneshot::Sender<Outcome>);

/// Runs until it is dropped.
pub(crate) struct Attacker {
    pub(crate) protocol: &'static str,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Attacker {
    pub(crate) async fn connect(address: &Multiaddr, protocol: &'static str) -> Self {
        let config = request_response::Config::default()
            .with_request_timeout(FOREVER)
            .with_max_concurrent_streams(STREAMS);
        let mut swarm = plain_with(&[protocol], Script, config);
        let peer = dial(&mut swarm, address.clone()).await;
        let (orders, mut to_do) = mpsc::unbounded_channel::<Order>();
        let task = tokio::spawn(async move {
            let mut waiting = HashMap::new();
            loop {
                let (id, outcome) = tokio::select! {
                    event = swarm.select_next_some() => match event {
                        SwarmEvent::Behaviour(Event::Message {
                            message: Message::Response { request_id, response }, ..
                        }) => (request_id, Ok(response)),
                        SwarmEvent::Behaviour(Event::OutboundFailure { request_id, error, .. }) => {
                            (request_id, Err(error.to_string()))
                        }
                        _ => continue,
                    },
                    Some((script, done)) = to_do.recv() => {
                        waiting.insert(swarm.behaviour_mut().send_request(&peer, script), done);
                        continue;
                    }
                };
                if let Some(done) = waiting.remove(&id) {
                    // The test may not want to know.
                    let _unheard: Result<(), Outcome> = oneshot::Sender::send(done, outcome);
                }
            }
        });
        Self {
            protocol,
            orders,
            task,
        }
    }

    /// Opens a stream and writes; what comes of it can be waited for.
    pub(crate) fn open(&self, script: Vec<Step>) -> oneshot::Receiver<Outcome> {
        let (done, outcome) = oneshot::channel();
        self.orders.send((script, done)).unwrap();
        outcome
    }
}

/// Waits for the end of each of these streams.
pub(crate) async fn ends(what: &str, streams: Vec<oneshot::Receiver<Outcome>>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for stream in streams {
        let outcome = timeout(DEADLINE, stream).await;
        outcomes.push(
            outcome
                .unwrap_or_else(|_| panic!("{what}: a stream stays"))
                .unwrap(),
        );
    }
    outcomes
}

#[derive(Clone)]
struct Script;

impl Codec for Script {
    type Protocol = StreamProtocol;
    type Request = Vec<Step>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<Step>> {
        Ok(vec![Step::Send(read(io).await?)])
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
        script: Vec<Step>,
    ) -> io::Result<()> {
        for step in script {
            match step {
                Step::Send(bytes) => io.write_all(&bytes).await?,
                Step::Repeat(bytes, times) => {
                    for _ in 0..times {
                        io.write_all(&bytes).await?;
                    }
                }
                Step::Trickle(bytes) => {
                    for byte in bytes {
                        io.write_all(&[byte]).await?;
                        io.flush().await?;
                        sleep(Duration::from_secs(1)).await;
                    }
                }
                Step::Hold => {
                    io.flush().await?;
                    std::future::pending::<()>().await;
                }
            }
        }
        io.flush().await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Vec<u8>,
    ) -> io::Result<()> {
        io.write_all(&response).await
    }
}

/// Everything up to the end, of which the beginning is kept.
async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let (mut kept, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let length = io.read(&mut part).await?;
        if length == 0 {
            return Ok(kept);
        }
        let room = KEPT.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&part[..room]);
    }
}
