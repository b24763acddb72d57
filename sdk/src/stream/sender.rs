//! The writing end.

use super::end::{Closed, WriteEnd};
use crate::current;
use crate::trace;
use crate::value::Value;
use backplane_plugin_api::status;
use std::marker::PhantomData;

/// Where the items of a [`Stream`](super::Stream) are written. Dropping it ends the stream. Where a panic drops it, the reader gets
/// [`PANICKED`](status::PANICKED); where a method or a task of [`Stream::produce`](super::Stream::produce) is cancelled,
/// [`CANCELLED`](status::CANCELLED). Any other task that is aborted ends its stream as if it were complete.
#[derive(Debug)]
pub struct Sender<T> {
    pub(super) end: Result<WriteEnd, Closed>,
    pub(super) item: PhantomData<fn(T)>,
}

impl<T: Value> Sender<T> {
    /// Writes an item, and waits until the host has room for it. Cancel safe: an item is written only when this ends.
    ///
    /// # Errors
    /// [`CANCELLED`](status::CANCELLED) when nobody reads the stream any more, [`TIMEOUT`](status::TIMEOUT) when the
    /// reader took nothing until the deadline of the call that is being served, or else for as long as the
    /// host waits, [`TOO_LARGE`](status::TOO_LARGE), or [`BAD_ARGUMENTS`](status::BAD_ARGUMENTS) for an item without an
    /// encoding. Each of them is the end of the stream, and the reader gets it, too.
    pub fn send<'a>(&'a mut self, item: &T) -> impl Future<Output = Result<(), Closed>> + Send + use<'a, T> {
        let encoded = self.encode(item);
        async move {
            let (end, item) = encoded?;
            end.write(&item, &current::context()).await
        }
    }

    /// The same for a thread that may block. Not for use within async code.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn wait_send(&mut self, item: &T) -> Result<(), Closed> {
        let (end, item) = self.encode(item)?;
        end.write_blocking(&item, &current::context())
    }

    fn encode(&mut self, item: &T) -> Result<(&mut WriteEnd, Vec<u8>), Closed> {
        let end = self.end.as_mut().map_err(|closed| closed.clone())?;
        let mut bytes = Vec::new();
        match item.encode(&mut bytes) {
            Ok(()) => Ok((end, bytes)),
            Err(error) => Err(end.end(Closed {
                status: status::BAD_ARGUMENTS,
                message: format!("an item of the stream has no encoding: {error}"),
            })),
        }
    }

    /// Ends the stream with an error: the reader gets [`INTERNAL`](status::INTERNAL) and `message` once it has read
    /// what was written.
    pub fn fail(mut self, message: &str) {
        if let Ok(end) = &mut self.end {
            end.finish(status::INTERNAL, message);
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let Ok(end) = &mut self.end else { return };
        if std::thread::panicking() {
            end.finish(status::PANICKED, &trace::last_panic());
        } else if !current::cut_off() {
            end.finish(status::OK, "");
        }
    }
}
