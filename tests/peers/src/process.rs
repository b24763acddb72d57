//! A peer as a process that is driven by JSON lines.

use std::{io, path::Path, process::Stdio, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::install::{InstallError, Runtime, install};

/// Longest wait for one event. A peer itself waits up to 15 s for its mesh.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// Longest time a peer takes to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the peer's standard error that an error quotes.
const MAX_STDERR: u64 = 4096;

/// Why a peer does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A program or the packages are missing.
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

/// What a peer may report: something, or why it could not do what it was told.
pub(crate) trait Report: DeserializeOwned {
    /// The event, or the error that it reports.
    fn checked(self) -> Result<Self, String>;
}

/// A running process. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    commands: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
}

impl Process {
    /// Installs what the folder's lock file names, as far as it is missing, and starts the script there.
    pub(crate) async fn start(
        runtime: Runtime,
        folder: &Path,
        script: &str,
        flags: &[&str],
    ) -> Result<Self, PeerError> {
        Self::start_with(runtime, folder, script, flags, &[]).await
    }

    /// As [`start`](Self::start), with these variables in its environment.
    pub(crate) async fn start_with(
        runtime: Runtime,
        folder: &Path,
        script: &str,
        flags: &[&str],
        variables: &[(&str, &Path)],
    ) -> Result<Self, PeerError> {
        install(runtime, folder).await?;
        let mut child = Command::new(runtime.program(folder))
            .envs(variables.iter().copied())
            .arg(folder.join(script))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| InstallError::Io {
                what: format!("{runtime:?}, which the test peers need"),
                source,
            })?;
        let missing = || io::Error::other("pipe is missing");
        Ok(Self {
            commands: child.stdin.take().ok_or_else(missing)?,
            events: BufReader::new(child.stdout.take().ok_or_else(missing)?).lines(),
            errors: child.stderr.take().ok_or_else(missing)?,
            child,
        })
    }

    /// The next event, whatever it is.
    pub(crate) async fn next<E: Report>(&mut self) -> Result<E, PeerError> {
        let line = timeout(DEADLINE, self.events.next_line())
            .await
            .map_err(|_| PeerError::Timeout)??;
        match line {
            Some(line) => serde_json::from_str(&line).map_err(|source| PeerError::Line { line, source }),
            None => Err(PeerError::Ended(self.last_words().await)),
        }
    }

    /// Waits for an event that `pick` knows, and drops others before it; one that reports an error is an error.
    pub(crate) async fn wait_for<E: Report, T>(
        &mut self,
        mut pick: impl FnMut(E) -> Option<T>,
    ) -> Result<T, PeerError> {
        let found = async {
            loop {
                let event: E = self.next().await?;
                if let Some(found) = pick(event.checked().map_err(PeerError::Reported)?) {
                    return Ok(found);
                }
            }
        };
        timeout(DEADLINE, found).await.map_err(|_| PeerError::Timeout)?
    }

    pub(crate) async fn command(&mut self, command: serde_json::Value) -> Result<(), PeerError> {
        self.commands.write_all(format!("{command}\n").as_bytes()).await?;
        Ok(self.commands.flush().await?)
    }

    /// Lets the peer end by itself.
    pub(crate) async fn stop(mut self) -> Result<(), PeerError> {
        drop(self.commands);
        timeout(STOP_TIMEOUT, self.child.wait())
            .await
            .map_err(|_| PeerError::Timeout)??;
        Ok(())
    }

    async fn last_words(&mut self) -> String {
        let mut words = Vec::new();
        let mut pipe = (&mut self.errors).take(MAX_STDERR);
        // What was read until then is quoted, whether or not the pipe has ended.
        let _complete = timeout(STOP_TIMEOUT, pipe.read_to_end(&mut words)).await;
        String::from_utf8_lossy(&words).into_owned()
    }
}
