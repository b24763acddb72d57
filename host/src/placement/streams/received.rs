//! The side that the reading end of a stream has come to.

use super::{Streams, send, taken_by, with};
use crate::limits;
use crate::placement::wire::Frame;
use backplane_descriptor::transcode::sequence;
use backplane_plugin_api::{CallContext, status};
use backplane_sdk::{Closed, WriteEnd};
use std::sync::Weak;
use tokio::sync::mpsc::{self, error::TrySendError};

/// A stream whose reading end came from the other side.
pub(super) struct Received {
    pieces: mpsc::Sender<Piece>,
    /// How many bytes the other side may still send.
    room: i64,
}

/// What arrives of a stream.
pub(super) enum Piece {
    Items(Vec<u8>),
    End(i32, String),
}

/// The other side sent more of a stream than there was room for.
#[derive(Debug, thiserror::Error)]
#[error("{0} bytes of a stream for which there was no room")]
pub(in crate::placement) struct Flooded(usize);

impl Received {
    /// One with all its room, and what [`take_in`] takes its pieces from.
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, arriving) = mpsc::channel(limits::WIRE_STREAM_PIECES);
        let room = limits::WIRE_STREAM_ROOM.into();
        (Self { pieces, room }, arriving)
    }

    /// Items came.
    pub(super) fn items(&mut self, items: &[u8]) -> Result<(), Flooded> {
        if self.room <= 0 {
            return Err(Flooded(items.len()));
        }
        self.room -= i64::from(taken_by(items));
        match self.pieces.try_send(Piece::Items(items.to_vec())) {
            Err(TrySendError::Full(_)) => Err(Flooded(items.len())),
            // Whoever takes them in may just have given up.
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// It is over, and how.
    pub(super) fn end(self, code: i32, message: String) {
        // There is a place for it.
        self.pieces.try_send(Piece::End(code, message)).ok();
    }
}

/// Writes what arrives into a stream.
pub(super) async fn take_in(
    streams: Weak<Streams>,
    number: u64,
    mut writer: WriteEnd,
    mut arriving: mpsc::Receiver<Piece>,
) {
    send(&streams, &Frame::Room(number, limits::WIRE_STREAM_ROOM)).await;
    while let Some(piece) = arriving.recv().await {
        let items = match piece {
            Piece::Items(items) => items,
            Piece::End(code, message) => return writer.finish(code, &message),
        };
        let written = write(&mut writer, &items).await;
        if let Err(closed) = written {
            writer.finish(closed.status, &closed.message);
            with(&streams, |state| drop(state.received.remove(&number)));
            send(&streams, &Frame::Close(number)).await;
            return;
        }
        let room = taken_by(&items);
        with(&streams, |state| {
            if let Some(stream) = state.received.get_mut(&number) {
                stream.room += i64::from(room);
            }
        });
        send(&streams, &Frame::Room(number, room)).await;
    }
}

async fn write(writer: &mut WriteEnd, items: &[u8]) -> Result<(), Closed> {
    let items = sequence(items).map_err(|error| Closed {
        status: status::INTERNAL,
        message: format!("the other side sent items that are not well-formed: {error}"),
    })?;
    for item in items {
        writer.write(item, &CallContext::ROOT).await?;
    }
    Ok(())
}
