//! What a module asks of the host over a wire.

use super::super::deadline;
use super::super::end::Breach;
use super::super::wire::{Answer, Ask, Frame, Parts, Refused};
use super::Proxy;
use crate::limits;
use crate::router::Control as _;
use crate::router::pending::Done;
use backplane_plugin_api::{Args, CallContext, Reply, Slice, status};
use std::sync::Arc;

impl Proxy {
    pub(super) fn ask(self: &Arc<Self>, number: u64, ask: Ask<'_>) -> Result<(), Breach> {
        match ask {
            Ask::Resolve(interface, requirement) => {
                let reply = match self.caller.resolve(interface, requirement) {
                    Ok(binding) => Reply::new(status::OK, binding.to_le_bytes().to_vec()),
                    Err(refusal) => refusal,
                };
                self.answer(number, &reply);
            }
            Ask::RequestStop(code, reason) => {
                let reason = String::from_utf8_lossy(reason);
                let asked = self.caller.request_stop(code, &reason);
                self.answer(number, &asked.unwrap_or_else(|refusal| refusal));
            }
            Ask::Call {
                binding,
                method,
                context,
                args,
            } => self.serve(number, &context, &args, |context, args, reply| {
                self.caller.call(binding, method, Some(context), args, reply)
            }),
            Ask::Emit {
                interface,
                event,
                context,
                args,
            } => self.serve(number, &context, &args, |context, args, reply| {
                self.caller.publish(interface, event, Some(context), args, reply)
            }),
            _ => return Err(Breach::Unexpected("a question to a module")),
        }
        Ok(())
    }

    /// Does what may have to wait, and answers when it is done.
    fn serve(
        self: &Arc<Self>,
        number: u64,
        context: &CallContext,
        parts: &Parts<'_>,
        run: impl FnOnce(&CallContext, &Args, &mut Reply) -> Result<i32, Reply>,
    ) {
        if self.lock().asked.len() as u64 >= limits::IN_FLIGHT {
            let message = format!("{} has {} calls under way", self.name(), limits::IN_FLIGHT);
            return self.answer(number, &Reply::error(status::BUSY, message));
        }
        let (slices, ends) = self.streams.arguments(parts);
        let args = Args {
            payload: Slice::new(parts.payload),
            attachments: slices.as_ptr(),
            attachment_count: slices.len(),
        };
        let mut reply = Reply::EMPTY;
        match run(&deadline::from_wire(*context), &args, &mut reply) {
            Err(refusal) => self.answer(number, &refusal),
            Ok(status::PENDING) => {
                let ticket = reply.ticket;
                self.lock().asked.insert(number, ticket);
                let proxy = Arc::clone(self);
                let done = move |reply: Reply| {
                    // Held until whoever was called has claimed them.
                    drop(ends);
                    // Taken away already where the wire broke: then nobody is there.
                    if proxy.lock().asked.remove(&number).is_some() {
                        proxy.answer(number, &reply);
                    }
                };
                let calls = &self.caller.core.calls;
                calls.when_done(self.caller.asker, ticket, Done::Own(Box::new(done)));
            }
            Ok(_) => self.answer(number, &reply),
        }
    }

    fn answer(self: &Arc<Self>, number: u64, reply: &Reply) {
        let answer = |status, parts| Frame::Answer(number, Answer { status, parts });
        let sent = self
            .wire
            .link
            .send(&answer(reply.status, self.streams.parts_of(reply)));
        match sent {
            Ok(()) | Err(Refused::Closed) => (),
            Err(Refused::Frame(error)) => {
                let message = error.to_string();
                let refusal = answer(status::TOO_LARGE, Parts::of(message.as_bytes()));
                self.wire.link.send(&refusal).ok();
            }
            // An answer must not be lost, and may not wait without a bound. Whoever reads finds the end.
            Err(Refused::Full) => {
                tracing::warn!(module = self.name(), "it does not read what it is sent");
                self.wire.link.close();
            }
        }
    }

    /// The module waits for an answer no longer.
    pub(super) fn cancelled(&self, number: u64) {
        let ticket = self.lock().asked.get(&number).copied();
        if let Some(ticket) = ticket {
            self.caller.core.calls.cancel(self.caller.asker, ticket);
        }
    }
}
