//! What stands in for the host.

use super::fake::Fake;
use super::logs::Logs;
use super::published::{Data, Published};
use super::seat::Seat;
use super::target::{Kind, Target};
use super::tickets::{Callee, Tickets};
use super::{BINDINGS, CALLS, STOP, lock, runtime, streams, table};
use crate::attachment::Attachment;
use crate::host::HostHandle;
use crate::pipe::Ends;
use backplane_descriptor::fixed::{InterfaceTy, ManifestTy};
use backplane_plugin_api::{Args, CHAIN_LIMIT, Call, CallContext, Host, Reply, Slice, kind, status};
use semver::{Version, VersionReq};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// The number of the module as a caller.
const MODULE: u16 = 0;

/// What stands in for the host. It lives for ever, because clients and tasks hold on to it without a lifetime.
pub(super) struct Board {
    manifest: &'static ManifestTy,
    fakes: Mutex<Vec<Arc<Fake>>>,
    begun: Instant,
    targets: Mutex<Vec<Arc<Target>>>,
    /// Who calls: the module first.
    callers: Mutex<Vec<Arc<str>>>,
    pub(super) tickets: Arc<Tickets>,
    pub(super) published: Published,
    /// Streams of the module, of the fakes and of the test alike: for them all the board is the host.
    pub(super) ends: Ends,
    pub(super) logs: Logs,
    pub(super) seat: Seat,
}

