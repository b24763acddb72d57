//! Calling other modules.

use crate::attachment::{self, Attachment};
use crate::current;
use crate::host::{HostHandle, ReplyFuture};
use crate::value::{self, Value};
use backplane_descriptor::fixed::InterfaceTy;
use backplane_plugin_api::{Args, Reply, Slice, status};
use serde::Serialize;
use std::cell::Cell;
use std::marker::PhantomData;
use std::time::Duration;

/// A typed client of an interface. `#[interface]` implements it.
pub trait Client: Clone + Send + Sync + 'static {
    /// The interface that it calls.
    const INTERFACE: &'static InterfaceTy;

    /// Makes a client that calls through `binding`.
    fn new(binding: Binding) -> Self;

    /// A client whose calls give up after `deadline`, however much longer the caller itself may take.
    #[must_use]
    fn with_deadline(&self, deadline: Duration) -> Self;
}

/// An interface that was resolved once, and stays so across swaps of its provider.
#[derive(Debug, Clone)]
pub struct Binding {
    host: HostHandle,
    id: u64,
    deadline: Option<Duration>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E = NoError> {
    /// The interface's own error.
    #[error("{0}")]
    Interface(E),
    /// The call did not get through, or its answer did not get back.
    #[error("{name}: {message}", name = status::name(*status))]
    Host {
        /// One of [`status`].
        status: i32,
        /// What happened, for people.
        message: String,
    },
}

impl<E> CallError<E> {
    /// The status, [`status::FAILED`] for the interface's own error.
    pub const fn status(&self) -> i32 {
        match self {
            Self::Interface(_) => status::FAILED,
            Self::Host { status, .. } => *status,
        }
    }
}

/// The error of a method that has none: it cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoError {}

/// An error that a method can answer: a [`Value`], or [`NoError`].
pub trait InterfaceError: Sized + Send + 'static {
    /// Reads the payload of a [`status::FAILED`] answer; `None` where there can be no such answer.
    fn decode_error(bytes: &[u8]) -> Option<Result<Self, value::CodecError>>;
}

impl InterfaceError for NoError {
    fn decode_error(_: &[u8]) -> Option<Result<Self, value::CodecError>> {
        None
    }
}

impl<E: Value> InterfaceError for E {
    fn decode_error(bytes: &[u8]) -> Option<Result<Self, value::CodecError>> {
        Some(E::decode(bytes))
    }
}

thread_local! {
    /// The request buffer of this thread, lent out while a request is encoded and sent.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A scratch buffer that grew beyond this many bytes is given back to the allocator.
const SCRATCH_LIMIT: usize = 64 * 1024;

impl Binding {
    /// Wraps a binding that the host gave.
    pub fn new(host: HostHandle, id: u64) -> Self {
        Self {
            host,
            id,
            deadline: None,
        }
    }

    /// The same with a deadline for each call.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self {
            deadline: Some(deadline),
            ..self.clone()
        }
    }

    /// Calls a method with parameters; the call is made at once, and cancelled when the future is dropped.
    pub fn call<A: Serialize, R: Value, E: InterfaceError>(&self, method: u32, args: &A) -> Calling<R, E> {
        let mut payload = SCRATCH.take();
        payload.clear();
        let (encoded, attachments) = attachment::collect(|| value::encode(args, &mut payload));
        let reply = match (encoded, attachment::refused(&attachments)) {
            (Ok(()), None) => self.call_raw(method, &payload, &attachments),
            (Ok(()), Some(refusal)) => ReplyFuture::ready(refusal),
            (Err(error), _) => ReplyFuture::ready(Reply::error(status::BAD_ARGUMENTS, error.to_string())),
        };
        if payload.capacity() <= SCRATCH_LIMIT {
            SCRATCH.set(payload);
        }
        Calling {
            host: reply.may_have_attachments().then(|| self.host.clone()),
            reply,
            types: PhantomData,
        }
    }

    /// Calls a method with a payload that is encoded already.
    pub fn call_raw(&self, method: u32, payload: &[u8], attachments: &[Attachment]) -> ReplyFuture {
        let mut context = current::context();
        if let Some(deadline) = self.deadline {
            let at = self
                .host
                .now_ns()
                .saturating_add(deadline.as_nanos().try_into().unwrap_or(u64::MAX));
            context.deadline_ns = if context.deadline_ns == 0 {
                at
            } else {
                at.min(context.deadline_ns)
            };
        }
        with_args(payload, attachments, |args| {
            self.host.call(self.id, method, &context, args)
        })
    }
}

