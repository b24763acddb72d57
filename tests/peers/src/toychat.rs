//! The driver of `toychat.mjs`.

use std::{io, path::Path, process::Stdio, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    Chat, Event, Metadata, Peer, Ready, Sent,
    install::{InstallError, install},
};

/// Longest wait for one event. The peer itself waits up to 15 s for its mesh.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest time a peer takes to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the peer's standard error that an error quotes.
const MAX_STDERR: u64 = 4096;

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

/// Why a peer does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// node or the packages are missing.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// Its pipes are broken.
    #[error("test peer: {0}")]
    Io(#[from] io::Error),
    /// A line that is no event.
    #[error("test peer wrote {line:?}: {source}")]
    Line {
        /// The line.
        line: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It reported an error.
    #[error("test peer reported: {0}")]
    Reported(String),
    /// It ended; carries what it wrote to standard error.
    #[error("test peer ended: {0}")]
    Ended(String),
    /// It did not report in time.
    #[error("test peer reported nothing within {DEADLINE:?}")]
    Timeout,
}

/// A running peer. It is killed when dropped.
#[derive(Debug)]
pub struct ToyChat {
    child: Child,
    commands: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
    ready: Ready,
}

impl ToyChat {
    /// Installs what is missing, starts the peer and waits until it listens on loopback.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn start(options: Options<'_>) -> Result<Self, PeerError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        install(folder).await?;
        let mut child = Command::new("node")
            .arg(folder.join("toychat.mjs"))
            .args(["--transport", options.transport, "--muxer", options.muxer])
            .args([
                "--cluster",
                &options.cluster.to_string(),
                "--shards",
                &options.shards.to_string(),
            ])
            .args(["--content-topic", options.content_topic])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| InstallError::Io {
                what: "node, which the test peers need".into(),
                source,
            })?;
        let missing = || io::Error::other("pipe is missing");
        let mut peer = Self {
            commands: child.stdin.take().ok_or_else(missing)?,
            events: BufReader::new(child.stdout.take().ok_or_else(missing)?).lines(),
            errors: child.stderr.take().ok_or_else(missing)?,
            child,
            ready: Ready {
                peer_id: String::new(),
                addrs: Vec::new(),
            },
        };
        peer.ready = peer
            .wait_for(|event| {
                if let Event::Ready(ready) = event {
                    Some(ready)
                } else {
                    None
                }
            })
            .await?;
        Ok(peer)
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
        self.command(json!({ "connect": address })).await?;
        self.wait_for(|event| {
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
        self.command(json!({ "send": { "nick": nick, "text": text } }))
            .await?;
        self.wait_for(|event| {
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
        self.wait_for(|event| {
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
        self.wait_for(|event| {
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
        let line = timeout(DEADLINE, self.events.next_line())
            .await
            .map_err(|_| PeerError::Timeout)??;
        match line {
            Some(line) => serde_json::from_str(&line).map_err(|source| PeerError::Line { line, source }),
            None => Err(PeerError::Ended(self.last_words().await)),
        }
    }

    /// Lets the peer end by itself.
    ///
    /// # Errors
    /// [`PeerError::Timeout`] if it does not, [`PeerError::Io`].
    pub async fn stop(mut self) -> Result<(), PeerError> {
        drop(self.commands);
        timeout(STOP_TIMEOUT, self.child.wait())
            .await
            .map_err(|_| PeerError::Timeout)??;
        Ok(())
    }

    async fn command(&mut self, command: serde_json::Value) -> Result<(), PeerError> {
        self.commands.write_all(format!("{command}\n").as_bytes()).await?;
        Ok(self.commands.flush().await?)
    }

    async fn wait_for<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> Result<T, PeerError> {
        let found = async {
            loop {
                match self.next().await? {
                    Event::Error(text) => return Err(PeerError::Reported(text)),
                    event => {
                        if let Some(found) = pick(event) {
                            return Ok(found);
                        }
                    }
                }
            }
        };
        timeout(DEADLINE, found).await.map_err(|_| PeerError::Timeout)?
    }

    async fn last_words(&mut self) -> String {
        let mut words = Vec::new();
        let mut pipe = (&mut self.errors).take(MAX_STDERR);
        // What was read until then is quoted, whether or not the pipe has ended.
        let _complete = timeout(STOP_TIMEOUT, pipe.read_to_end(&mut words)).await;
        String::from_utf8_lossy(&words).into_owned()
    }
}