impl Board {
    pub(super) fn new(manifest: &'static ManifestTy, fakes: Vec<Arc<Fake>>) -> &'static Self {
        /// Holds what would look lost to a leak checker.
        static ALL: Mutex<Vec<&'static Board>> = Mutex::new(Vec::new());
        let (begun, tickets) = (Instant::now(), Arc::<Tickets>::default());
        let board: &'static Self = Box::leak(Box::new(Self {
            manifest,
            fakes: Mutex::new(fakes),
            begun,
            targets: Mutex::default(),
            callers: Mutex::new(vec![manifest.name.into()]),
            ends: streams::ends(manifest.name, begun, &tickets),
            tickets,
            published: Published::default(),
            logs: Logs::default(),
            seat: Seat::default(),
        }));
        lock(&ALL).push(board);
        board
    }

    pub(super) const fn name(&self) -> &'static str {
        self.manifest.name
    }

    pub(super) const fn raw(&'static self) -> Host {
        Host {
            table: &raw const table::TABLE,
            ctx: std::ptr::from_ref(self).cast(),
        }
    }

    pub(super) fn handle(&'static self) -> HostHandle {
        // SAFETY: table and board live for ever, and keep to the ABI.
        unsafe { HostHandle::new(self.raw()) }
    }

    /// Nanoseconds since the bench began, never 0: that means "no deadline".
    pub(super) fn now_ns(&self) -> u64 {
        nanos(self.begun.elapsed()).max(1)
    }

    /// What ends the wait for `ticket` at its deadline.
    pub(super) fn timer(&'static self, ticket: u64, deadline_ns: u64) -> AbortHandle {
        let at = self.begun + Duration::from_nanos(deadline_ns);
        let timer = runtime().spawn(async move {
            tokio::time::sleep_until(at.into()).await;
            let late = Reply::error(status::TIMEOUT, "the deadline has passed");
            let callee = self.tickets.fail(ticket, late);
            self.tell_cancelled(ticket, callee);
        });
        timer.abort_handle()
    }

    pub(super) fn cancel(&self, ticket: u64) {
        let callee = self.tickets.cancel(ticket);
        self.tell_cancelled(ticket, callee);
    }

    fn tell_cancelled(&self, ticket: u64, callee: Option<Callee>) {
        match callee {
            Some(Callee::Fake(task)) => task.abort(),
            Some(Callee::Module) => {
                self.seat.with(|handle, table| {
                    if let Some(cancel) = table.cancel {
                        // SAFETY: the seat keeps the module alive meanwhile.
                        unsafe { cancel(handle.ctx, ticket) }
                    }
                });
            }
            Some(Callee::Stream) | None => {}
        }
    }

    pub(super) fn bind(&self, kind: Kind, caller: &str) -> Result<u64, Reply> {
        let mut callers = lock(&self.callers);
        let number = callers
            .iter()
            .skip(1)
            .position(|it| &**it == caller)
            .map(|it| it + 1);
        let number = number.unwrap_or_else(|| {
            callers.push(caller.into());
            callers.len() - 1
        });
        let caller = (number as u16, Arc::clone(&callers[number]));
        drop(callers);
        self.add(Target { kind, caller })
    }

    fn add(&self, target: Target) -> Result<u64, Reply> {
        let mut targets = lock(&self.targets);
        if targets.len() >= BINDINGS {
            let message = format!("there are {BINDINGS} bindings, which is the limit");
            return Err(Reply::error(status::BUSY, message));
        }
        targets.push(Arc::new(target));
        Ok(targets.len() as u64 - 1)
    }

    /// The module binds an interface that it requires.
    pub(super) fn resolve(&self, interface: &str, requirement: &str) -> Result<u64, Reply> {
        let name = self.name();
        if !self.manifest.requires.iter().any(|it| it.interface == interface) {
            let message = format!("{name} may not call {interface}: its manifest must require it");
            return Err(Reply::error(status::DENIED, message));
        }
        let found = {
            let fakes = lock(&self.fakes);
            let index = fakes.iter().position(|it| it.interface.id == interface);
            index.map(|index| (index, fakes[index].interface))
        };
        let Some((index, found)) = found else {
            let message = format!("there is no fake of {interface}");
            return Err(Reply::error(status::NOT_FOUND, message));
        };
        if !fits(found, requirement) {
            let message = format!(
                "the fake of {interface} is of {}, not {requirement}",
                found.version
            );
            return Err(Reply::error(status::VERSION, message));
        }
        self.add(Target {
            kind: Kind::Fake(index, found),
            caller: (MODULE, name.into()),
        })
    }

    pub(super) fn call(&'static self, binding: u64, method: u32, context: CallContext, args: &Args) -> Reply {
        let target = usize::try_from(binding)
            .ok()
            .and_then(|it| lock(&self.targets).get(it).cloned());
        let Some(target) = target else {
            return Reply::error(status::NOT_FOUND, format!("there is no binding {binding}"));
        };
        if !self.tickets.room() {
            let message = format!("{CALLS} calls wait for their answer, which is the limit");
            return Reply::error(status::BUSY, message);
        }
        let context = match self.next(context, &target, method) {
            Ok(context) => context,
            Err(refusal) => return refusal,
        };
        let (kind, interface, sequence) = match &target.kind {
            Kind::Method(interface, _) => (kind::METHOD, *interface, 0),
            Kind::Event { subscription, sent } => (
                kind::EVENT,
                *subscription,
                sent.fetch_add(1, Ordering::Relaxed) + 1,
            ),
            Kind::Fake(..) => (kind::METHOD, 0, 0),
        };
        let call = Call {
            size: size_of::<Call>() as u32,
            kind,
            interface,
            method,
            context,
            caller: Slice::new(target.caller.1.as_bytes()),
            sequence,
            lost: 0,
            args: *args,
            token: std::ptr::null_mut(),
        };
        match &target.kind {
            Kind::Fake(fake, _) => {
                let fake = lock(&self.fakes).get(*fake).cloned();
                fake.map_or_else(stopped, |fake| fake.call(self, &call))
            }
            Kind::Method(..) | Kind::Event { .. } => self.call_module(&call),
        }
    }

    fn call_module(&self, call: &Call) -> Reply {
        let answer = self.seat.with(|handle, table| {
            let mut reply = Reply::EMPTY;
            if let Some(function) = table.call {
                // SAFETY: the seat keeps the module alive meanwhile; call and reply live until it returns.
                unsafe { function(handle.ctx, call, &raw mut reply) };
            }
            reply
        });
        answer.unwrap_or_else(stopped)
    }

    /// The context of a call as the callee sees it.
    fn next(&self, mut context: CallContext, target: &Target, method: u32) -> Result<CallContext, Reply> {
        let depth = context.chain().len();
        if depth >= CHAIN_LIMIT {
            let message = format!("the call came through {CHAIN_LIMIT} modules");
            return Err(Reply::error(status::DEADLOCK, message));
        }
        context.chain[depth] = target.caller.0;
        context.depth = depth as u32 + 1;
        let default = Duration::from_millis(target.deadline_ms(method).into());
        let default = self.now_ns().saturating_add(nanos(default));
        context.deadline_ns = match context.deadline_ns {
            0 => default,
            own => own.min(default),
        };
        Ok(context)
    }

    pub(super) fn defer(&'static self, call: &Call) -> u64 {
        let deadline = call.context.deadline_ns;
        self.tickets
            .open(|ticket| (Callee::Module, self.timer(ticket, deadline)))
    }

    pub(super) fn emit(
        &self,
        interface: u32,
        event: u32,
        payload: Vec<u8>,
        attachments: Vec<Attachment>,
    ) -> Reply {
        let provided = self.manifest.provides.get(interface as usize);
        if provided.is_none_or(|it| it.events.len() <= event as usize) {
            let message = format!("the manifest has no event {event} in interface {interface}");
            return Reply::error(status::NOT_FOUND, message);
        }
        self.published
            .add((interface, event), Data { payload, attachments });
        Reply::EMPTY
    }

    /// Stops and destroys the module. Blocks.
    pub(super) fn stop(&self) -> Reply {
        let message = format!("{} was stopped", self.name());
        self.ends.end(status::UNAVAILABLE, &message);
        let stopped = self.seat.with(|handle, table| {
            let mut reply = Reply::EMPTY;
            if let Some(stop) = table.stop {
                // SAFETY: the seat keeps the module alive meanwhile; the reply lives until it returns.
                unsafe { stop(handle.ctx, STOP.as_millis() as u32, &raw mut reply) };
            }
            reply
        });
        self.tickets.close();
        let Some(reply) = stopped else {
            return Reply::EMPTY;
        };
        let free = self.seat.clear(STOP);
        lock(&self.fakes).clear();
        if free || reply.status != status::OK {
            return reply;
        }
        Reply::error(status::TIMEOUT, "a call has not returned from the module")
    }
}

/// Less than 600 years.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether `interface` is of a version that `requirement` wants.
pub(super) fn fits(interface: &InterfaceTy, requirement: &str) -> bool {
    let parsed = (Version::parse(interface.version), VersionReq::parse(requirement));
    matches!(parsed, (Ok(version), Ok(requirement)) if requirement.matches(&version))
}

fn stopped() -> Reply {
    Reply::error(status::STOPPING, "the module has stopped")
}
