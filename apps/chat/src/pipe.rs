//! The session for scripts: requests on one stream, answers and events on another, one JSON object a line.
//!
//! ```text
//! → {"id":1,"do":"send","text":"hello"}
//! ← {"id":1,"ok":{"cursor":"17c3…","nick":"alice","text":"hello",…}}
//! → {"id":2,"do":"swap","module":"chat","target":{"version":"0.2.0"}}
//! ← {"id":2,"error":"there is no chat 0.2.0 in …"}
//! ← {"event":"message","data":{"cursor":"17c4…","nick":"bob",…}}
//! ```
//!
//! What is sent stays in order; everything else runs beside it. `stop`, or the end of the input, ends the session.

use std::{io, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::{JoinError, JoinSet},
};

use crate::{
    limits::{MAX_PIPE_LINE, MAX_PIPE_REQUESTS, SESSION_QUEUE},
    session::{Session, SessionError, SessionEvent, SwapTarget},
};

/// A line of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Comes back with the answer.
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What is asked: the methods of [`Session`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask {
    /// [`Session::send`].
    Send {
        /// The text.
        text: String,
    },
    /// [`Session::history`].
    History {
        /// The cursor.
        #[serde(default)]
        before: Option<String>,
        /// How many.
        limit: usize,
    },
    /// [`Session::nick`].
    Nick,
    /// [`Session::set_nick`].
    SetNick {
        /// The nickname.
        nick: String,
    },
    /// [`Session::connect`].
    Connect {
        /// The multiaddr.
        address: String,
    },
    /// [`Session::peers`].
    Peers,
    /// [`Session::modules`].
    Modules,
    /// [`Session::swap`].
    Swap {
        /// Which module.
        module: String,
        /// By what.
        target: SwapTarget,
    },
    /// [`Session::about`].
    About,
    /// Ends the session.
    Stop,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// That of the request; `None` when the line was no request.
    pub id: Option<u64>,
    /// What came of it.
    #[serde(flatten)]
    pub result: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What the method returned.
    Ok(Value),
    /// Why it failed.
    Error(String),
}

/// Why a pipe ended other than by wish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    /// A stream failed.
    #[error("pipe: {0}")]
    Io(#[from] io::Error),
    /// A line is too long to be a request.
    #[error("a line has more than {MAX_PIPE_LINE} bytes")]
    TooLong,
    /// The host ended.
    #[error("the session is over: {0}")]
    Closed(String),
    /// A task panicked.
    #[error("internal error: {0}")]
    Task(#[from] JoinError),
}

/// Serves requests until the input ends, `stop` is asked, or the session is over. The session stays the caller's.
///
/// # Errors
/// [`PipeError`].
pub async fn run<S, R, W>(session: Arc<S>, mut input: R, output: W) -> Result<(), PipeError>
where
    S: Session,
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (lines, queue) = mpsc::channel(SESSION_QUEUE);
    let writer = tokio::spawn(write(queue, output));
    let mut tasks = JoinSet::new();
    let (ordered, sends) = mpsc::channel(MAX_PIPE_REQUESTS);
    tasks.spawn(send_in_order(Arc::clone(&session), sends, lines.clone()));
    let mut line = Vec::new();
    let ended = loop {
        tokio::select! {
            read = read_line(&mut input, &mut line) => match read? {
                None => break Ok(()),
                Some(text) => match serde_json::from_str(&text) {
                    Ok(Request { id, ask: Ask::Stop }) => {
                        reply(&lines, Some(id), Ok(Value::Null)).await;
                        break Ok(());
                    }
                    Ok(request) => {
                        let id = request.id;
                        let room = match request.ask {
                            Ask::Send { text } => ordered.try_send((id, text)).is_ok(),
                            ask => tasks.len() <= MAX_PIPE_REQUESTS && {
                                let (session, lines) = (Arc::clone(&session), lines.clone());
                                tasks.spawn(async move {
                                    let answer = answer(&*session, ask).await;
                                    reply(&lines, Some(id), answer).await;
                                });
                                true
                            },
                        };
                        if !room {
                            let busy = SessionError::Busy { limit: MAX_PIPE_REQUESTS };
                            reply(&lines, Some(id), Err(busy.to_string())).await;
                        }
                    }
                    Err(error) => reply(&lines, None, Err(format!("no request: {error}"))).await,
                },
            },
            event = session.next_event() => {
                put(&lines, &event).await;
                if let SessionEvent::Closed(reason) = event {
                    break Err(PipeError::Closed(reason));
                }
            }
            Some(done) = tasks.join_next() => done?,
        }
    };
    drop(ordered);
    while let Some(done) = tasks.join_next().await {
        done?;
    }
    drop(lines);
    writer.await??;
    ended
}

/// One line without its end; `None` at the end of the input. A future that is dropped leaves what it has read in
/// `line`, and the next one goes on from there.
async fn read_line<R: AsyncBufRead + Unpin>(
    input: &mut R,
    line: &mut Vec<u8>,
) -> Result<Option<String>, PipeError> {
    loop {
        let left = (MAX_PIPE_LINE + 1).saturating_sub(line.len());
        let read = input.take(left as u64).read_until(b'\n', line).await?;
        if line.ends_with(b"\n") {
            let text = String::from_utf8_lossy(line).trim().to_owned();
            line.clear();
            if !text.is_empty() {
                return Ok(Some(text));
            }
        } else if line.len() > MAX_PIPE_LINE {
            return Err(PipeError::TooLong);
        } else if read == 0 {
            return Ok(None);
        }
    }
}

async fn send_in_order<S: Session>(
    session: Arc<S>,
    mut sends: mpsc::Receiver<(u64, String)>,
    lines: mpsc::Sender<Vec<u8>>,
) {
    while let Some((id, text)) = sends.recv().await {
        let answer = answer(&*session, Ask::Send { text }).await;
        reply(&lines, Some(id), answer).await;
    }
}

async fn answer<S: Session>(session: &S, ask: Ask) -> Result<Value, String> {
    match ask {
        Ask::Send { text } => value(session.send(&text).await),
        Ask::History { before, limit } => value(session.history(before.as_deref(), limit).await),
        Ask::Nick => value(session.nick().await),
        Ask::SetNick { nick } => value(session.set_nick(&nick).await),
        Ask::Connect { address } => value(session.connect(&address).await),
        Ask::Peers => value(session.peers().await),
        Ask::Modules => value(session.modules().await),
        Ask::Swap { module, target } => value(session.swap(&module, &target).await),
        Ask::About => value(session.about().await),
        Ask::Stop => Ok(Value::Null),
    }
}

fn value<T: Serialize>(result: Result<T, SessionError>) -> Result<Value, String> {
    let value = result.map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

async fn reply(lines: &mpsc::Sender<Vec<u8>>, id: Option<u64>, result: Result<Value, String>) {
    let result = result.map_or_else(Outcome::Error, Outcome::Ok);
    put(lines, &Answer { id, result }).await;
}

async fn put<T: Serialize>(lines: &mpsc::Sender<Vec<u8>>, value: &T) {
    if let Ok(mut line) = serde_json::to_vec(value) {
        line.push(b'\n');
        // The writer is gone only when the output failed, which it tells itself.
        let _ = lines.send(line).await;
    }
}

async fn write<W: AsyncWrite + Unpin>(mut lines: mpsc::Receiver<Vec<u8>>, mut output: W) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        output.write_all(&line).await?;
        output.flush().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{BufReader, duplex};

    use super::*;
    use crate::fakes::{FakeSession, line};

    /// What a pipe over a fake session writes when it reads this.
    async fn exchange(input: &str) -> (Vec<String>, Result<(), PipeError>) {
        let (session, _events) = FakeSession::new(3);
        let (mut ours, theirs) = duplex(1 << 22);
        let ended = run(session, BufReader::new(input.as_bytes()), theirs).await;
        let mut output = String::new();
        ours.read_to_string(&mut output).await.unwrap();
        (output.lines().map(str::to_owned).collect(), ended)
    }

    #[tokio::test]
    async fn every_request_is_answered_and_what_is_sent_stays_in_order() {
        let input = r#"
            {"id":1,"do":"send","text":"slow"}
            {"id":2,"do":"send","text":"next"}
            {"id":3,"do":"swap","module":"chat","target":{"version":"0.2.0"}}
            {"id":4,"do":"connect","address":"/nowhere"}
            {"id":5,"do":"dance"}
        "#;
        let (lines, ended) = exchange(input).await;
        ended.unwrap();
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let position = |id: u64| lines.iter().position(|line| line["id"] == id).unwrap();
        let (first, second) = (position(1), position(2));
        assert!(first < second);
        assert_eq!(
            (&lines[first]["ok"]["cursor"], &lines[second]["ok"]["cursor"]),
            (&"4".into(), &"5".into())
        );
        assert_eq!(lines[position(3)]["ok"]["module"]["version"], "0.2.0");
        assert_eq!(lines[position(4)]["error"], "connection refused");
        let refused = lines.iter().find(|line| line["id"].is_null()).unwrap();
        let reason = refused["error"].as_str().unwrap();
        assert!(
            reason.starts_with("no request: unknown variant `dance`"),
            "{reason}"
        );
        assert_eq!(lines.len(), 5);
    }

    #[tokio::test]
    async fn stop_is_answered_last() {
        let (lines, ended) = exchange("{\"id\":1,\"do\":\"stop\"}\n{\"id\":2,\"do\":\"peers\"}\n").await;
        ended.unwrap();
        assert_eq!(lines, [r#"{"id":1,"ok":null}"#]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused_with_the_limit() {
        let (lines, ended) = exchange(&"x".repeat(MAX_PIPE_LINE + 10)).await;
        assert_eq!(
            ended.unwrap_err().to_string(),
            "a line has more than 1048576 bytes"
        );
        assert!(lines.is_empty());
    }

    #[tokio::test]
    async fn more_requests_than_the_limit_are_refused_at_once() {
        let requests: String = (0..100)
            .map(|id| format!("{{\"id\":{id},\"do\":\"send\",\"text\":\"slow\"}}\n"))
            .collect();
        let (lines, ended) = exchange(&requests).await;
        ended.unwrap();
        assert_eq!(lines.len(), 100);
        assert!(
            lines
                .iter()
                .any(|line| line.contains("too many requests are under way, the limit is 64"))
        );
    }

    #[tokio::test]
    async fn events_are_written_until_the_session_is_over() {
        let (session, events) = FakeSession::new(0);
        let (ours, theirs) = duplex(1 << 16);
        // An input that stays open and says nothing.
        let (_silent, input) = duplex(16);
        let running = tokio::spawn(run(session, BufReader::new(input), theirs));
        events
            .send(SessionEvent::Message(line("1", "bob", "hi")))
            .await
            .unwrap();
        events.send(SessionEvent::Closed("over".into())).await.unwrap();
        let mut lines = BufReader::new(ours).lines();
        let message = lines.next_line().await.unwrap().unwrap();
        let message: SessionEvent = serde_json::from_str(&message).unwrap();
        assert_eq!(message, SessionEvent::Message(line("1", "bob", "hi")));
        let closed = lines.next_line().await.unwrap().unwrap();
        assert_eq!(closed, r#"{"event":"closed","data":"over"}"#);
        let ended = running.await.unwrap();
        assert_eq!(ended.unwrap_err().to_string(), "the session is over: over");
    }
}
