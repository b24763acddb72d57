//! Calls and events for a module at the other end of a wire, and its answers.

use super::super::deadline;
use super::super::wire::{Answer, Ask, Frame, Refused};
use super::Proxy;
use crate::router::defer;
use backplane_plugin_api::{Call, Reply, Slice, status};
use std::sync::Arc;

impl Proxy {
    /// Hands a call or an event to the module, which answers it later.
    ///
    /// # Safety
    /// `call` must be one that the host hands to this module on this thread now.
    pub(super) unsafe fn enter(self: &Arc<Self>, call: &Call) -> Reply {
        if let Some(reason) = self.over.get() {
            return self.gone(reason);
        }
        // SAFETY: as the caller says.
        let ticket = unsafe { defer(call) };
        self.lock().entered.insert(ticket);
        // SAFETY: the arguments and the caller's name are valid for the call.
        let (payload, attachments, caller) = unsafe {
            let bytes = |it: &Slice| it.as_bytes();
            (
                call.args.payload.as_bytes(),
                call.args.attachments().iter().map(bytes),
                call.caller.as_bytes(),
            )
        };
        let ask = Ask::Enter {
            kind: call.kind,
            interface: call.interface,
            method: call.method,
            context: deadline::to_wire(call.context),
            caller,
            sequence: call.sequence,
            lost: call.lost,
            args: self.streams.parts(payload, attachments),
        };
        let refusal = match self.wire.link.send(&Frame::Ask(ticket, ask)) {
            Ok(()) => None,
            // Where the reason is not known yet, it is answered with it in an instant.
            Err(Refused::Closed) => self.over.get().map(|reason| self.gone(reason)),
            Err(refused) => Some(self.refuse(&refused)),
        };
        match refusal {
            // Otherwise it was answered when the wire broke.
            Some(refusal) if self.lock().entered.remove(&ticket) => refusal,
            _ => Reply {
                status: status::PENDING,
                ticket,
                ..Reply::EMPTY
            },
        }
    }

    /// An answer of the module.
    pub(super) fn answered(self: &Arc<Self>, number: u64, answer: &Answer<'_>) {
        let mut state = self.lock();
        let (entered, lifecycle) = (state.entered.remove(&number), state.lifecycle.remove(&number));
        drop(state);
        if !entered && lifecycle.is_none() {
            // Given up, or made up.
            return;
        }
        let code = match answer.status {
            code @ status::OK | code @ status::FAILED..=status::INTERNAL => code,
            _ => status::INTERNAL,
        };
        let reply = self.streams.reply(code, &answer.parts);
        match lifecycle {
            // Whoever waited may have given up.
            Some(waiting) => drop(waiting.send(reply)),
            None => self.caller.complete(number, reply),
        }
    }
}
