//! What stands in for other modules.

use super::board::Board;
use super::runtime;
use super::tickets::Callee;
use crate::current::{self, InContext};
use crate::host::HostHandle;
use crate::serve::{Incoming, Outcome, Serve};
use crate::trace;
use backplane_descriptor::fixed::InterfaceTy;
use backplane_plugin_api::{Call, Reply, status};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

type Answer = Box<dyn Fn(&Incoming<'_>) -> Outcome + Send + Sync>;

pub(super) struct Fake {
    pub(super) interface: &'static InterfaceTy,
    answer: Answer,
}

impl Fake {
    pub(super) fn of<I: Serve<T>, T: Send + Sync + 'static>(fake: Arc<T>) -> Self {
        Self {
            interface: I::TY,
            answer: Box::new(move |incoming| I::serve(&fake, incoming)),
        }
    }

    pub(super) fn failing(interface: &'static InterfaceTy, status: i32, message: String) -> Self {
        Self {
            interface,
            answer: Box::new(move |_| Outcome::error(status, message.clone())),
        }
    }

    /// Answers on this thread what needs no waiting, as a module does.
    pub(super) fn call(&self, board: &'static Board, call: &Call) -> Reply {
        let _runtime = runtime().enter();
        // What a fake logs is not the module's.
        trace::within_silent(&board.handle(), || self.answer(board, call))
    }

    fn answer(&self, board: &'static Board, call: &Call) -> Reply {
        let host = board.handle();
        let incoming = Incoming { call, host: &host };
        let answer = || current::enter(call.context, Some(incoming.caller()), || (self.answer)(&incoming));
        let future = match caught(answer) {
            Ok(Outcome::Later(future)) => future,
            Ok(Outcome::Ready(reply)) | Err(reply) => return reply,
        };
        let future = InContext {
            context: call.context,
            caller: Some(incoming.caller().into()),
            future,
        };
        let mut future = Caught { host, future };
        if let Poll::Ready(reply) = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
            return reply;
        }
        let ticket = board.tickets.open(|ticket| {
            let task = runtime().spawn(async move { board.tickets.complete(ticket, future.await) });
            (
                Callee::Fake(task.abort_handle()),
                board.timer(ticket, call.context.deadline_ns),
            )
        });
        Reply {
            status: status::PENDING,
            ticket,
            ..Reply::EMPTY
        }
    }
}

fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Reply> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Reply::error(
            status::PANICKED,
            format!("the fake panicked: {}", message.unwrap_or("?")),
        )
    })
}

struct Caught {
    host: HostHandle,
    future: InContext<Reply>,
}

impl Future for Caught {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let Self { host, future } = &mut *self;
        let poll = || trace::within_silent(host, || Pin::new(future).poll(cx));
        caught(poll).unwrap_or_else(Poll::Ready)
    }
}
