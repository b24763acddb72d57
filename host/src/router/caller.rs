//! Whoever calls: a module generation, or a front end. The host knows it by the pointer that it gave it.

use crate::bundle::Access;
use crate::events::Publisher;
use crate::host::Core;
use crate::library::Plugin;
use crate::limits;
use crate::log::Meter;
use crate::permissions::{Permits, refuse};
use crate::registry::{Binding, Job, Slot};
use crate::router::{Losses, copy_args, pending::Done};
use backplane_descriptor::Codec;
use backplane_plugin_api::{Args, CallContext, Host, Reply, Slice, status};
use backplane_sdk::pipe::Ends;
use semver::VersionReq;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// Who asked for a call, and may therefore wait for its answer and cancel it.
/// One number is one asker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    number: u64,
    /// How it writes and reads values.
    pub(crate) codec: Codec,
}

impl Asker {
    /// The host itself.
    pub(crate) const HOST: Self = Self {
        number: 0,
        codec: Codec::Cbor,
    };

    pub(crate) fn new(codec: Codec) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { number, codec }
    }

    /// By which its streams go.
    pub(crate) const fn number(self) -> u64 {
        self.number
    }

    /// The one whose streams go by `number`, as far as waiting goes: what it waits for there has no value.
    pub(super) const fn numbered(number: u64) -> Self {
        Self {
            number,
            codec: Codec::Cbor,
        }
    }
}

impl PartialEq for Asker {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// What one module generation, or one front end, calls the host with.
pub(crate) struct Caller {
    pub(crate) asker: Asker,
    pub(crate) core: Arc<Core>,
    pub(crate) slot: Arc<Slot>,
    /// What it may do: everything that its manifest asks for and its grants allow.
    pub(crate) permits: Arc<Permits>,
    bindings: Box<[OnceLock<Binding>]>,
    bound: AtomicUsize,
    /// The events that it publishes, by interface and event.
    pub(crate) publishes: Vec<Vec<Publisher>>,
    /// Where its library will be unmapped: nothing of its memory may be passed on.
    pub(crate) unmapped_later: Option<UnmappedLater>,
    /// What it has published before it was let in itself; `None` from then on.
    held: Mutex<Option<Vec<Held>>>,
    /// Whether it is let in, and nothing is held any more.
    is_in: AtomicBool,
    /// Set when it has stopped: from then on it is answered `STOPPING`.
    pub(crate) stopped: AtomicBool,
    pub(crate) meter: Meter,
    /// Its ends of streams.
    pub(crate) ends: Ends,
    /// The modules that served it and are gone for good.
    pub(crate) losses: Losses,
}

/// A library that will be unmapped.
pub(crate) struct UnmappedLater {
    /// Not kept from here, because the last to let go of a caller may be code of that library.
    pub(crate) plugin: Weak<Plugin>,
    /// The thread that tells it of answers. What it leaves behind for the end of a thread keeps it mapped until then.
    pub(crate) told_on: SyncSender<Job>,
}

/// An event that waits until its publisher is let in.
struct Held {
    interface: usize,
    event: usize,
    context: CallContext,
    payload: Vec<u8>,
    attachments: Vec<Vec<u8>>,
}

impl Caller {
    pub(crate) fn new(
        core: Arc<Core>,
        slot: Arc<Slot>,
        codec: Codec,
        permits: Arc<Permits>,
        publishes: Vec<Vec<Publisher>>,
        unmapped_later: Option<UnmappedLater>,
    ) -> Arc<Self> {
        let asker = Asker::new(codec);
        let ends = core.streams.ends(Arc::clone(&slot.name), asker.number);
        let bindings = (0..limits::BINDINGS).map(|_| OnceLock::new()).collect();
        Arc::new(Self {
            asker,
            core,
            slot,
            permits,
            bindings,
            bound: AtomicUsize::new(0),
            publishes,
            unmapped_later,
            held: Mutex::new(Some(Vec::new())),
            is_in: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            meter: Meter::default(),
            ends,
            losses: Losses::default(),
        })
    }

    /// The host as this caller sees it. Valid as long as the caller lives.
    pub(crate) fn host(self: &Arc<Self>) -> Host {
        Host {
            table: &raw const super::HOST_TABLE,
            ctx: Arc::as_ptr(self).cast(),
        }
    }

    /// Ends the streams that it writes, for the reason that follows its name; what was written is still read.
    pub(crate) fn end_streams(&self, why: &str) {
        let message = format!("{} {why}", self.slot.name);
        self.ends.end(status::UNAVAILABLE, &message);
    }

