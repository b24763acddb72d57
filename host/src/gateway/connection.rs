//! One connection: lines in, lines out, and the requests between them.

use super::limits;
use super::line::{Line, Lines};
use super::message::{INVALID_REQUEST, PARSE_ERROR, Request, RpcError, answer, line};
use super::methods::dispatch;
use super::service::Service;
use super::subscriptions::Subscriptions;
use backplane_plugin_api::status;
use serde_json::Value as Json;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

/// What the requests of one connection share.
pub(super) struct Connection {
    pub(super) service: Arc<Service>,
    pub(super) subscriptions: Subscriptions,
    pub(super) out: mpsc::Sender<Outgoing>,
}

/// A line on its way to the client.
pub(super) struct Outgoing {
    line: Vec<u8>,
    /// Told when the system has the line.
    written: Option<oneshot::Sender<()>>,
}

impl From<&Json> for Outgoing {
    fn from(json: &Json) -> Self {
        Self {
            line: line(json),
            written: None,
        }
    }
}

/// Serves until the client ends its side and has its answers, or does not read any more.
pub(super) async fn serve<R, W>(service: Arc<Service>, read: R, write: W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (out, outgoing) = mpsc::channel(limits::OUTGOING);
    let mut tasks = JoinSet::new();
    tasks.spawn(write_lines(write, outgoing));
    let connection = Arc::new(Connection {
        service,
        subscriptions: Subscriptions::default(),
        out,
    });
    let mut lines = Lines::new(read, limits::LINE);
    let places = Arc::new(Semaphore::new(limits::REQUESTS));
    loop {
        while tasks.try_join_next().is_some() {}
        let text = match lines.next().await {
            Ok(Line::Text(text)) if text.trim_ascii().is_empty() => continue,
            Ok(Line::Text(text)) => text,
            Ok(Line::TooLong) => {
                let message = format!("a line is at most {} bytes long", limits::LINE);
                connection.refuse(RpcError::new(INVALID_REQUEST, message)).await;
                continue;
            }
            Ok(Line::End) | Err(_) => break,
        };
        let json = match serde_json::from_slice(&text) {
            Ok(json) => json,
            Err(error) => {
                let message = format!("the line is not JSON: {error}");
                connection.refuse(RpcError::new(PARSE_ERROR, message)).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let connection = Arc::clone(&connection);
                tasks.spawn(async move {
                    connection.take(json).await;
                    drop(place);
                });
            }
            Err(_) => connection.refuse_busy(&json).await,
        }
    }
    // The last request that ends drops the connection: that ends its subscriptions, and then the writer.
    drop(connection);
    while tasks.join_next().await.is_some() {}
}

async fn write_lines<W: AsyncWrite + Unpin>(mut write: W, mut lines: mpsc::Receiver<Outgoing>) {
    while let Some(Outgoing { line, written }) = lines.recv().await {
        if write.write_all(&line).await.is_err() || write.flush().await.is_err() {
            return;
        }
        // Nobody need wait for it.
        let _ = written.map(|written| written.send(()));
    }
}

impl Connection {
    /// Sends a line; one that nobody reads any more is of no use.
    async fn send(&self, json: &Json) {
        let _ = self.out.send(json.into()).await;
    }

    /// Sends a line, and waits until the system has it or the client is gone.
    async fn deliver(&self, json: &Json) {
        let (written, delivered) = oneshot::channel();
        let outgoing = Outgoing {
            written: Some(written),
            ..json.into()
        };
        if self.out.send(outgoing).await.is_ok() {
            let _ = delivered.await;
        }
    }

    /// Answers what has no id that could be told.
    async fn refuse(&self, error: RpcError) {
        self.send(&answer(&Json::Null, Err(error))).await;
    }

    async fn refuse_busy(&self, request: &Json) {
        let message = format!(
            "{} requests are under way on this connection, which is the limit",
            limits::REQUESTS
        );
        let id = request.get("id").unwrap_or(&Json::Null);
        let error = RpcError::of_status(status::BUSY, message);
        self.send(&answer(id, Err(error))).await;
    }

    /// Runs what came in one line.
    async fn take(&self, json: Json) {
        let mut begin = Vec::new();
        let answer = match json {
            Json::Array(batch) => self.run_batch(batch, &mut begin).await,
            single => self.run(single, &mut begin).await,
        };
        match answer {
            Some(answer) if begin.is_empty() => self.send(&answer).await,
            Some(answer) => self.deliver(&answer).await,
            None => {}
        }
        for each in begin {
            // A subscription may have ended meanwhile.
            let _ = each.send(());
        }
    }

    async fn run_batch(&self, batch: Vec<Json>, begin: &mut Vec<oneshot::Sender<()>>) -> Option<Json> {
        let refused = match batch.len() {
            0 => "a batch has at least one request".to_owned(),
            many if many > limits::BATCH => {
                format!(
                    "a batch of {many} requests; at most {} are allowed",
                    limits::BATCH
                )
            }
            _ => {
                let mut answers = Vec::new();
                for each in batch {
                    answers.extend(self.run(each, begin).await);
                }
                return (!answers.is_empty()).then_some(Json::Array(answers));
            }
        };
        let error = RpcError::new(INVALID_REQUEST, refused);
        Some(answer(&Json::Null, Err(error)))
    }

    /// Runs one request, and gives its answer if somebody waits for it.
    async fn run(&self, json: Json, begin: &mut Vec<oneshot::Sender<()>>) -> Option<Json> {
        let request = match Request::read(json) {
            Ok(request) => request,
            Err((id, error)) => return Some(answer(&id, Err(error))),
        };
        let outcome = dispatch(self, &request.method, request.params).await;
        let outcome = outcome.map(|done| {
            begin.extend(done.begin);
            done.result
        });
        request.id.map(|id| answer(&id, outcome))
    }
}
