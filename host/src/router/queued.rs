//! Calls that wait for a paused slot, and their turn when it opens.

use super::pass::{deadline, lost_interface, run, watch};
use super::{Asker, Caller, args_bytes, copy_args};
use crate::host::Core;
use crate::limits;
use crate::permissions::{Permits, check_call};
use crate::registry::{Binding, Decision, Generation, Slot};
use backplane_plugin_api::{Args, CallContext, Reply, Slice, kind, status};
use semver::VersionReq;
use std::sync::Arc;

/// A call that waits for its slot to open again.
pub(crate) struct QueuedCall {
    ticket: u64,
    caller: Arc<str>,
    permits: Arc<Permits>,
    asker: Asker,
    interface: String,
    version: VersionReq,
    method: u32,
    context: CallContext,
    payload: Vec<u8>,
    attachments: Vec<Vec<u8>>,
}

impl QueuedCall {
    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.payload.len() + self.attachments.iter().map(Vec::len).sum::<usize>()
    }

    /// Answers the caller instead of running the call.
    pub(crate) fn refuse(&self, core: &Core, code: i32, message: &str) {
        core.calls.answer(self.ticket, Reply::error(code, message));
    }
}

/// What becomes of a call whose slot is paused. `None`: it has just opened, try again.
pub(super) fn wait(
    caller: &Caller,
    binding: &Binding,
    method: u32,
    context: &CallContext,
    args: &Args,
    reply: &mut Reply,
) -> Option<i32> {
    let (core, slot) = (&caller.core, &binding.slot);
    let decision = slot.at_closed_gate(context, args_bytes(args), || {
        queue(caller, binding, method, context, args)
    });
    match decision {
        Decision::Retry => return None,
        Decision::Inside(inside) => match binding.place_in(&inside) {
            Some(place) => {
                if place.watched
                    && let Err(refusal) = watch(caller, binding, &inside, place, method)
                {
                    *reply = refusal;
                    return Some(reply.status);
                }
                let call = Generation::describe(
                    kind::METHOD,
                    place.interface,
                    method,
                    *context,
                    &caller.slot.name,
                    *args,
                );
                return Some(run(core, slot, &inside, call, (caller.asker, 0), reply));
            }
            None => *reply = lost_interface(&slot.name, &binding.interface, &binding.version),
        },
        Decision::Queued(ticket) => {
            *reply = Reply {
                status: status::PENDING,
                ticket,
                ..Reply::EMPTY
            };
        }
        Decision::Refused(refusal) => {
            let (code, message) = refusal.explain(slot, &core.chain(context));
            *reply = Reply::error(code, message);
        }
    }
    Some(reply.status)
}

/// A copy of the call for the queue, with a ticket that the caller gets now.
fn queue(
    caller: &Caller,
    binding: &Binding,
    method: u32,
    context: &CallContext,
    args: &Args,
) -> (u64, QueuedCall) {
    let ticket = caller
        .core
        .calls
        .open(caller.asker, deadline(context.deadline_ns, limits::CALL_DEADLINE));
    let (payload, attachments) = copy_args(args);
    let call = QueuedCall {
        ticket,
        caller: Arc::clone(&caller.slot.name),
        permits: Arc::clone(&caller.permits),
        asker: caller.asker,
        interface: binding.interface.clone(),
        version: binding.version.clone(),
        method,
        context: *context,
        payload,
        attachments,
    };
    (ticket, call)
}

/// Runs a call that has waited, now that its slot opens again.
pub(crate) fn run_queued(core: &Arc<Core>, slot: &Arc<Slot>, call: QueuedCall) {
    if !core.calls.is_wanted(call.ticket) {
        return;
    }
    let Some(inside) = slot.enter_paused() else {
        return call.refuse(core, status::UNAVAILABLE, "the module is gone");
    };
    let Some(interface) = inside.interface(&call.interface, &call.version) else {
        let reply = lost_interface(&slot.name, &call.interface, &call.version);
        return core.calls.answer(call.ticket, reply);
    };
    if let Err(refusal) = allowed(core, &inside, &call, interface) {
        return core.calls.answer(call.ticket, refusal);
    }
    let attachments: Vec<Slice> = call.attachments.iter().map(|it| Slice::new(it)).collect();
    let args = Args {
        payload: Slice::new(&call.payload),
        attachments: attachments.as_ptr(),
        attachment_count: attachments.len(),
    };
    let described = Generation::describe(
        kind::METHOD,
        interface,
        call.method,
        call.context,
        &call.caller,
        args,
    );
    let mut reply = Reply::EMPTY;
    let asked = (call.asker, call.ticket);
    if run(core, slot, &inside, described, asked, &mut reply) != status::PENDING {
        core.calls.answer(call.ticket, reply);
    }
}

/// Whether the call is allowed in the generation that it comes to, which numbers the methods.
fn allowed(core: &Core, generation: &Generation, call: &QueuedCall, interface: u32) -> Result<(), Reply> {
    let provides = &generation.plugin.manifest().provides;
    let Some(described) = provides.get(interface as usize) else {
        return Ok(());
    };
    let who = (&*call.caller, &*call.permits);
    check_call(core, who, described, call.method, |method| {
        call.permits.calls(&call.interface).covers(method)
    })
}
