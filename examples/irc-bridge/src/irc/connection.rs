//! A connection to a server, registered and in its channel.

use super::Message;
use crate::limits::{CONNECT, MAX_LINE_BYTES, NICK_ATTEMPTS, SILENCE, WRITE};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IrcError {
    /// The system, or the network.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Something took longer than it may.
    #[error("{what} took longer than {} s", .limit.as_secs())]
    TooSlow {
        /// What.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// A line of the server is too long.
    #[error("a line of the server has more than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The server has ended the connection, with its reason if it gave one.
    #[error("the server has ended the connection: {0}")]
    Ended(String),
    /// The server does not let us in.
    #[error("the server refuses {what}: {reason}")]
    Refused {
        /// What.
        what: &'static str,
        /// What it says.
        reason: String,
    },
}

/// What the server says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Somebody else has said something in the channel.
    Said(Said),
    /// It wants to know whether we are there: [`Connection::pong`].
    Ping(String),
    /// Nothing, for long: [`Connection::ask`].
    Nothing,
}

/// What somebody said in the channel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) nick: String,
    pub(crate) text: String,
}

/// A connection that is registered and in its channel.
#[derive(Debug)]
pub(crate) struct Connection {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// What has come of a line so far. Outside of the future that reads, which may be dropped.
    line: Vec<u8>,
    /// The server was asked whether it is there.
    asked: bool,
    nick: String,
    channel: String,
}

impl Connection {
    /// Connects, registers as `nick` (or with `_` behind it, where that is taken), and joins `channel`.
    pub(crate) async fn open(server: &str, nick: &str, channel: &str) -> Result<Self, IrcError> {
        let stream = within("connecting", CONNECT, async {
            Ok(TcpStream::connect(server).await?)
        })
        .await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let mut connection = Self {
            reader: BufReader::new(reader),
            writer,
            line: Vec::new(),
            asked: false,
            nick: nick.to_owned(),
            channel: channel.to_owned(),
        };
        within("registering", CONNECT, connection.register()).await?;
        Ok(connection)
    }

    /// Our nickname there.
    pub(crate) fn nick(&self) -> &str {
        &self.nick
    }

    async fn register(&mut self) -> Result<(), IrcError> {
        let nick = self.nick.clone();
        self.write(&format!("NICK {nick}")).await?;
        self.write(&format!("USER {nick} 0 * :a bridge to a chat"))
            .await?;
        let mut attempts = 0;
        loop {
            let line = self.read_line().await?;
            let Some(message) = Message::parse(&line) else {
                continue;
            };
            match message.command {
                "PING" => self.pong(message.param(0)).await?,
                "001" => self.write(&format!("JOIN {}", self.channel)).await?,
                // The end of the names in the channel: we are in it.
                "366" => return Ok(()),
                "433" if attempts < NICK_ATTEMPTS => {
                    attempts += 1;
                    self.nick.push('_');
                    self.write(&format!("NICK {}", self.nick)).await?;
                }
                "432" | "433" | "464" | "465" => return Err(refused("to let us in", &message)),
                "403" | "405" | "407" | "437" | "471" | "473" | "474" | "475" | "476" | "477" => {
                    return Err(refused("us the channel", &message));
                }
                "ERROR" => return Err(IrcError::Ended(message.param(0).to_owned())),
                _ => {}
            }
        }
    }

    /// What the server says next that somebody must do something about. Cancel safe.
    pub(crate) async fn hear(&mut self) -> Result<Heard, IrcError> {
        loop {
            let line = match timeout(SILENCE, self.read_line()).await {
                Ok(line) => line?,
                Err(_) if self.asked => {
                    let what = "an answer of the server";
                    return Err(IrcError::TooSlow { what, limit: SILENCE });
                }
                Err(_) => return Ok(Heard::Nothing),
            };
            self.asked = false;
            let Some(message) = Message::parse(&line) else {
                continue;
            };
            match message.command {
                "PING" => return Ok(Heard::Ping(message.param(0).to_owned())),
                "PRIVMSG" if message.param(0).eq_ignore_ascii_case(&self.channel) => {
                    return Ok(Heard::Said(Said {
                        nick: message.from.to_owned(),
                        text: message.param(1).to_owned(),
                    }));
                }
                "KICK" if message.param(1).eq_ignore_ascii_case(&self.nick) => {
                    return Err(refused("us the channel", &message));
                }
                "ERROR" => return Err(IrcError::Ended(message.param(0).to_owned())),
                _ => {}
            }
        }
    }

    /// Answers a ping of the server.
    pub(crate) async fn pong(&mut self, token: &str) -> Result<(), IrcError> {
        self.write(&format!("PONG :{token}")).await
    }

    /// Asks the server whether it is there.
    pub(crate) async fn ask(&mut self) -> Result<(), IrcError> {
        self.asked = true;
        self.write("PING :are-you-there").await
    }

    /// Says a line in the channel.
    pub(crate) async fn say(&mut self, text: &str) -> Result<(), IrcError> {
        let line = format!("PRIVMSG {} :{text}", self.channel);
        self.write(&line).await
    }

    /// Says goodbye. The server then ends the connection.
    pub(crate) async fn quit(&mut self) -> Result<(), IrcError> {
        self.write("QUIT :the bridge is closed").await?;
        while self.read_line().await.is_ok() {}
        Ok(())
    }

    async fn write(&mut self, line: &str) -> Result<(), IrcError> {
        let line = format!("{line}\r\n");
        within("writing a line", WRITE, async {
            Ok(self.writer.write_all(line.as_bytes()).await?)
        })
        .await
    }

    /// The next line, without its end. Cancel safe.
    async fn read_line(&mut self) -> Result<String, IrcError> {
        loop {
            let room = (MAX_LINE_BYTES - self.line.len()) as u64;
            let mut reader = (&mut self.reader).take(room);
            let count = reader.read_until(b'\n', &mut self.line).await?;
            if self.line.ends_with(b"\n") {
                let line = String::from_utf8_lossy(&self.line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                self.line.clear();
                return Ok(line);
            }
            if self.line.len() == MAX_LINE_BYTES {
                return Err(IrcError::TooLong {
                    limit: MAX_LINE_BYTES,
                });
            }
            if count == 0 {
                return Err(IrcError::Ended("without a word".to_owned()));
            }
        }
    }
}

/// What the server refuses, for the reason that is the last parameter.
fn refused(what: &'static str, message: &Message<'_>) -> IrcError {
    let reason = message.params.last().copied().unwrap_or_default().to_owned();
    IrcError::Refused { what, reason }
}

async fn within<T>(
    what: &'static str,
    limit: Duration,
    future: impl Future<Output = Result<T, IrcError>>,
) -> Result<T, IrcError> {
    match timeout(limit, future).await {
        Ok(result) => result,
        Err(_) => Err(IrcError::TooSlow { what, limit }),
    }
}
