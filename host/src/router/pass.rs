//! One call on its way through the host.

use crate::clock;
use crate::host::Core;
use crate::limits;
use crate::registry::{Binding, Decision, Entry, Generation, Inside, Slot};
use crate::router::Caller;
use backplane_plugin_api::{Args, CHAIN_LIMIT, Call, CallContext, Reply, Slice, kind, status};
use semver::VersionReq;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The bookkeeping of a call while it is in the module's `call` function; lives on the stack.
pub(super) struct Pass<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) slot: &'a Arc<Slot>,
    inside: &'a Inside<'a>,
    kind: u32,
    interface: u32,
    method: u32,
    deadline_ns: u64,
    /// The ticket that the caller holds already, because the call waited in the queue; else 0.
    given: u64,
    /// The ticket under which the module has deferred the call; else 0.
    pub(super) deferred: u64,
}

impl Pass<'_> {
    /// The module will answer later.
    pub(super) fn defer(&mut self) -> u64 {
        if self.deferred != 0 {
            return self.deferred;
        }
        let ticket = if self.given != 0 {
            self.given
        } else {
            self.core.calls.open(self.deadline())
        };
        self.core.calls.attach(ticket, self.slot, self.inside.to_owned());
        self.deferred = ticket;
        ticket
    }

    fn deadline(&self) -> Instant {
        let default = match self.kind {
            kind::EVENT => limits::EVENT_DEADLINE,
            _ => self.inside.deadline(self.interface, self.method),
        };
        deadline(self.deadline_ns, default)
    }
}

fn deadline(ns: u64, default: Duration) -> Instant {
    if ns == 0 {
        Instant::now() + default
    } else {
        clock::from_ns(ns)
    }
}

