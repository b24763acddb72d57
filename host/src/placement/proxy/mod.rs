//! A module at the other end of a wire, as the host sees it: a table of functions like any other module's.

mod asks;
mod enter;
mod lifecycle;
mod over;
mod table;

pub(super) use lifecycle::Patience;

use super::end::{Breach, End, Wire, attend};
use super::streams::Streams;
use super::wire::{Frame, Link, Reader, Refused};
use crate::limits;
use crate::router::Caller;
use backplane_plugin_api::{LogRecord, Reply, Slice, status};
use backplane_sdk::HostHandle;
use over::pulse;
use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Numbers from here on are those of lifecycle functions; below are the tickets of calls.
const LIFECYCLE: u64 = 1 << 63;

/// What is behind a wire besides the module: a process, or a connection.
pub(super) trait Far: Send {
    /// Waits until it has ended, at most `patience`, and then ends it as far as that is the host's to do. How it ended,
    /// where that says more than that the connection is gone.
    fn end(&mut self, patience: Duration) -> Option<String>;
}

/// A module at the other end of a wire.
pub(super) struct Proxy {
    caller: Arc<Caller>,
    generation: u32,
    wire: Wire,
    streams: Arc<Streams>,
    state: Mutex<State>,
    patience: Patience,
    far: Mutex<Box<dyn Far>>,
    /// Why there is nobody any more.
    over: OnceLock<String>,
    /// Set when it is told to stop: that it goes is no failure from then on.
    leaving: AtomicBool,
}

struct State {
    /// The calls that the module has to answer.
    entered: HashSet<u64>,
    /// The lifecycle functions that it has to answer.
    lifecycle: HashMap<u64, SyncSender<Reply>>,
    /// What the module has asked, by its numbers, and the tickets that it waits for.
    asked: HashMap<u64, u64>,
    last: u64,
    /// When it last said that it is there.
    heard: Instant,
}

/// What a proxy is made of.
pub(super) struct Connected {
    pub(super) socket: UnixStream,
    /// Which has read the first word of the other side.
    pub(super) reader: Reader<UnixStream>,
    pub(super) far: Box<dyn Far>,
    pub(super) patience: Patience,
    pub(super) runtime: Handle,
}

impl Proxy {
    /// Begins to listen to the module, of which there is no instance yet.
    pub(super) fn start(caller: Arc<Caller>, generation: u32, to: Connected) -> io::Result<Arc<Self>> {
        let name = format!("{}-{generation}-wire", caller.slot.name);
        let link = Link::start(to.socket, &name)?;
        // SAFETY: the caller lives as long as the handle, which retains it.
        let host = unsafe { HostHandle::new(caller.host()) };
        let proxy = Arc::new(Self {
            streams: Streams::new(host, Arc::clone(&link), to.runtime.clone()),
            wire: Wire::new(link, to.reader, name),
            caller,
            generation,
            state: Mutex::new(State {
                entered: HashSet::new(),
                lifecycle: HashMap::new(),
                asked: HashMap::new(),
                last: LIFECYCLE,
                heard: Instant::now(),
            }),
            patience: to.patience,
            far: Mutex::new(to.far),
            over: OnceLock::new(),
            leaving: AtomicBool::new(false),
        });
        let (far, name) = (Arc::clone(&proxy.wire.link), Arc::clone(&proxy.caller.slot.name));
        let told = move |loss: &[u8]| {
            if let Err(refused) = far.send(&Frame::Lost(loss)) {
                tracing::warn!(module = %name, "it does not hear that a module is gone: {refused}");
            }
        };
        proxy.caller.losses.go(Arc::new(told));
        attend(&proxy)?;
        // Before it begins to speak.
        proxy
            .wire
            .link
            .send(&Frame::Level(proxy.caller.core.log.level()))
            .ok();
        to.runtime.spawn(pulse(Arc::downgrade(&proxy)));
        Ok(proxy)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> &str {
        &self.caller.slot.name
    }

    fn refuse(&self, refused: &Refused) -> Reply {
        let code = match refused {
            Refused::Full => status::BUSY,
            Refused::Closed => status::UNAVAILABLE,
            Refused::Frame(_) => status::TOO_LARGE,
        };
        Reply::error(code, format!("{}: {refused}", self.name()))
    }

    fn gone(&self, reason: &str) -> Reply {
        Reply::error(status::UNAVAILABLE, format!("{}: {reason}", self.name()))
    }

    fn log(&self, level: u32, target: &[u8], message: &[u8], fields: &[u8]) {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(&bytes[..bytes.len().min(limits::WIRE_LOG_TEXT)]).into_owned()
        };
        let (target, message, fields) = (text(target), text(message), text(fields));
        let record = LogRecord {
            level: level.max(backplane_plugin_api::level::ERROR),
            target: Slice::new(target.as_bytes()),
            message: Slice::new(message.as_bytes()),
            fields: Slice::new(fields.as_bytes()),
            context: backplane_plugin_api::CallContext::ROOT,
        };
        self.caller
            .core
            .log
            .take(self.name(), &self.caller.meter, &record);
    }
}

impl End for Proxy {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn take(self: &Arc<Self>, frame: Frame<'_>) -> Result<(), Breach> {
        match frame {
            Frame::Ask(number, ask) => self.ask(number, ask)?,
            Frame::Answer(number, answer) => self.answered(number, &answer),
            Frame::Cancel(number) => self.cancelled(number),
            Frame::Log {
                level,
                target,
                message,
                fields,
            } => self.log(level, target, message, fields),
            Frame::Alive => self.lock().heard = Instant::now(),
            Frame::Items(number, items) => self.streams.items(number, items)?,
            Frame::End(number, code, message) => self.streams.ended(number, code, message),
            Frame::Room(number, bytes) => self.streams.room(number, bytes),
            Frame::Close(number) => self.streams.closed(number),
            Frame::Hello(_) | Frame::Welcome(_) => return Err(Breach::Unexpected("a first word")),
            Frame::Level(_) | Frame::Bye | Frame::Lost(_) => {
                return Err(Breach::Unexpected("a word of the host"));
            }
        }
        Ok(())
    }

    fn broke(self: &Arc<Self>, why: &str) {
        self.end(why);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wire.link.close();
    }
}
