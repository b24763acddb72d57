//! One call on its way through the host.

use super::door::{self, Asked};
use super::own_thread::on_own_thread;
use super::queued::wait;
use super::{Asker, Caller};
use crate::clock;
use crate::host::Core;
use crate::limits;
use crate::permissions::check_call;
use crate::registry::{Binding, Entry, Generation, Inside, Place, Slot};
use backplane_descriptor::Codec;
use backplane_plugin_api::{Args, CHAIN_LIMIT, Call, CallContext, Reply, kind, status};
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
    asker: Asker,
    asked: Asked,
    /// The ticket that the caller holds already, because the call has waited; else 0.
    given: u64,
    /// The ticket under which the module has deferred the call; else 0.
    deferred: u64,
}

/// The generation that a call goes to, and what keeps it from being exchanged meanwhile.
#[derive(Clone, Copy)]
pub(super) enum Whom<'a> {
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
            self.core.calls.open(self.asker, deadline(ns, default))
        };
        if let Whom::Inside(inside) = self.whom {
            self.core
                .calls
                .attach(ticket, self.slot, inside.to_owned(), self.asked);
        }
        self.deferred = ticket;
        ticket
    }
}

/// The module that `call` went to will answer later; the ticket under which it does.
///
/// # Safety
/// `call` must be one that this host has handed to the module, which has not returned from it, on this very thread.
pub(crate) unsafe fn defer(call: &Call) -> u64 {
    // SAFETY: the token of such a call is the host's pass, which lives until the module returns.
    let pass = unsafe { call.token.cast::<Pass<'_>>().as_mut() };
    pass.map_or(0, Pass::defer)
}

/// The deadline of a call that says nothing.
fn default_deadline(generation: &Generation, call: &Call) -> Duration {
    match call.kind {
        kind::EVENT => limits::EVENT_DEADLINE,
        _ => generation.deadline(call.interface, call.method),
    }
}

pub(super) fn deadline(ns: u64, default: Duration) -> Instant {
    if ns == 0 {
        Instant::now() + default
    } else {
        clock::from_ns(ns)
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
                if inside.deferred.load(Ordering::Relaxed) as u64 >= limits::IN_FLIGHT {
                    break busy(slot, reply);
                }
                let Some(place) = binding.place_in(&inside) else {
                    *reply = lost_interface(&slot.name, &binding.interface, &binding.version);
                    break reply.status;
                };
                if place.watched
                    && let Err(refusal) = watch(caller, binding, &inside, place, method)
                {
                    *reply = refusal;
                    break reply.status;
                }
                let interface = place.interface;
                let call =
                    Generation::describe(kind::METHOD, interface, method, context, &caller.slot.name, *args);
                break run(core, slot, &inside, call, (caller.asker, 0), reply);
            }
            Entry::Busy => break busy(slot, reply),
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

/// Looks at a call of an interface that is granted in part, or that has sensitive methods.
#[inline(never)] // What it needs of the stack shall cost nothing where there is nothing to look at.
pub(super) fn watch(
    caller: &Caller,
    binding: &Binding,
    generation: &Generation,
    place: Place,
    method: u32,
) -> Result<(), Reply> {
    let provides = &generation.plugin.manifest().provides;
    let Some(interface) = provides.get(place.interface as usize) else {
        return Err(lost_interface(
            &binding.slot.name,
            &binding.interface,
            &binding.version,
        ));
    };
    let who = (&*caller.slot.name, &*caller.permits);
    check_call(&caller.core, who, interface, method, |_| binding.may_call(method))
}

fn busy(slot: &Slot, reply: &mut Reply) -> i32 {
    let message = format!("{} has {} calls under way", slot.name, limits::IN_FLIGHT);
    *reply = Reply::error(status::BUSY, message);
    status::BUSY
}

/// Hands an event to the module that is inside its slot now; the reply may be `PENDING`.
pub(crate) fn deliver(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    inside: &Inside<'_>,
    event: Call,
    reply: &mut Reply,
) -> i32 {
    run(core, slot, inside, event, (Asker::HOST, 0), reply)
}

/// Hands a call to the module, on its own thread where it must be so. `asked` says by whom, and under which
/// ticket if it has one already.
pub(super) fn run(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    inside: &Inside<'_>,
    call: Call,
    (asker, given): (Asker, u64),
    reply: &mut Reply,
) -> i32 {
    match inside.own_thread() {
        None => run_here(core, slot, Whom::Inside(inside), call, (asker, given), reply),
        Some(own_thread) => {
            let ticket = if given != 0 {
                given
            } else {
                let default = default_deadline(inside, &call);
                core.calls
                    .open(asker, deadline(call.context.deadline_ns, default))
            };
            let asked = Asked::new(&call, asker);
            core.calls.attach(ticket, slot, inside.to_owned(), asked);
            let job = on_own_thread(core, slot, inside.to_owned(), call, asker, ticket);
            if own_thread.try_send(job).is_err() {
                let message = format!(
                    "{} calls wait for the thread of {}",
                    limits::OWN_THREAD_JOBS,
                    slot.name
                );
                core.calls
                    .complete(&inside.caller, ticket, Reply::error(status::BUSY, message));
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

/// Hands a call to the module on this thread, in the codec that is spoken between modules.
pub(super) fn run_here(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    whom: Whom<'_>,
    call: Call,
    (asker, given): (Asker, u64),
    reply: &mut Reply,
) -> i32 {
    match asker.codec {
        Codec::Cbor => hand_in(core, slot, whom, call, (asker, given), reply),
        Codec::Json => door::cross(&whom, Codec::Cbor, &call, reply, |call, reply| {
            hand_in(core, slot, whom, call, (asker, given), reply)
        }),
    }
}

/// Hands a call to the module and keeps the promises of both sides.
fn hand_in(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    whom: Whom<'_>,
    mut call: Call,
    (asker, given): (Asker, u64),
    reply: &mut Reply,
) -> i32 {
    let asked = Asked::new(&call, asker);
    let deadline = (call.context.deadline_ns, default_deadline(&whom, &call));
    let mut pass = Pass {
        core,
        slot,
        whom,
        deadline,
        asker,
        asked,
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
        let answer = asked.for_caller(&whom, answer);
        core.calls.complete(&whom.caller, deferred, answer);
        *reply = Reply {
            status: status::PENDING,
            ticket: deferred,
            ..Reply::EMPTY
        };
        code = status::PENDING;
    } else if !check_answer(slot, reply) {
        code = status::TOO_LARGE;
    }
    if code != status::PENDING {
        count(core, slot, whom.number, code, || reply.message());
    }
    code
}

/// Puts a refusal in the place of an answer that is too large; `false` if so.
pub(super) fn check_answer(slot: &Slot, reply: &mut Reply) -> bool {
    let (len, limit) = (reply.payload.len, limits::PAYLOAD);
    if len > limit {
        let name = &slot.name;
        let message = format!("the answer of {name} is {len} bytes long, at most {limit} are allowed");
        *reply = Reply::error(status::TOO_LARGE, message);
    }
    len <= limit
}

/// Counts how a call into a generation ended, and tells the supervisor of a panic.
pub(super) fn count(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
    generation: u32,
    code: i32,
    message: impl FnOnce() -> String,
) {
    slot.calls.fetch_add(1, Ordering::Relaxed);
    if code > status::FAILED {
        slot.errors.fetch_add(1, Ordering::Relaxed);
    }
    if code == status::PANICKED {
        slot.panics.fetch_add(1, Ordering::Relaxed);
        core.panicked(slot, generation, message());
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

pub(super) fn lost_interface(slot: &str, interface: &str, version: &VersionReq) -> Reply {
    Reply::error(
        status::VERSION,
        format!("{slot} does not provide {interface} {version} any more"),
    )
}
