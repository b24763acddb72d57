//! A host in a process of its own, spoken to over its pipe.

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command},
    sync::{Mutex as AsyncMutex, oneshot, watch},
};

use super::{UnattendedError, step};
use crate::{
    options::Options,
    pipe::{Answer, Ask, Outcome, Request},
    session::{ChatLine, SessionEvent},
};

/// How often a condition is looked at that nobody announces.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A host in a process of its own. It is killed when this is dropped.
pub(super) struct Child {
    pub(super) name: &'static str,
    process: AsyncMutex<tokio::process::Child>,
    requests: AsyncMutex<ChildStdin>,
    next: AtomicU64,
    said: Arc<Said>,
    heard: watch::Receiver<usize>,
}

/// An answer that is to come.
pub(super) type Pending = oneshot::Receiver<Outcome>;

/// What the process said, by request or on its own.
#[derive(Default)]
struct Said {
    pending: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    messages: Mutex<Vec<ChatLine>>,
}

impl Child {
    pub(super) fn start(
        name: &'static str,
        options: &Options,
        folder: &Path,
        plugins: &Path,
    ) -> Result<Self, UnattendedError> {
        let program = std::env::current_exe().map_err(UnattendedError::io("this program"))?;
        let mut command = Command::new(program);
        command
            .args([
                "--pipe",
                "--nick",
                name,
                "--content-topic",
                &options.content_topic,
            ])
            .args(["--cluster-id", &options.cluster_id.to_string()])
            .args(["--shards", &options.shards.to_string()])
            .arg("--data-dir")
            .arg(folder.join(name))
            .arg("--plugins")
            .arg(plugins)
            .env("XDG_RUNTIME_DIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command
            .spawn()
            .map_err(UnattendedError::io(format!("starting {name}")))?;
        let (Some(requests), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(UnattendedError::Host {
                host: name,
                reason: "it has no pipes".into(),
            });
        };
        let said = Arc::new(Said::default());
        let (count, heard) = watch::channel(0);
        tokio::spawn(listen(
            name,
            BufReader::new(output).lines(),
            Arc::clone(&said),
            count,
        ));
        Ok(Self {
            name,
            process: AsyncMutex::new(process),
            requests: AsyncMutex::new(requests),
            next: AtomicU64::new(1),
            said,
            heard,
        })
    }

    pub(super) fn failed(&self, reason: impl Into<String>) -> UnattendedError {
        UnattendedError::Host {
            host: self.name,
            reason: reason.into(),
        }
    }

    /// Asks; the answer is awaited with [`Child::answer`].
    pub(super) async fn ask(&self, ask: Ask) -> Result<Pending, UnattendedError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        lock(&self.said.pending).insert(id, sender);
        let mut line =
            serde_json::to_vec(&Request { id, ask }).map_err(|error| self.failed(error.to_string()))?;
        line.push(b'\n');
        let mut requests = self.requests.lock().await;
        let written = async { requests.write_all(&line).await };
        step("writing a request", written)
            .await?
            .map_err(UnattendedError::io(format!("writing to {}", self.name)))?;
        Ok(receiver)
    }

    pub(super) async fn answer<T: DeserializeOwned>(&self, answer: Pending) -> Result<T, UnattendedError> {
        match step(&format!("an answer of {}", self.name), answer).await? {
            Ok(Outcome::Ok(value)) => {
                serde_json::from_value(value).map_err(|error| self.failed(error.to_string()))
            }
            Ok(Outcome::Error(reason)) => Err(self.failed(reason)),
            Err(_) => Err(self.failed("it ended before it answered")),
        }
    }

    pub(super) async fn asks<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, UnattendedError> {
        let answer = self.ask(ask).await?;
        self.answer(answer).await
    }

    /// Waits until the condition holds.
    pub(super) async fn until(
        &self,
        what: &str,
        mut holds: impl AsyncFnMut() -> Result<bool, UnattendedError>,
    ) -> Result<(), UnattendedError> {
        let work = async {
            while !holds().await? {
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            Ok(())
        };
        step(what, work).await?
    }

    /// Waits until so many messages of others came in.
    pub(super) async fn hears(&self, count: usize) -> Result<(), UnattendedError> {
        let mut heard = self.heard.clone();
        let what = format!("hearing {count} messages on {}", self.name);
        match step(&what, heard.wait_for(|heard| *heard >= count)).await? {
            Ok(_) => Ok(()),
            Err(_) => Err(self.failed("it ended")),
        }
    }

    /// The messages of others that came in, as they were announced.
    pub(super) fn heard(&self) -> Vec<ChatLine> {
        let messages = lock(&self.said.messages);
        messages.iter().filter(|line| !line.outgoing).cloned().collect()
    }

    /// Ends the host in order.
    pub(super) async fn stop(self) -> Result<(), UnattendedError> {
        self.asks::<Value>(Ask::Stop).await?;
        let mut process = self.process.lock().await;
        let status = step(&format!("the end of {}", self.name), process.wait())
            .await?
            .map_err(UnattendedError::io(format!("waiting for {}", self.name)))?;
        if status.success() {
            return Ok(());
        }
        Err(self.failed(format!("it ended with {status}")))
    }
}

/// Reads what the process says, until its end.
async fn listen(
    name: &'static str,
    mut lines: Lines<BufReader<ChildStdout>>,
    said: Arc<Said>,
    count: watch::Sender<usize>,
) {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(Answer { id: Some(id), result }) = serde_json::from_str(&line) {
            if let Some(waiting) = lock(&said.pending).remove(&id) {
                // Nobody waits any more after a deadline.
                let _ = waiting.send(result);
            }
            continue;
        }
        match serde_json::from_str(&line) {
            Ok(SessionEvent::Message(message)) => {
                let incoming = !message.outgoing;
                lock(&said.messages).push(message);
                count.send_modify(|count| *count += usize::from(incoming));
            }
            Ok(SessionEvent::Notice(text)) => eprintln!("{name}: {text}"),
            Ok(SessionEvent::Closed(reason)) => eprintln!("{name}: the session is over: {reason}"),
            Ok(SessionEvent::Peers(_) | SessionEvent::Modules(_)) => {}
            Err(error) => eprintln!("{name}: {error} in {line:?}"),
        }
    }
    // Whoever waits for an answer learns that none will come.
    lock(&said.pending).clear();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
