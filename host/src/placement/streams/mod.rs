//! Streams across a wire.
//!
//! The two ends of a stream that crosses are two pipes, one on each side. The side that the reading end comes from reads
//! its pipe and sends the items, as far as the other side has made room; that side writes them into a pipe of its own
//! and makes room again once they are in. So nothing is lost, and no more waits than the room that was made. A piece of
//! few bytes, or none, takes as much of it as one of [`limits::WIRE_STREAM_PIECE`], which bounds how many there are.
//!
//! `sent` is the one side, `received` the other.

mod received;
mod sent;

pub(super) use received::Flooded;

use super::wire::{Frame, Link, Part, Parts, Refused};
use crate::limits;
use backplane_plugin_api::{Buf, Reply, Slice, status};
use backplane_sdk::{HostHandle, ReadEnd, open_stream};
use received::{Received, take_in};
use sent::{Room, Sent, feed};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::runtime::Handle;

/// How long a name of a reading end is, in bytes.
const NAME: usize = 16;

/// The streams of one wire, at one of its sides.
pub(super) struct Streams {
    host: HostHandle,
    link: Arc<Link>,
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the last one that was sent.
    last: u64,
    sent: HashMap<u64, Sent>,
    received: HashMap<u64, Received>,
}

impl Streams {
    /// For the module behind `host`; what waits runs on `runtime`.
    pub(super) fn new(host: HostHandle, link: Arc<Link>, runtime: Handle) -> Arc<Self> {
        Arc::new(Self {
            host,
            link,
            runtime,
            state: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What crosses of a payload and its attachments: the reading ends among them are taken over.
    pub(super) fn parts<'a>(
        self: &Arc<Self>,
        payload: &'a [u8],
        attachments: impl Iterator<Item = &'a [u8]>,
    ) -> Parts<'a> {
        let part = |bytes| self.send_end(bytes).map_or(Part::Bytes(bytes), Part::Stream);
        Parts {
            payload,
            attachments: attachments.map(part).collect(),
        }
    }

    /// The same of an answer.
    pub(super) fn parts_of<'a>(self: &Arc<Self>, reply: &'a Reply) -> Parts<'a> {
        let attachments = reply.attachments.as_slice().iter().map(Buf::as_bytes);
        self.parts(reply.payload.as_bytes(), attachments)
    }

    /// Takes over the reading end that is called `name`, if there is one, and begins to feed it to the other side.
    fn send_end(self: &Arc<Self>, name: &[u8]) -> Option<u64> {
        if name.len() != NAME {
            return None;
        }
        let end = ReadEnd::claim(self.host.clone(), name).ok()?;
        let room = Room::new();
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        let feeding = feed(Arc::downgrade(self), number, end, Arc::clone(&room));
        let feeding = self.runtime.spawn(feeding).abort_handle();
        state.sent.insert(number, Sent { room, feeding });
        Some(number)
    }

    /// Opens the reading end that came under `number`.
    pub(super) fn receive_end(self: &Arc<Self>, number: u64) -> Result<ReadEnd, Reply> {
        let opened = open_stream(self.host.clone());
        let Ok((writer, reader)) = opened else {
            self.tell(&Frame::Close(number));
            return opened.map(|(_, reader)| reader);
        };
        let (received, arriving) = Received::new();
        self.lock().received.insert(number, received);
        self.runtime
            .spawn(take_in(Arc::downgrade(self), number, writer, arriving));
        Ok(reader)
    }

    /// An answer that came. A reading end that cannot be opened is an attachment of no bytes, which nobody can claim.
    pub(super) fn reply(self: &Arc<Self>, code: i32, parts: &Parts<'_>) -> Reply {
        let attachment = |part: &Part<'_>| match part {
            Part::Bytes(bytes) => bytes.to_vec().into(),
            Part::Stream(number) => self
                .receive_end(*number)
                .map_or(Buf::EMPTY, |end| end.give_away()),
        };
        let attachments: Vec<Buf> = parts.attachments.iter().map(attachment).collect();
        Reply {
            attachments: attachments.into(),
            ..Reply::new(code, parts.payload.to_vec())
        }
    }

    /// Arguments that came: what a module claims reading ends by, and the ends, to be held until it has.
    pub(super) fn arguments(self: &Arc<Self>, parts: &Parts<'_>) -> (Vec<Slice>, Vec<ReadEnd>) {
        let (mut slices, mut ends) = (Vec::new(), Vec::new());
        for part in &parts.attachments {
            slices.push(match part {
                Part::Bytes(bytes) => Slice::new(bytes),
                Part::Stream(number) => match self.receive_end(*number) {
                    Ok(end) => {
                        // Its name lies on the heap, and stays there when the end moves.
                        let name = Slice::new(end.name());
                        ends.push(end);
                        name
                    }
                    Err(_) => Slice::EMPTY,
                },
            });
        }
        (slices, ends)
    }

    /// Items came.
    pub(super) fn items(&self, number: u64, items: &[u8]) -> Result<(), Flooded> {
        match self.lock().received.get_mut(&number) {
            Some(stream) => stream.items(items),
            // It was closed here while they were on their way.
            None => Ok(()),
        }
    }

    /// The writer of a stream has ended it.
    pub(super) fn ended(&self, number: u64, code: i32, message: &[u8]) {
        if let Some(stream) = self.lock().received.remove(&number) {
            stream.end(code, String::from_utf8_lossy(message).into_owned());
        }
    }

    /// There is room for more.
    pub(super) fn room(&self, number: u64, bytes: u32) {
        if let Some(stream) = self.lock().sent.get(&number) {
            stream.room.add(bytes.into());
        }
    }

    /// Nobody reads it any more.
    pub(super) fn closed(&self, number: u64) {
        if let Some(stream) = self.lock().sent.remove(&number) {
            stream.feeding.abort();
        }
    }

    /// The wire is gone: every stream is over.
    pub(super) fn end(&self, reason: &str) {
        let State { sent, received, .. } = std::mem::take(&mut *self.lock());
        for stream in sent.into_values() {
            stream.feeding.abort();
        }
        for stream in received.into_values() {
            stream.end(status::UNAVAILABLE, reason.to_owned());
        }
    }

    /// When the wire is gone there is nobody to tell.
    fn tell(&self, frame: &Frame<'_>) {
        self.link.send(frame).ok();
    }
}

/// How much of the room for their stream items take on both sides.
fn taken_by(items: &[u8]) -> u32 {
    let bytes = u32::try_from(items.len()).unwrap_or(u32::MAX);
    bytes.max(limits::WIRE_STREAM_PIECE)
}

/// Changes what is known of the streams, while there are any.
fn with(streams: &Weak<Streams>, change: impl FnOnce(&mut State)) {
    if let Some(streams) = streams.upgrade() {
        change(&mut streams.lock());
    }
}

/// Sends a frame, and waits for room; `false` when the wire is gone.
async fn send(streams: &Weak<Streams>, frame: &Frame<'_>) -> bool {
    loop {
        let Some(streams) = streams.upgrade() else {
            return false;
        };
        match streams.link.send(frame) {
            Ok(()) => return true,
            Err(Refused::Full) => tokio::time::sleep(limits::WIRE_RETRY).await,
            Err(Refused::Closed | Refused::Frame(_)) => return false,
        }
    }
}