/// Runs `work` with `payload` and `attachments` as the ABI wants them.
pub(crate) fn with_args<T>(payload: &[u8], attachments: &[Attachment], work: impl FnOnce(&Args) -> T) -> T {
    if attachments.is_empty() {
        return work(&Args::new(payload));
    }
    let slices: Vec<Slice> = attachments.iter().map(|it| Slice::new(it.bytes())).collect();
    work(&Args {
        attachments: slices.as_ptr(),
        attachment_count: slices.len(),
        ..Args::new(payload)
    })
}

/// A call under way.
#[derive(Debug)]
#[must_use = "a call that is not awaited is cancelled"]
pub struct Calling<R, E> {
    /// Where the attachments of the answer come from, if there may be any.
    host: Option<HostHandle>,
    reply: ReplyFuture,
    types: PhantomData<fn() -> (R, E)>,
}

impl<R: Value, E: InterfaceError> Calling<R, E> {
    /// Waits for the answer and blocks the thread. Not for use within async code.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn wait(self) -> Result<R, CallError<E>> {
        read_reply(self.host.as_ref(), self.reply.wait())
    }
}

impl<R: Value, E: InterfaceError> IntoFuture for Calling<R, E> {
    type Output = Result<R, CallError<E>>;
    type IntoFuture = Answer<R, E>;

    fn into_future(self) -> Answer<R, E> {
        Answer {
            host: self.host,
            reply: self.reply,
            types: PhantomData,
        }
    }
}

/// The future of a [`Calling`].
#[derive(Debug)]
pub struct Answer<R, E> {
    /// Where the attachments of the answer come from, if there may be any.
    host: Option<HostHandle>,
    reply: ReplyFuture,
    types: PhantomData<fn() -> (R, E)>,
}

impl<R: Value, E: InterfaceError> Future for Answer<R, E> {
    type Output = Result<R, CallError<E>>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        let reply = std::task::ready!(std::pin::Pin::new(&mut self.reply).poll(cx));
        std::task::Poll::Ready(read_reply(self.host.as_ref(), reply))
    }
}

/// Reads the answer to a call.
///
/// # Errors
/// [`CallError`].
pub(crate) fn read_reply<R: Value, E: InterfaceError>(
    from: Option<&HostHandle>,
    reply: Reply,
) -> Result<R, CallError<E>> {
    let host = |status, message: String| CallError::Host { status, message };
    let unreadable =
        |error: value::CodecError| host(status::INTERNAL, format!("the answer is not readable: {error}"));
    match reply.status {
        status::OK => {
            let attachments = reply.attachments.as_slice();
            if attachments.is_empty() {
                return R::decode(reply.payload.as_bytes()).map_err(unreadable);
            }
            let attachments = attachments
                .iter()
                .map(|buf| Attachment::arrived(buf.as_bytes()))
                .collect();
            attachment::provide(from, attachments, || R::decode(reply.payload.as_bytes())).map_err(unreadable)
        }
        status::FAILED => match E::decode_error(reply.payload.as_bytes()) {
            Some(Ok(error)) => Err(CallError::Interface(error)),
            Some(Err(error)) => Err(unreadable(error)),
            None => Err(host(
                status::INTERNAL,
                "the method failed, but it declares no error".to_owned(),
            )),
        },
        status => Err(host(status, reply.message())),
    }
}
