//! The host, safe to use.

use crate::awake::Blocked;
use backplane_plugin_api::{Args, Call, CallContext, DoneFn, Host, LogRecord, Reply, Slice, status};
use std::ffi::c_void;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// The host as one module sees it. Cheap to clone; usable from any thread. Once the module has stopped, the
/// host refuses everything.
#[derive(Debug)]
pub struct HostHandle(Host);

/// Calls a function of the host table, or answers `$absent` where the table is too short to have it.
macro_rules! host_call {
    ($self:ident . $name:ident ( $($arg:expr),* ) else $absent:expr) => {{
        // SAFETY: `new` vouches that the table is valid, and the handle has retained its context.
        match unsafe { (*$self.0.table).$name } {
            // SAFETY: the arguments are as the table's documentation demands.
            Some(function) => unsafe { function($self.0.ctx $(, $arg)*) },
            None => $absent,
        }
    }};
}

impl HostHandle {
    /// Wraps the raw host, whose context is retained for as long as the handle lives.
    ///
    /// # Safety
    /// `host` must be valid now and keep to the ABI. Where its table does not retain, it must stay valid for as
    /// long as the handle or a clone of it lives.
    pub unsafe fn new(host: Host) -> Self {
        let handle = Self(host);
        host_call!(handle.retain() else ());
        handle
    }

    /// A handle that retains nothing.
    ///
    /// # Safety
    /// `host` must be valid, and keep to the ABI, for as long as the handle is used; a clone of it retains.
    pub(crate) const unsafe fn borrowed(host: Host) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Self(host))
    }

    /// The raw host, valid as long as this handle.
    pub(crate) const fn raw(&self) -> Host {
        self.0
    }

    /// A further table of the host, or null.
    pub(crate) fn query_service(&self, name: &str, version: u32) -> *const c_void {
        host_call!(self.query_service(Slice::new(name.as_bytes()), version) else std::ptr::null())
    }

    /// Nanoseconds on the host's monotonic clock.
    pub fn now_ns(&self) -> u64 {
        host_call!(self.now() else 0)
    }

    /// The most verbose level that anybody reads now.
    pub(crate) fn log_level(&self) -> u32 {
        host_call!(self.log_level() else 0)
    }

    pub(crate) fn log(&self, record: &LogRecord) {
        host_call!(self.log(record) else ())
    }

    /// Binds an interface; see [`HostTable::resolve`](backplane_plugin_api::HostTable::resolve).
    ///
    /// # Errors
    /// The reply with `DENIED`, `NOT_FOUND` or `VERSION` and its message.
    pub fn resolve(&self, interface: &str, requirement: &str) -> Result<u64, Reply> {
        let mut binding = 0;
        let mut reply = Reply::EMPTY;
        let interface = Slice::new(interface.as_bytes());
        let requirement = Slice::new(requirement.as_bytes());
        let code =
            host_call!(self.resolve(interface, requirement, &mut binding, &mut reply) else status::INTERNAL);
        if code == status::OK {
            Ok(binding)
        } else {
            Err(reply)
        }
    }

    /// Calls a method with an encoded payload. The call is made at once; the future only waits for its answer,
    /// and cancels the call when it is dropped before.
    pub(crate) fn call(&self, binding: u64, method: u32, context: &CallContext, args: &Args) -> ReplyFuture {
        let mut reply = Reply::EMPTY;
        host_call!(self.call(binding, method, context, args, &mut reply) else status::INTERNAL);
        self.wait(reply)
    }

    /// Publishes an event with an encoded body; the future waits for room in queues that block.
    pub(crate) fn emit(&self, interface: u32, event: u32, context: &CallContext, args: &Args) -> ReplyFuture {
        let mut reply = Reply::EMPTY;
        host_call!(self.emit(interface, event, context, args, &mut reply) else status::INTERNAL);
        self.wait(reply)
    }

    pub(crate) fn defer(&self, call: &Call) -> u64 {
        host_call!(self.defer(call) else 0)
    }

    pub(crate) fn complete(&self, ticket: u64, mut reply: Reply) {
        host_call!(self.complete(ticket, &mut reply) else ())
    }

    pub(crate) fn wait(&self, reply: Reply) -> ReplyFuture {
        if reply.status != status::PENDING {
            return ReplyFuture(Stage::Ready(Some(reply)));
        }
        let ticket = reply.ticket;
        let (sender, receiver) = oneshot::channel::<Reply>();
        let user = Box::into_raw(Box::new(sender)).cast::<c_void>();
        host_call!(self.when_done(ticket, user, DoneFn(take_reply)) else ());
        ReplyFuture(Stage::Waiting {
            host: self.clone(),
            ticket,
            receiver,
        })
    }

    fn cancel(&self, ticket: u64) {
        host_call!(self.cancel(ticket) else ())
    }
}

