//! The running host, as the terminal chat needs it.

use std::{future::Future, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A chat session on a running host. All methods may be called from several tasks at once.
pub trait Session: Send + Sync + 'static {
    /// Sends a text; returns the message as it stands in the history.
    fn send(&self, text: &str) -> impl Future<Output = Result<ChatLine, SessionError>> + Send;

    /// Up to `limit` messages older than the cursor, or the newest ones.
    fn history(
        &self,
        before: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, SessionError>> + Send;

    /// Our nickname.
    fn nick(&self) -> impl Future<Output = Result<String, SessionError>> + Send;

    /// Changes our nickname; returns it as it is now.
    fn set_nick(&self, nick: &str) -> impl Future<Output = Result<String, SessionError>> + Send;

    /// Connects to a peer, by multiaddr.
    fn connect(&self, address: &str) -> impl Future<Output = Result<(), SessionError>> + Send;

    /// The connected peers.
    fn peers(&self) -> impl Future<Output = Result<Vec<Peer>, SessionError>> + Send;

    /// The modules of the host, in the order to show them.
    fn modules(&self) -> impl Future<Output = Result<Vec<Module>, SessionError>> + Send;

    /// Replaces a module while the host runs.
    fn swap(
        &self,
        module: &str,
        target: &SwapTarget,
    ) -> impl Future<Output = Result<Swap, SessionError>> + Send;

    /// Who and where we are.
    fn about(&self) -> impl Future<Output = Result<About, SessionError>> + Send;

    /// Waits for what happens next. A future that is dropped loses no event. After
    /// [`SessionEvent::Closed`] it is not called again.
    fn next_event(&self) -> impl Future<Output = SessionEvent> + Send;
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Its place in the history, unlike that of any other message.
    pub cursor: String,
    /// Who wrote it.
    pub nick: String,
    /// What they wrote.
    pub text: String,
    /// When they say they wrote it: Unix, in seconds.
    pub sent_at: i64,
    /// Written here.
    pub outgoing: bool,
    /// The network has it.
    pub published: bool,
    /// It was not in the chat's format, `text` is the payload as it came.
    pub raw: bool,
}

/// Consecutive messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// The messages.
    pub lines: Vec<ChatLine>,
    /// Where older ones follow; `None` at the start of the history.
    pub older: Option<String>,
}

/// Who and where we are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Our peer id.
    pub peer_id: String,
    /// Our multiaddrs, each with the peer id.
    pub addresses: Vec<String>,
    /// Connected peers that take part in the shard of the conversation.
    pub peers_in_room: u32,
    /// Our data folder.
    pub data_dir: PathBuf,
}

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its peer id.
    pub id: String,
    /// The multiaddr of the connection.
    pub address: String,
}

/// A module of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its lifecycle state; `ready` is the ordinary one.
    pub state: String,
}

/// How a module was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The module that is there now.
    pub module: Module,
    /// The version that was there before.
    pub from: String,
    /// The generation that is there now, counted from 1.
    pub generation: u32,
    /// How long callers had to wait, in microseconds.
    pub pause_us: u64,
}

/// What to put in a module's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwapTarget {
    /// The newest version that the host knows.
    Newest,
    /// This version, of those that the host knows.
    Version(String),
    /// A plugin file.
    File(PathBuf),
}

/// What a session tells on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum SessionEvent {
    /// A message that is new in the history.
    Message(ChatLine),
    /// The number of connected peers changed.
    Peers(usize),
    /// A module changed its version or state.
    Modules(Vec<Module>),
    /// Something a person should know.
    Notice(String),
    /// The session is over, and why.
    Closed(String),
}

/// Why the session did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A module refused, for the reason given.
    #[error("{0}")]
    Refused(String),
    /// The message is in the history, but the network did not take it.
    #[error("not sent: {reason}")]
    Unsent {
        /// The message as it stands in the history.
        line: Box<ChatLine>,
        /// What the network module said.
        reason: String,
    },
    /// No answer before the deadline.
    #[error("no answer within {seconds} s")]
    Timeout {
        /// The deadline, in seconds.
        seconds: u64,
    },
    /// Too much is under way already.
    #[error("too many requests are under way, the limit is {limit}")]
    Busy {
        /// How many may be.
        limit: usize,
    },
}
