//! The driver of `toychat.mjs`.

use std::path::Path;

use serde_json::json;

use crate::{
    Chat, Event, Metadata, Peer, Ready, Sent,
    install::Runtime,
    process::{PeerError, Process},
};

/// How the peer is started.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// `ws` or `tcp`.
    pub transport: &'a str,
    /// `mplex` or `yamux`.
    pub muxer: &'a str,
    /// The cluster.
    pub cluster: u16,
    /// Shards that autosharding spreads over.
    pub shards: u16,
    /// The toy-chat room.
    pub content_topic: &'a str,
}

impl Options<'static> {
    /// WebSocket and mplex, as js-waku in a browser, in cluster 99 with eight shards.
    pub const WS_MPLEX: Self = Self {
        transport: "ws",
        muxer: "mplex",
        cluster: 99,
        shards: 8,
        content_topic: "/toy-chat/2/huilong/proto",
    };
    /// TCP and yamux, otherwise the same.
    pub const TCP_YAMUX: Self = Self {
        transport: "tcp",
        muxer: "yamux",
        ..Self::WS_MPLEX
    };
}

/// A running peer. It is killed when dropped.
#[derive(Debug)]
pub struct ToyChat {
    process: Process,
    ready: Ready,
}

impl ToyChat {
    /// Installs what is missing, starts the peer and waits until it listens on loopback.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start(options: Options<'_>) -> Result<Self, PeerError> {
        Self::start_with(options, &[]).await
    }

    /// As [`start`](Self::start); it trusts the authorities in the file when it dials secure WebSocket.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start_trusting(options: Options<'_>, authorities: &Path) -> Result<Self, PeerError> {
        Self::start_with(options, &[("NODE_EXTRA_CA_CERTS", authorities)]).await
    }

    async fn start_with(options: Options<'_>, variables: &[(&str, &Path)]) -> Result<Self, PeerError> {
        let (cluster, shards) = (options.cluster.to_string(), options.shards.to_string());
        let flags = [
            "--transport",
            options.transport,
            "--muxer",
            options.muxer,
            "--cluster",
            &cluster,
            "--shards",
            &shards,
            "--content-topic",
            options.content_topic,
        ];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process =
            Process::start_with(Runtime::Node, folder, "toychat.mjs", &flags, variables).await?;
        let ready = process
            .wait_for(|event| {
                if let Event::Ready(ready) = event {
                    Some(ready)
                } else {
                    None
                }
            })
            .await?;
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

    /// Dials a peer and waits for the connection.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn connect(&mut self, address: &str) -> Result<Peer, PeerError> {
        self.process.command(json!({ "connect": address })).await?;
        self.process
            .wait_for(|event| {
                if let Event::Peer(peer) = event {
                    Some(peer)
                } else {
                    None
                }
            })
            .await
    }

    /// Says something, once the peer has a neighbour to say it to.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn send(&mut self, nick: &str, text: &str) -> Result<Sent, PeerError> {
        self.process
            .command(json!({ "send": { "nick": nick, "text": text } }))
            .await?;
        self.process
            .wait_for(|event| {
                if let Event::Sent(sent) = event {
                    Some(sent)
                } else {
                    None
                }
            })
            .await
    }

    /// Waits for the next message and drops other events before it.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn received(&mut self) -> Result<Chat, PeerError> {
        self.process
            .wait_for(|event| {
                if let Event::Received(chat) = event {
                    Some(chat)
                } else {
                    None
                }
            })
            .await
    }

    /// Waits for the next answer to the peer's metadata requests and drops other events before it.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn metadata(&mut self) -> Result<Metadata, PeerError> {
        self.process
            .wait_for(|event| {
                if let Event::Metadata(metadata) = event {
                    Some(metadata)
                } else {
                    None
                }
            })
            .await
    }

    /// The next event, whatever it is.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn next(&mut self) -> Result<Event, PeerError> {
        self.process.next().await
    }

    /// Lets the peer end by itself.
    ///
    /// # Errors
    /// [`PeerError::Timeout`] if it does not, [`PeerError::Io`].
    pub async fn stop(self) -> Result<(), PeerError> {
        self.process.stop().await
    }
}
