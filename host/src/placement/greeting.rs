//! The first words over a wire.

use super::sandbox::Sandbox;
use super::wire::{Broken, Frame, FrameError, Reader};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// What is spoken over the wire. Both sides speak the same.
pub(super) const PROTOCOL: u32 = 2;

/// What a host wants of the process that it has started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) abi: u32,
    /// The plugin to load, and what its hash must be.
    pub(super) file: PathBuf,
    pub(super) sha256: String,
    pub(super) sandbox: Sandbox,
}

/// What the other side has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Welcome {
    pub(super) protocol: u32,
    /// The manifest of the plugin, or why there is none.
    pub(super) manifest: Result<String, String>,
}

/// Why the two sides do not come together.
#[derive(Debug, thiserror::Error)]
pub(super) enum GreetingError {
    #[error("no first word came within {} s", limits::WIRE_GREETING.as_secs())]
    Silent,
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the other side began with something else than its first word")]
    Other,
    #[error("the first word of the other side is not readable: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("the other side speaks protocol {found}, this one speaks {own}: use the same version of Backplane", own = PROTOCOL)]
    Protocol { found: u32 },
    #[error("{0}")]
    Refused(String),
}

impl From<io::Error> for GreetingError {
    fn from(error: io::Error) -> Self {
        Self::Broken(match error.kind() {
            io::ErrorKind::BrokenPipe => Broken::Closed,
            _ => error.into(),
        })
    }
}

impl From<FrameError> for GreetingError {
    fn from(error: FrameError) -> Self {
        Self::Broken(error.into())
    }
}

/// Sends a first word.
pub(super) fn send(mut socket: &UnixStream, frame: &Frame<'_>) -> Result<(), GreetingError> {
    let mut bytes = Vec::new();
    frame.write(&mut bytes)?;
    socket.set_write_timeout(Some(limits::WIRE_GREETING))?;
    socket.write_all(&bytes)?;
    socket.set_write_timeout(None)?;
    Ok(())
}

/// Reads a first word into `bytes`, within `patience`.
pub(super) fn receive<'a>(
    socket: &UnixStream,
    reader: &mut Reader<UnixStream>,
    bytes: &'a mut Vec<u8>,
    patience: Duration,
) -> Result<Frame<'a>, GreetingError> {
    socket.set_read_timeout(Some(patience))?;
    let read = reader.next(bytes, limits::WIRE_GREETING_BYTES);
    socket.set_read_timeout(None)?;
    match read {
        Err(Broken::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Err(GreetingError::Silent),
        read => {
            read?;
            Ok(Frame::read(bytes)?)
        }
    }
}
