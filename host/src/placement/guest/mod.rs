//! The other end of a wire: one plugin, and the host as it sees it from there.

mod enter;
mod main;
mod table;

pub use main::guest_main;
pub(super) use main::{ARGUMENT, DESCRIPTOR};

use super::deadline;
use super::end::Wire;
use super::streams::Streams;
use super::wire::{Ask, Frame, Parts, Refused};
use crate::clock;
use crate::limits;
use crate::router::pending::Calls;
use crate::router::{Asker, Losses};
use backplane_plugin_api::{Args, CallContext, Host, ModuleHandle, Reply, status};
use backplane_sdk::ReadEnd;
use backplane_sdk::pipe::Ends;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Numbers from here on are those of what is waited for on the spot; below are tickets.
const ON_THE_SPOT: u64 = 1 << 63;
/// The longest that a call waits which has no deadline: the host's own comes first.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64);

/// A module at this end of a wire, and what it calls the host with.
pub(super) struct Guest {
    calls: Arc<Calls>,
    asker: Asker,
    ends: Ends,
    losses: Losses,
    /// Set at once; needs the guest's own address.
    streams: OnceLock<Arc<Streams>>,
    wire: Wire,
    module: OnceLock<ModuleHandle>,
    jobs: SyncSender<Job>,
    /// Up to which level the host wants lines for the log.
    level: AtomicU32,
    stopped: AtomicBool,
    next: AtomicU64,
    on_the_spot: Mutex<HashMap<u64, SyncSender<Reply>>>,
    /// Reading ends that came with a call, until it is answered.
    held: Mutex<HashMap<u64, Vec<ReadEnd>>>,
}

/// What runs on the thread that is kept for the lifecycle.
pub(super) enum Job {
    Create {
        number: u64,
        name: String,
        generation: u32,
        data_dir: String,
        config: Vec<u8>,
    },
    Start(u64),
    Export(u64),
    Import(u64, u32, Vec<u8>),
    Stop(u64, u32),
    /// The module is not needed any more.
    Bye,
    /// The host is gone.
    Gone,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guest {
    /// The host as the module sees it. Valid as long as the guest lives.
    fn host(self: &Arc<Self>) -> Host {
        Host {
            table: &raw const table::HOST_TABLE,
            ctx: Arc::as_ptr(self).cast(),
        }
    }

    fn streams(&self) -> Result<&Arc<Streams>, Reply> {
        let none = || Reply::error(status::INTERNAL, "the module is not connected yet");
        self.streams.get().ok_or_else(none)
    }

    fn check_running(&self) -> Result<(), Reply> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(Reply::error(status::STOPPING, "the module has stopped"));
        }
        Ok(())
    }

    /// Sends a frame, and waits for room.
    fn send(&self, frame: &Frame<'_>) -> Result<(), Refused> {
        self.wire.link.send_within(frame, limits::WIRE_PATIENCE)
    }

    /// Asks the host something that may take time: the answer comes under the ticket.
    ///
    /// # Safety
    /// The arguments must be valid for the call.
    unsafe fn ask_later(
        &self,
        context: Option<&CallContext>,
        args: &Args,
        ask: impl for<'a> FnOnce(CallContext, Parts<'a>) -> Ask<'a>,
    ) -> Result<Reply, Reply> {
        self.check_running()?;
        let context = context.copied().unwrap_or(CallContext::ROOT);
        let deadline = match context.deadline_ns {
            0 => Instant::now() + LONGEST,
            at => clock::from_ns(at),
        };
        // SAFETY: the caller vouches for them.
        let (payload, attachments) = unsafe { (args.payload.as_bytes(), args.attachments()) };
        // SAFETY: as above.
        let attachments = attachments.iter().map(|it| unsafe { it.as_bytes() });
        let parts = self.streams()?.parts(payload, attachments);
        let ticket = self.calls.open(self.asker, deadline);
        let frame = Frame::Ask(ticket, ask(deadline::to_wire(context), parts));
        if let Err(refused) = self.send(&frame) {
            self.calls.cancel(self.asker, ticket);
            return Err(refuse(&refused));
        }
        let link = Arc::clone(&self.wire.link);
        // Where there is no room the host comes to its own deadline.
        let cancel = move || drop(link.send(&Frame::Cancel(ticket)));
        self.calls.on_expiry(ticket, Box::new(cancel));
        Ok(Reply {
            status: status::PENDING,
            ticket,
            ..Reply::EMPTY
        })
    }

    /// Asks the host something, and waits for the answer on this thread.
    fn ask_now(&self, ask: Ask<'_>) -> Reply {
        let number = ON_THE_SPOT | self.next.fetch_add(1, Ordering::Relaxed);
        let (waiting, answer) = std::sync::mpsc::sync_channel(1);
        lock(&self.on_the_spot).insert(number, waiting);
        let reply = match self.send(&Frame::Ask(number, ask)) {
            Ok(()) => answer
                .recv_timeout(limits::WIRE_PATIENCE)
                .unwrap_or_else(|_| Reply::error(status::UNAVAILABLE, "the host does not answer")),
            Err(refused) => refuse(&refused),
        };
        lock(&self.on_the_spot).remove(&number);
        reply
    }
}

fn refuse(refused: &Refused) -> Reply {
    let code = match refused {
        Refused::Full => status::BUSY,
        Refused::Closed => status::UNAVAILABLE,
        Refused::Frame(_) => status::TOO_LARGE,
    };
    Reply::error(code, format!("the host: {refused}"))
}