    /// It has stopped, as far as the host is concerned: it is answered `STOPPING`, and its streams are over.
    pub(crate) fn shut(&self) {
        self.stopped.store(true, Ordering::Release);
        self.end_streams("was stopped");
        self.ends.close();
    }

    /// Binds an interface with a requirement as text, and gives the number of the binding.
    pub(super) fn bind_as(&self, interface: &str, requirement: &str) -> Result<u64, Reply> {
        let version = VersionReq::parse(requirement).map_err(|_| {
            Reply::error(
                status::BAD_ARGUMENTS,
                format!("{requirement:?} is not a version requirement"),
            )
        })?;
        self.bind(interface, version, None)
    }

    /// The same, in `slot` or, without one, wherever the plan says or the interface is provided.
    pub(crate) fn bind(
        &self,
        interface: &str,
        version: VersionReq,
        slot: Option<&Arc<Slot>>,
    ) -> Result<u64, Reply> {
        let name = &self.slot.name;
        let access = self.permits.calls(interface);
        if access == Access::Nothing {
            return Err(self.refuse("call", interface, interface));
        }
        let planned = || {
            let provider = self.permits.provider(interface)?;
            self.core.slot_of(provider)
        };
        let slot = match slot.cloned().or_else(planned) {
            Some(slot) => slot,
            None => {
                let found = self.core.provider(interface, &version);
                found.map_err(|text| Reply::error(status::NOT_FOUND, text))?
            }
        };
        let same = |bound: &Binding| {
            Arc::ptr_eq(&bound.slot, &slot) && bound.interface == interface && bound.version == version
        };
        if let Some(number) = self.bindings.iter().map_while(OnceLock::get).position(same) {
            return Ok(number as u64);
        }
        let number = self.bound.fetch_add(1, Ordering::Relaxed);
        let Some(place) = self.bindings.get(number) else {
            let message = format!(
                "{name} has bound {} interfaces, which is the limit",
                limits::BINDINGS
            );
            return Err(Reply::error(status::BUSY, message));
        };
        // Each number is given out once, so that the place is free.
        drop(place.set(Binding::new(slot, interface.to_owned(), version, access)));
        Ok(number as u64)
    }

    /// The answer to what it may not `call` or `hear`: `target`, which is `interface` or something of it.
    pub(crate) fn refuse(&self, verb: &str, interface: &str, target: &str) -> Reply {
        let who = (&*self.slot.name, &*self.permits);
        refuse(&self.core, who, verb, interface, target)
    }

    /// Publishes an event. Those of a generation that is not let in yet wait until it is: if it never is, they
    /// never happened.
    pub(crate) fn emit(
        &self,
        interface: usize,
        event: usize,
        context: &CallContext,
        args: &Args,
        reply: &mut Reply,
    ) -> Result<i32, Reply> {
        let publisher = self.publishes.get(interface).and_then(|it| it.get(event));
        let publisher = publisher.ok_or_else(|| {
            Reply::error(
                status::NOT_FOUND,
                format!("there is no event {event} in interface {interface}"),
            )
        })?;
        if !self.is_in.load(Ordering::Acquire)
            && let Some(held) = &mut *self.held()
        {
            if held.len() >= limits::HELD_EVENTS {
                let message = format!("{} events wait until the module is let in", limits::HELD_EVENTS);
                return Err(Reply::error(status::BUSY, message));
            }
            let (payload, attachments) = copy_args(args);
            held.push(Held {
                interface,
                event,
                context: *context,
                payload,
                attachments,
            });
            return Ok(status::OK);
        }
        Ok(publisher.emit(&self.core, self.asker, context, args, reply))
    }

    fn held(&self) -> MutexGuard<'_, Option<Vec<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generation is let in: what it has published until now goes out, before anything later.
    pub(crate) fn let_in(&self) {
        let mut held = self.held();
        for it in held.take().unwrap_or_default() {
            let attachments: Vec<Slice> = it.attachments.iter().map(|it| Slice::new(it)).collect();
            let args = Args {
                payload: Slice::new(&it.payload),
                attachments: attachments.as_ptr(),
                attachment_count: attachments.len(),
            };
            let mut reply = Reply::EMPTY;
            let publisher = &self.publishes[it.interface][it.event];
            publisher.emit(&self.core, Asker::HOST, &it.context, &args, &mut reply);
            if reply.status == status::PENDING {
                let done = Done::Own(Box::new(drop));
                self.core.calls.when_done(Asker::HOST, reply.ticket, done);
            }
        }
        self.is_in.store(true, Ordering::Release);
    }

    /// What `number` stands for.
    pub(crate) fn binding(&self, number: u64) -> Option<&Binding> {
        self.bindings.get(usize::try_from(number).ok()?)?.get()
    }
}
