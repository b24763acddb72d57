//! One call on its way through the host.

use crate::clock;
use crate::host::Core;
use crate::limits;
use crate::registry::{Binding, Decision, Entry, Generation, Inside, Job, Slot};
use crate::router::Caller;
use backplane_plugin_api::{Args, Buf, CHAIN_LIMIT, Call, CallContext, Reply, Slice, kind, status};
use semver::VersionReq;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The bookkeeping of a call while it is in the module's `call` function; lives on the stack.
pub(super) struct Pass<'a> {
    core: &'a Arc<Core>,
    slot: &'a Arc<Slot>,
    whom: Whom<'a>,
    /// When the caller gives up, as far as that is known without looking at the clock.
    deadline: (u64, Duration),
    /// The ticket that the caller holds already, because the call has waited; else 0.
    given: u64,
    /// The ticket under which the module has deferred the call; else 0.
    deferred: u64,
}

/// The generation that a call goes to, and what keeps it from being exchanged meanwhile.
#[derive(Clone, Copy)]
enum Whom<'a> {
    /// The caller is inside its slot.
    Inside(&'a Inside<'a>),
    /// The call counts as deferred in it already.
    Attached(&'a Arc<Generation>),
}

impl std::ops::Deref for Whom<'_> {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        match self {
            Self::Inside(inside) => inside,
            Self::Attached(generation) => generation,
        }
    }
}

impl Pass<'_> {
    /// The module will answer later.
    pub(super) fn defer(&mut self) -> u64 {
        if self.deferred != 0 {
            return self.deferred;
        }
        let (ns, default) = self.deadline;
        let ticket = if self.given != 0 {
            self.given
        } else {
            self.core.calls.open(deadline(ns, default))
        };
        if let Whom::Inside(inside) = self.whom {
            self.core.calls.attach(ticket, self.slot, inside.to_owned());
        }
        self.deferred = ticket;
        ticket
    }
}

/// The deadline of a call that says nothing.
fn default_deadline(generation: &Generation, call: &Call) -> Duration {
    match call.kind {
        kind::EVENT => limits::EVENT_DEADLINE,
        _ => generation.deadline(call.interface, call.method),
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

/// Hands a call to the module, on its own thread where it must be so.
fn run(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    inside: &Inside<'_>,
    call: Call,
    given: u64,
    reply: &mut Reply,
) -> i32 {
    match inside.own_thread() {
        None => run_here(core, slot, Whom::Inside(inside), call, given, reply),
        Some(own_thread) => {
            let ticket = if given != 0 {
                given
            } else {
                core.calls.open(deadline(
                    call.context.deadline_ns,
                    default_deadline(inside, &call),
                ))
            };
            core.calls.attach(ticket, slot, inside.to_owned());
            let job = on_own_thread(core, slot, inside.to_owned(), call, ticket);
            if own_thread.try_send(job).is_err() {
                let message = format!(
                    "{} calls wait for the thread of {}",
                    limits::OWN_THREAD_JOBS,
                    slot.name
                );
                core.calls.complete(ticket, Reply::error(status::BUSY, message));
            }
            *reply = Reply {
                status: status::PENDING,
                ticket,
                ..Reply::EMPTY
            };
            status::PENDING
        }
    }
}

/// The job that runs a call which has its ticket already.
fn on_own_thread(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    generation: Arc<Generation>,
    call: Call,
    ticket: u64,
) -> Job {
    let (core, slot) = (Arc::clone(core), Arc::clone(slot));
    let (payload, attachments) = copy_args(&call.args);
    // SAFETY: the caller's name outlives the call that we are in.
    let caller = unsafe { call.caller.as_bytes() }.to_vec();
    let Call {
        kind,
        interface,
        method,
        context,
        sequence,
        lost,
        ..
    } = call;
    Box::new(move || {
        let attachments: Vec<Slice> = attachments.iter().map(|it| Slice::new(it)).collect();
        let args = Args {
            payload: Slice::new(&payload),
            attachments: attachments.as_ptr(),
            attachment_count: attachments.len(),
        };
        let caller = String::from_utf8_lossy(&caller);
        let mut call = Generation::describe(kind, interface, method, context, &caller, args);
        (call.sequence, call.lost) = (sequence, lost);
        let mut reply = Reply::EMPTY;
        let code = run_here(
            &core,
            &slot,
            Whom::Attached(&generation),
            call,
            ticket,
            &mut reply,
        );
        if code != status::PENDING {
            // The call was attached when it was queued, so that this ends both of its sides.
            core.calls.complete(ticket, own_copy(reply));
        }
    })
}

/// The same answer in the host's own memory: the plugin's may be unmapped before the caller has read it.
pub(super) fn own_copy(reply: Reply) -> Reply {
    let attachments: Vec<Buf> = reply
        .attachments
        .as_slice()
        .iter()
        .map(|it| Buf::from(it.as_bytes().to_vec()))
        .collect();
    Reply {
        attachments: attachments.into(),
        ..Reply::new(reply.status, reply.payload.as_bytes().to_vec())
    }
}

/// Hands a call to the module and keeps the promises of both sides.
fn run_here(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    whom: Whom<'_>,
    mut call: Call,
    given: u64,
    reply: &mut Reply,
) -> i32 {
    let deadline = (call.context.deadline_ns, default_deadline(&whom, &call));
    let mut pass = Pass {
        core,
        slot,
        whom,
        deadline,
        given,
        deferred: 0,
    };
    let pointer = &raw mut pass;
    call.token = pointer.cast();
    let mut code = whom.call(&call, reply);
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
