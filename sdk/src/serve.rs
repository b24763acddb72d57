//! Answering calls.

use crate::attachment::{self, Attachment};
use crate::host::HostHandle;
use crate::value::{self, Value};
use backplane_descriptor::fixed::InterfaceTy;
use backplane_plugin_api::{BufList, Call, Reply, Slice, status};
use std::pin::Pin;
use std::sync::Arc;

/// An interface as a type. `#[interface]` makes one for each trait.
pub trait Interface: Send + Sync + 'static {
    /// What it looks like to others.
    const TY: &'static InterfaceTy;
}

/// An interface that `T` can answer. `#[interface]` implements it for each type that implements the trait.
pub trait Serve<T>: Interface {
    /// Answers one call.
    fn serve(module: &Arc<T>, incoming: &Incoming<'_>) -> Outcome;
}

/// A call or an event on its way into a module.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(crate) call: &'a Call,
    pub(crate) host: &'a HostHandle,
}

/// The answer to a call, now or later.
pub enum Outcome {
    /// Now.
    Ready(Reply),
    /// When the future ends. It is polled once on the caller's thread, and then on the module's runtime.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl Incoming<'_> {
    /// Which method is called.
    pub const fn method(&self) -> u32 {
        self.call.method
    }

    /// The name of the module or front end that calls or publishes.
    pub fn caller(&self) -> &str {
        // SAFETY: the host keeps the caller's name alive for the call.
        std::str::from_utf8(unsafe { self.call.caller.as_bytes() }).unwrap_or("?")
    }

    /// The number of the event.
    pub const fn sequence(&self) -> u64 {
        self.call.sequence
    }

    /// How many events were lost directly before this one.
    pub const fn lost(&self) -> u64 {
        self.call.lost
    }

    /// The encoded arguments.
    pub fn payload(&self) -> &[u8] {
        // SAFETY: the host keeps the arguments alive for the call, which `self` borrows.
        unsafe { self.call.args.payload.as_bytes() }
    }

    /// Reads the arguments.
    ///
    /// # Errors
    /// The answer that says why they are not readable.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, Outcome> {
        self.decode_with(|bytes| value::decode(bytes))
    }

    /// Reads the body of an event.
    ///
    /// # Errors
    /// The answer that says why it is not readable.
    pub fn decode_value<T: Value>(&self) -> Result<T, Outcome> {
        self.decode_with(T::decode)
    }

    fn decode_with<T>(
        &self,
        decode: impl FnOnce(&[u8]) -> Result<T, value::CodecError>,
    ) -> Result<T, Outcome> {
        // SAFETY: the host keeps the arguments alive for the call, which `self` borrows.
        let attachments = unsafe { self.call.args.attachments() };
        let decoded = if attachments.is_empty() {
            decode(self.payload())
        } else {
            // SAFETY: as above, for each attachment.
            let copy = |slice: &Slice| Attachment::arrived(unsafe { slice.as_bytes() });
            let attachments = attachments.iter().map(copy).collect();
            attachment::provide(Some(self.host), attachments, || decode(self.payload()))
        };
        decoded.map_err(|error| Outcome::error(status::BAD_ARGUMENTS, error.to_string()))
    }
}

impl Outcome {
    /// Answers with a value.
    pub fn value<T: Value>(value: &T) -> Reply {
        reply(status::OK, value)
    }

    /// Answers with a value or with the interface's own error.
    pub fn result<T: Value, E: Value>(result: &Result<T, E>) -> Reply {
        match result {
            Ok(value) => reply(status::OK, value),
            Err(error) => reply(status::FAILED, error),
        }
    }

    /// Answers with a message.
    pub fn error(status: i32, message: impl Into<String>) -> Self {
        Self::Ready(Reply::error(status, message))
    }

    /// Answers later.
    pub fn later(future: impl Future<Output = Reply> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Answers that the interface has no such method.
    pub fn no_method(interface: &InterfaceTy, method: u32) -> Self {
        let count = interface.methods.len();
        let message = format!(
            "{} {} has {count} methods; number {method} is of a later version",
            interface.id, interface.version
        );
        Self::error(status::UNSUPPORTED, message)
    }
}

/// Most answers fit, so that they are encoded with one allocation.
const ANSWER_SIZE: usize = 256;

fn reply<T: Value>(status: i32, value: &T) -> Reply {
    let mut payload = Vec::with_capacity(ANSWER_SIZE);
    let (encoded, attachments) = attachment::collect(|| value.encode(&mut payload));
    if let Err(error) = encoded {
        return Reply::error(status::INTERNAL, format!("the answer has no encoding: {error}"));
    }
    if let Some(refusal) = attachment::refused(&attachments) {
        return refusal;
    }
    let mut reply = Reply::new(status, payload);
    if !attachments.is_empty() {
        let bufs: Vec<_> = attachments.into_iter().map(Attachment::into_buf).collect();
        reply.attachments = BufList::from(bufs);
    }
    reply
}