impl Clone for HostHandle {
    fn clone(&self) -> Self {
        // SAFETY: valid as long as `self`, and the clone retains it.
        unsafe { Self::new(self.0) }
    }
}

impl Drop for HostHandle {
    fn drop(&mut self) {
        host_call!(self.release() else ());
    }
}

unsafe extern "C" fn take_reply(user: *mut c_void, reply: *mut Reply) {
    // SAFETY: `user` is the sender that `wait` leaked, and the host calls this once.
    let sender = unsafe { Box::from_raw(user.cast::<oneshot::Sender<Reply>>()) };
    // SAFETY: `reply` is ours to take; an empty one is left in its place.
    let reply = unsafe { std::mem::replace(&mut *reply, Reply::EMPTY) };
    // A caller that went away has cancelled the call; its answer is of no use.
    drop(sender.send(reply));
}

/// The answer to a call, once it is there. Dropping it before cancels the call.
#[derive(Debug)]
pub struct ReplyFuture(Stage);

#[derive(Debug)]
enum Stage {
    Ready(Option<Reply>),
    Waiting {
        host: HostHandle,
        ticket: u64,
        receiver: oneshot::Receiver<Reply>,
    },
}

impl ReplyFuture {
    pub(crate) const fn ready(reply: Reply) -> Self {
        Self(Stage::Ready(Some(reply)))
    }

    /// Whether the answer has attachments, or is not there yet and may come with some.
    pub(crate) fn may_have_attachments(&self) -> bool {
        match &self.0 {
            Stage::Ready(Some(reply)) => reply.attachments.len > 0,
            Stage::Ready(None) => false,
            Stage::Waiting { .. } => true,
        }
    }

    /// The answer, where it is there already; else the future itself.
    ///
    /// # Errors
    /// The future, when the answer is not there yet.
    pub fn now(mut self) -> Result<Reply, Self> {
        match &mut self.0 {
            Stage::Ready(reply) => Ok(reply.take().unwrap_or(Reply::EMPTY)),
            Stage::Waiting { .. } => Err(self),
        }
    }

    /// Waits for the answer and blocks the thread. Not for use within async code.
    pub fn wait(mut self) -> Reply {
        match std::mem::replace(&mut self.0, Stage::Ready(None)) {
            Stage::Ready(reply) => reply.unwrap_or(Reply::EMPTY),
            Stage::Waiting { mut receiver, .. } => {
                let mut answer = None;
                let blocked = Blocked::begin();
                let found = blocked.look_until(|| match receiver.try_recv() {
                    Err(TryRecvError::Empty) => false,
                    other => {
                        answer = other.ok();
                        true
                    }
                });
                if !found {
                    answer = receiver.blocking_recv().ok();
                }
                answer.unwrap_or_else(gone)
            }
        }
    }
}

fn gone() -> Reply {
    Reply::error(status::INTERNAL, "the host ended without an answer")
}

impl Future for ReplyFuture {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let reply = match &mut self.0 {
            Stage::Ready(reply) => return Poll::Ready(reply.take().unwrap_or(Reply::EMPTY)),
            Stage::Waiting { receiver, .. } => {
                std::task::ready!(Pin::new(receiver).poll(cx)).unwrap_or_else(|_| gone())
            }
        };
        self.0 = Stage::Ready(None);
        Poll::Ready(reply)
    }
}

impl Drop for ReplyFuture {
    fn drop(&mut self) {
        if let Stage::Waiting { host, ticket, .. } = &self.0 {
            host.cancel(*ticket);
        }
    }
}
