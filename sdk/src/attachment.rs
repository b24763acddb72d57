//! What travels beside the payload, while values are encoded and decoded.

use crate::blob::Blob;
use crate::client::CallError;
use crate::host::HostHandle;
use crate::stream::ReadEnd;
use backplane_plugin_api::{Buf, Reply};
use std::cell::RefCell;
use std::sync::Arc;

/// What travels beside the payload: the payload refers to it by number.
#[derive(Debug, Clone)]
pub enum Attachment {
    /// Bytes. What arrives is always of this kind; the payload says by its type what it means.
    Blob(Blob),
    /// The reading end of a stream.
    Stream(Arc<ReadEnd>),
    /// A stream that could not be made, and why.
    Failed(CallError),
}

impl Attachment {
    /// A copy of bytes that arrived.
    pub(crate) fn arrived(bytes: &[u8]) -> Self {
        Self::Blob(bytes.to_vec().into())
    }

    /// What crosses.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Blob(blob) => blob,
            Self::Stream(end) => end.name(),
            Self::Failed(_) => &[],
        }
    }

    /// The same to give away.
    pub(crate) fn into_buf(self) -> Buf {
        match self {
            Self::Blob(blob) => {
                let bytes = Arc::try_unwrap(blob.0).unwrap_or_else(|shared| shared.to_vec());
                bytes.into()
            }
            Self::Stream(end) => end.give_away(),
            Self::Failed(_) => Buf::EMPTY,
        }
    }
}

/// Why a value with these attachments cannot travel.
pub(crate) fn refused(attachments: &[Attachment]) -> Option<Reply> {
    attachments.iter().find_map(|attachment| match attachment {
        Attachment::Failed(CallError::Host { status, message }) => Some(Reply::error(*status, message)),
        _ => None,
    })
}

thread_local! {
    /// The attachments of the values that this thread encodes or decodes now, the innermost last.
    static ATTACHMENTS: RefCell<Open> = const { RefCell::new(Open { all: Vec::new(), start: None, host: None }) };
}

struct Open {
    all: Vec<Attachment>,
    /// Where those of the innermost value begin; `None` outside of calls.
    start: Option<usize>,
    /// Where they come from, while decoding.
    host: Option<HostHandle>,
}

/// Runs `work`, which encodes, and gives the attachments that it met.
pub(crate) fn collect<T>(work: impl FnOnce() -> T) -> (T, Vec<Attachment>) {
    within(Vec::new(), None, work)
}

/// Runs `work`, which decodes, with `attachments` from `host` at hand.
pub(crate) fn provide<T>(
    host: Option<&HostHandle>,
    attachments: Vec<Attachment>,
    work: impl FnOnce() -> T,
) -> T {
    within(attachments, host.cloned(), work).0
}

/// Most values have no attachment: nothing is allocated or moved for them.
fn within<T>(
    attachments: Vec<Attachment>,
    host: Option<HostHandle>,
    work: impl FnOnce() -> T,
) -> (T, Vec<Attachment>) {
    /// Also comes back when `work` panics.
    struct Close(Option<usize>, Option<HostHandle>);
    impl Drop for Close {
        fn drop(&mut self) {
            ATTACHMENTS.with_borrow_mut(|open| {
                let start = open.start.unwrap_or(0);
                (open.start, open.host) = (self.0, self.1.take());
                open.all.split_off(start)
            });
        }
    }
    let (start, outer) = ATTACHMENTS.with_borrow_mut(|open| {
        let start = open.start.replace(open.all.len());
        let outer = (start, std::mem::replace(&mut open.host, host));
        open.all.extend(attachments);
        outer
    });
    let _close = Close(start, outer);
    let result = work();
    let met = ATTACHMENTS.with_borrow_mut(|open| {
        let start = open.start.unwrap_or(0);
        if open.all.len() == start {
            Vec::new()
        } else {
            open.all.split_off(start)
        }
    });
    (result, met)
}

/// Adds an attachment to the value that is encoded; its number. `None` outside of calls.
pub(crate) fn add(attachment: Attachment) -> Option<u32> {
    ATTACHMENTS.with_borrow_mut(|open| {
        let number = open.all.len() - open.start?;
        open.all.push(attachment);
        u32::try_from(number).ok()
    })
}

/// The attachment `number` of the value that is decoded, and where it comes from.
pub(crate) fn get(number: u32) -> Option<(Attachment, Option<HostHandle>)> {
    ATTACHMENTS.with_borrow(|open| {
        let attachment = open.all.get(open.start? + number as usize)?;
        Some((attachment.clone(), open.host.clone()))
    })
}
