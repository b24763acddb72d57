//! One end of a wire: the threads that read it.

use super::streams::Flooded;
use super::wire::{Frame, FrameError, Link, Reader, Taken, Turns};
use crate::limits;
use std::io;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// A buffer that is larger is not kept for the next frame.
const KEPT: usize = 64 * 1024;

/// What the other side did that it must not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Breach {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Flooded(#[from] Flooded),
    #[error("{0}, out of place")]
    Unexpected(&'static str),
}

/// The connection at one end of a wire.
pub(super) struct Wire {
    pub(super) link: Arc<Link>,
    reader: Mutex<Reader<UnixStream>>,
    turns: Turns,
    name: String,
}

/// What stands at the end of a wire.
pub(super) trait End: Send + Sync + 'static {
    /// The connection.
    fn wire(&self) -> &Wire;

    /// A frame has come. It may run plugin code, which does not wait.
    fn take(self: &Arc<Self>, frame: Frame<'_>) -> Result<(), Breach>;

    /// Nothing more comes, and why. Once.
    fn broke(self: &Arc<Self>, why: &str);
}

impl Wire {
    /// `reader` has read the first word; `name` is what its threads are called.
    pub(super) fn new(link: Arc<Link>, reader: Reader<UnixStream>, name: String) -> Self {
        Self {
            link,
            reader: Mutex::new(reader),
            turns: Turns::default(),
            name,
        }
    }
}

/// Begins to read.
pub(super) fn attend<E: End>(end: &Arc<E>) -> io::Result<()> {
    let wire = end.wire();
    if !wire.turns.join() {
        return Ok(());
    }
    let attending = Arc::clone(end);
    let run = move || {
        read(&attending);
        attending.wire().turns.leave();
    };
    let spawned = std::thread::Builder::new().name(wire.name.clone()).spawn(run);
    spawned.map(drop).inspect_err(|_| wire.turns.leave())
}

fn read<E: End>(end: &Arc<E>) {
    let wire = end.wire();
    let mut bytes = Vec::new();
    loop {
        let turn = match wire.turns.take() {
            Taken::Turn(turn) => turn,
            Taken::Alone(turn) => {
                // Without another thread it goes on, as long as no plugin waits where it must not.
                attend(end).ok();
                turn
            }
            Taken::Over => return,
        };
        loop {
            let next = wire
                .reader
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next(&mut bytes, limits::FRAME);
            if let Err(broken) = next {
                return over(end, &broken.to_string());
            }
            wire.turns.begin();
            let take = || {
                Frame::read(&bytes)
                    .map_err(Breach::from)
                    .and_then(|frame| end.take(frame))
            };
            match catch_unwind(AssertUnwindSafe(take)) {
                Ok(Ok(())) => (),
                Ok(Err(breach)) => return over(end, &format!("the other side sent {breach}")),
                Err(_) => return over(end, "a panic while a frame was worked off"),
            }
            if bytes.capacity() > KEPT {
                bytes = Vec::new();
            }
            if !wire.turns.end(&turn) {
                break;
            }
        }
    }
}

fn over<E: End>(end: &Arc<E>, why: &str) {
    end.wire().turns.close();
    end.wire().link.close();
    end.broke(why);
}
