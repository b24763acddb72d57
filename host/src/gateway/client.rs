//! The other end of the control socket.

use super::line::{Line, Lines};
use super::{RpcError, limits};
use serde_json::{Value as Json, json};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// A connection to the control socket of a host, with one request at a time.
#[derive(Debug)]
pub struct Client {
    lines: Lines<OwnedReadHalf>,
    write: OwnedWriteHalf,
    last: u64,
    kept: VecDeque<Notification>,
}

/// A message that nobody has asked for: `event` or `log`.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// What it is.
    pub method: String,
    /// Its parameters.
    pub params: Json,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no host answers at {}; start one with `backplane run`", .socket.display())]
    NoHost {
        /// Where.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to the host broke: {0}")]
    Broken(#[from] io::Error),
    /// The host ended the connection.
    #[error("the host ended the connection")]
    Closed,
    /// What came is not an answer, or there is too much of it.
    #[error("what answers is not a host of this version: {0}")]
    Foreign(String),
    /// The host answered an error.
    #[error("{}", .0.message)]
    Rpc(RpcError),
}

impl Client {
    /// Connects to the host at `socket`. Needs a tokio runtime with IO.
    ///
    /// # Errors
    /// [`ClientError::NoHost`].
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket)
            .await
            .map_err(|source| ClientError::NoHost {
                socket: socket.to_owned(),
                source,
            })?;
        let (read, write) = stream.into_split();
        Ok(Self {
            lines: Lines::new(read, limits::ANSWER_LINE),
            write,
            last: 0,
            kept: VecDeque::new(),
        })
    }

    /// Asks, and waits for the answer. Not cancel safe: a client whose request was dropped is of no use.
    ///
    /// # Errors
    /// [`ClientError`]; with [`ClientError::Rpc`] the connection can be used further.
    pub async fn request(&mut self, method: &str, params: Json) -> Result<Json, ClientError> {
        self.last += 1;
        let id = self.last;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.write.write_all(&super::message::line(&request)).await?;
        loop {
            let mut message = self.read().await?.ok_or(ClientError::Closed)?;
            if let Some(notification) = notification(&mut message) {
                if self.kept.len() >= limits::KEPT_NOTIFICATIONS {
                    let message = "too many notifications before an answer".to_owned();
                    return Err(ClientError::Foreign(message));
                }
                self.kept.push_back(notification);
                continue;
            }
            if let Some(error) = message.get_mut("error") {
                let error = serde_json::from_value(error.take());
                return Err(error.map_or_else(foreign, ClientError::Rpc));
            }
            if message["id"] == json!(id) {
                return Ok(message["result"].take());
            }
            return Err(ClientError::Foreign("an answer to another request".to_owned()));
        }
    }

    /// The next notification; `None` when the host has ended the connection. Not cancel safe.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn notification(&mut self) -> Result<Option<Notification>, ClientError> {
        if let Some(kept) = self.kept.pop_front() {
            return Ok(Some(kept));
        }
        let Some(mut message) = self.read().await? else {
            return Ok(None);
        };
        match notification(&mut message) {
            Some(notification) => Ok(Some(notification)),
            None => Err(ClientError::Foreign("an answer that nobody waits for".to_owned())),
        }
    }

    async fn read(&mut self) -> Result<Option<Json>, ClientError> {
        match self.lines.next().await? {
            Line::Text(text) => serde_json::from_slice(&text).map(Some).map_err(foreign),
            Line::TooLong => Err(ClientError::Foreign(format!(
                "a line of more than {} bytes",
                limits::ANSWER_LINE
            ))),
            Line::End => Ok(None),
        }
    }
}

fn foreign(error: serde_json::Error) -> ClientError {
    ClientError::Foreign(error.to_string())
}

fn notification(message: &mut Json) -> Option<Notification> {
    let method = message.get("method")?.as_str()?.to_owned();
    let params = message.get_mut("params").map(Json::take).unwrap_or_default();
    Some(Notification { method, params })
}
