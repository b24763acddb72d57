//! What `toychat.mjs` writes, one JSON object a line.

use serde::Deserialize;

use crate::process::Report;

/// What the peer reports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It listens; [`ToyChat::start`](crate::ToyChat::start) takes this one.
    Ready(Ready),
    /// A peer came or went.
    Peer(Peer),
    /// A peer answered its metadata request, or did not.
    Metadata(Metadata),
    /// A message came in.
    Received(Chat),
    /// A message went out.
    Sent(Sent),
    /// A command or a message that it could not handle, and why.
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

/// Who the peer is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// Its peer id.
    pub peer_id: String,
    /// Where it can be dialled.
    pub addrs: Vec<String>,
}

/// A peer that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Its peer id.
    pub peer_id: String,
    /// Whether it came.
    pub connected: bool,
    /// The multiplexer that was agreed on.
    pub muxer: Option<String>,
}

/// What a peer told about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its peer id.
    pub peer_id: String,
    /// Its cluster.
    pub cluster_id: Option<u32>,
    /// Its shards.
    #[serde(default)]
    pub shards: Vec<u32>,
    /// Why there is none.
    pub error: Option<String>,
}

/// A toy-chat message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Chat {
    /// The name its sender goes by.
    pub nick: String,
    /// What is said.
    pub text: String,
    /// Seconds since 1970.
    pub timestamp: u64,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// The message.
    #[serde(flatten)]
    pub chat: Chat,
    /// How many peers it went to.
    pub recipients: usize,
}
