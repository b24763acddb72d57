//! The driver of `gossip/gossip.mjs` and `python/gossip.py`.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::{
    PeerError, Ready,
    install::Runtime,
    process::{Process, Report},
};

/// What the peers write, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Ready(Ready),
    Connected(Connected),
    Received(String),
    Published(bool),
    Error(String),
}

impl Report for Event {
    fn checked(self) -> Result<Self, String> {
        match self {
            Self::Error(text) => Err(text),
            event => Ok(event),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Connected {
    muxer: Option<String>,
}

/// Whose gossipsub it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GossipKind {
    /// js-libp2p's.
    JsLibp2p,
    /// py-libp2p's.
    PyLibp2p,
}

/// How the peer is started.
#[derive(Debug, Clone, Copy)]
pub struct GossipOptions<'a> {
    /// Whose it is.
    pub kind: GossipKind,
    /// The topic that it subscribes to.
    pub topic: &'a str,
    /// `ws` or `tcp`.
    pub transport: &'a str,
    /// `mplex` or `yamux`.
    pub muxer: &'a str,
    /// Whether it shall relay without telling what it receives; js-libp2p's can.
    pub quiet: bool,
}

/// A running peer that speaks gossipsub under Waku's protocol id. It is killed when dropped.
#[derive(Debug)]
pub struct GossipPeer {
    process: Process,
    ready: Ready,
}

impl GossipPeer {
    /// Installs what is missing, starts the peer and waits until it listens on loopback.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start(options: GossipOptions<'_>) -> Result<Self, PeerError> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (runtime, folder, script) = match options.kind {
            GossipKind::JsLibp2p => (Runtime::Node, peers.join("gossip"), "gossip.mjs"),
            GossipKind::PyLibp2p => (Runtime::Python, peers.join("python"), "gossip.py"),
        };
        let mut flags = vec![
            "--topic",
            options.topic,
            "--transport",
            options.transport,
            "--muxer",
            options.muxer,
        ];
        flags.extend(options.quiet.then_some("--quiet"));
        let mut process = Process::start(runtime, &folder, script, &flags).await?;
        let ready = |event| match event {
            Event::Ready(ready) => Some(ready),
            _ => None,
        };
        let ready = process.wait_for(ready).await?;
        Ok(Self { process, ready })
    }

    /// Its peer id.
    pub fn peer_id(&self) -> &str {
        &self.ready.peer_id
    }

    /// Where it can be dialled, as a multiaddr with its peer id.
    pub fn address(&self) -> &str {
        self.ready.addrs.first().map_or("", String::as_str)
    }

    /// Dials a peer; gives the multiplexer that was agreed on.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn connect(&mut self, address: &str) -> Result<Option<String>, PeerError> {
        self.process.command(json!({ "connect": address })).await?;
        let connected = |event| match event {
            Event::Connected(connected) => Some(connected.muxer),
            _ => None,
        };
        self.process.wait_for(connected).await
    }

    /// Publishes bytes, which are hexadecimal digits, once the peer has a neighbour to send them to.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn publish(&mut self, bytes: &str) -> Result<(), PeerError> {
        self.process.command(json!({ "publish": bytes })).await?;
        let published = |event| matches!(event, Event::Published(_)).then_some(());
        self.process.wait_for(published).await
    }

    /// Waits until these bytes have come in, in hexadecimal digits, and drops others before them.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn received(&mut self, bytes: &str) -> Result<(), PeerError> {
        let received = |event| matches!(event, Event::Received(it) if it == bytes).then_some(());
        self.process.wait_for(received).await
    }

    /// Lets the peer end by itself.
    ///
    /// # Errors
    /// [`PeerError::Timeout`] if it does not, [`PeerError::Io`].
    pub async fn stop(self) -> Result<(), PeerError> {
        self.process.stop().await
    }
}