/// A call that waits for its slot to open again.
pub(crate) struct QueuedCall {
    ticket: u64,
    caller: Arc<str>,
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

/// Calls a method: the reply holds the answer, or `PENDING` and a ticket.
pub(crate) fn route(
    caller: &Caller,
    binding: &Binding,
    method: u32,
    context: Option<&CallContext>,
    args: &Args,
    reply: &mut Reply,
) -> i32 {
    let mut context = context.copied().unwrap_or(CallContext::ROOT);
    if let Err(refusal) = extend_chain(caller, &mut context).and_then(|()| check_size(args)) {
        *reply = refusal;
        return reply.status;
    }
    let core = &caller.core;
    let slot = &binding.slot;
    let code = loop {
        match slot.enter() {
            Entry::Inside(inside) => {
                let Some(interface) = binding.interface_in(&inside) else {
                    *reply = lost_interface(&slot.name, &binding.interface, &binding.version);
                    break reply.status;
                };
                let call =
                    Generation::describe(kind::METHOD, interface, method, context, &caller.slot.name, *args);
                break run(core, slot, &inside, call, 0, reply);
            }
            Entry::Busy => {
                let message = format!("{} has {} calls under way", slot.name, limits::IN_FLIGHT);
                *reply = Reply::error(status::BUSY, message);
                break reply.status;
            }
            Entry::Wait => {
                if let Some(code) = wait(caller, binding, method, &context, args, reply) {
                    break code;
                }
            }
        }
    };
    reply.status = code;
    code
}

/// What becomes of a call whose slot is paused. `None`: it has just opened, try again.
fn wait(
    caller: &Caller,
    binding: &Binding,
    method: u32,
    context: &CallContext,
    args: &Args,
    reply: &mut Reply,
) -> Option<i32> {
    let (core, slot) = (&caller.core, &binding.slot);
    let decision = slot.at_closed_gate(context, || queue(caller, binding, method, context, args));
    match decision {
        Decision::Retry => return None,
        Decision::Inside(inside) => match binding.interface_in(&inside) {
            Some(interface) => {
                let call = Generation::describe(
                    kind::METHOD,
                    interface,
                    method,
                    *context,
                    &caller.slot.name,
                    *args,
                );
                return Some(run(core, slot, &inside, call, 0, reply));
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
        .open(deadline(context.deadline_ns, limits::CALL_DEADLINE));
    let (payload, attachments) = copy_args(args);
    let call = QueuedCall {
        ticket,
        caller: Arc::clone(&caller.slot.name),
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
    if run(core, slot, &inside, described, call.ticket, &mut reply) != status::PENDING {
        core.calls.answer(call.ticket, reply);
    }
}

/// Hands an event to the module that is inside its slot now; the reply may be `PENDING`.
pub(crate) fn deliver(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    inside: &Inside<'_>,
    event: Call,
    reply: &mut Reply,
) -> i32 {
    run(core, slot, inside, event, 0, reply)
}

/// Hands a call to the module and keeps the promises of both sides.
fn run(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    inside: &Inside<'_>,
    mut call: Call,
    given: u64,
    reply: &mut Reply,
) -> i32 {
    let mut pass = Pass {
        core,
        slot,
        inside,
        kind: call.kind,
        interface: call.interface,
        method: call.method,
        deadline_ns: call.context.deadline_ns,
        given,
        deferred: 0,
    };
    let pointer = &raw mut pass;
    call.token = pointer.cast();
    let mut code = inside.call(&call, reply);
    // Read through the pointer that `defer` wrote through.
    // SAFETY: `pass` lives on this stack frame, and the module is done with the call's token.
    let deferred = unsafe { (*pointer).deferred };
    if code == status::PENDING && deferred == 0 {
        *reply = Reply::error(
            status::INTERNAL,
            format!("{} answered PENDING without deferring the call", slot.name),
        );
        code = status::INTERNAL;
    } else if code == status::PENDING {
        *reply = Reply {
            status: status::PENDING,
            ticket: deferred,
            ..Reply::EMPTY
        };
    } else if deferred != 0 {
        // Deferred, and answered at once all the same: the answer counts, and the ticket is no longer needed.
        let answer = std::mem::replace(reply, Reply::EMPTY);
        core.calls.complete(deferred, answer);
        *reply = Reply {
            status: status::PENDING,
            ticket: deferred,
            ..Reply::EMPTY
        };
        code = status::PENDING;
    } else if reply.payload.len > limits::PAYLOAD {
        let message = format!(
            "the answer of {} is {} bytes long, at most {} are allowed",
            slot.name,
            reply.payload.len,
            limits::PAYLOAD
        );
        *reply = Reply::error(status::TOO_LARGE, message);
        code = status::TOO_LARGE;
    }
    if code != status::PENDING {
        count(core, slot, code, || reply.message());
    }
    code
}

/// Counts how a call ended, and tells the supervisor of a panic.
pub(super) fn count(core: &Arc<Core>, slot: &Arc<Slot>, code: i32, message: impl FnOnce() -> String) {
    slot.calls.fetch_add(1, Ordering::Relaxed);
    if code > status::FAILED {
        slot.errors.fetch_add(1, Ordering::Relaxed);
    }
    if code == status::PANICKED {
        slot.panics.fetch_add(1, Ordering::Relaxed);
        core.panicked(slot, message());
    }
}

fn extend_chain(caller: &Caller, context: &mut CallContext) -> Result<(), Reply> {
    let depth = context.chain().len();
    if depth >= CHAIN_LIMIT {
        let chain = caller.core.chain(context);
        let message =
            format!("a call passes through at most {CHAIN_LIMIT} modules; this one came through {chain}");
        return Err(Reply::error(status::DEADLOCK, message));
    }
    context.chain[depth] = caller.slot.index;
    context.depth = depth as u32 + 1;
    Ok(())
}

fn check_size(args: &Args) -> Result<(), Reply> {
    if args.payload.len > limits::PAYLOAD {
        let message = format!(
            "the arguments are {} bytes long, at most {} are allowed",
            args.payload.len,
            limits::PAYLOAD
        );
        return Err(Reply::error(status::TOO_LARGE, message));
    }
    if args.attachment_count > limits::ATTACHMENTS {
        let message = format!(
            "{} attachments, at most {} are allowed",
            args.attachment_count,
            limits::ATTACHMENTS
        );
        return Err(Reply::error(status::TOO_LARGE, message));
    }
    Ok(())
}

fn lost_interface(slot: &str, interface: &str, version: &VersionReq) -> Reply {
    Reply::error(
        status::VERSION,
        format!("{slot} does not provide {interface} {version} any more"),
    )
}

/// An owned copy of a borrowed payload.
pub(crate) fn copy_args(args: &Args) -> (Vec<u8>, Vec<Vec<u8>>) {
    // SAFETY: the caller keeps its arguments valid for the call that we are in.
    let (payload, attachments) = unsafe { (args.payload.as_bytes().to_vec(), args.attachments()) };
    // SAFETY: as above, for each attachment.
    let attachments = attachments
        .iter()
        .map(|it| unsafe { it.as_bytes() }.to_vec())
        .collect();
    (payload, attachments)
}
