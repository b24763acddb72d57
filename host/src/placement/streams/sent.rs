//! The side that the reading end of a stream comes from.

use super::{Streams, send, taken_by, with};
use crate::placement::wire::Frame;
use backplane_plugin_api::{CallContext, status};
use backplane_sdk::{CallError, Chunk, ReadEnd};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// A stream whose reading end crossed to the other side.
pub(super) struct Sent {
    pub(super) room: Arc<Room>,
    pub(super) feeding: AbortHandle,
}

/// How many bytes may be sent: none until the other side knows the stream, less than none after a large item.
pub(super) struct Room {
    bytes: AtomicI64,
    more: Notify,
}

impl Room {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicI64::new(0),
            more: Notify::new(),
        })
    }

    /// Waits until there is some.
    async fn some(&self) {
        loop {
            let more = self.more.notified();
            if self.bytes.load(Ordering::Acquire) > 0 {
                return;
            }
            more.await;
        }
    }

    pub(super) fn add(&self, bytes: i64) {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.more.notify_one();
    }
}

/// Sends what comes out of a stream.
pub(super) async fn feed(streams: Weak<Streams>, number: u64, end: ReadEnd, room: Arc<Room>) {
    let (code, message) = loop {
        room.some().await;
        match end.read(&CallContext::ROOT) {
            Ok(Chunk::Items(items)) => {
                room.add(-i64::from(taken_by(&items)));
                if !send(&streams, &Frame::Items(number, &items)).await {
                    return;
                }
            }
            Ok(Chunk::End) => break (status::OK, String::new()),
            Ok(Chunk::Later(more)) => {
                let told = more.await;
                // Whoever reads waits as long as it likes, and closes the stream when it does not like to any more.
                if !matches!(told.status, status::OK | status::TIMEOUT) {
                    break (told.status, told.message());
                }
            }
            Err(CallError::Host { status, message }) => break (status, message),
            Err(_) => break (status::INTERNAL, "the stream broke".to_owned()),
        }
    };
    send(&streams, &Frame::End(number, code, message.as_bytes())).await;
    with(&streams, |state| drop(state.sent.remove(&number)));
}
