//! The program as the process of one module.

use super::super::end::{Wire, attend};
use super::super::greeting::{self, GreetingError, Hello, PROTOCOL, Welcome};
use super::super::streams::Streams;
use super::super::wire::{Frame, Link, Reader};
use super::{Guest, Job, ON_THE_SPOT};
use crate::library::Plugin;
use crate::limits;
use crate::router::pending::Calls;
use crate::router::{Asker, Losses, streams};
use backplane_plugin_api::{ABI_LEVEL, ModuleInfo, ModuleTable, Reply, Slice, level, status};
use backplane_sdk::HostHandle;
use std::ffi::{OsStr, c_void};
use std::io;
use std::os::fd::{FromRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::runtime::Runtime;

/// The argument by which a host starts its own program as the process of a module.
pub(in super::super) const ARGUMENT: &str = "--backplane-guest";
/// Where that process finds its connection to the host.
pub(in super::super) const DESCRIPTOR: RawFd = 3;

/// Runs the module of a host, if a host has started this program for it; then it does not return.
///
/// A program with modules whose placement is `process` calls this first in its `main`, before it starts a thread.
pub fn guest_main() {
    if std::env::args_os().nth(1).as_deref() != Some(OsStr::new(ARGUMENT)) {
        return;
    }
    let code = match run() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    };
    exit(code);
}

/// Ends the process. What other threads still do, maybe in the plugin, is not waited for.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: it takes any code, and does not return.
    unsafe { libc::_exit(code) }
}

fn run() -> Result<(), GreetingError> {
    let socket = socket()?;
    let mut reader = Reader::new(socket.try_clone()?);
    let mut bytes = Vec::new();
    let first = greeting::receive(&socket, &mut reader, &mut bytes, limits::WIRE_GREETING)?;
    let Frame::Hello(hello) = first else {
        return Err(GreetingError::Other);
    };
    let hello: Hello = serde_json::from_slice(hello)?;
    let opened = open(&hello);
    let manifest = match &opened {
        Ok(plugin) => Ok(plugin.manifest_json()),
        Err(error) => Err(error.clone()),
    };
    let welcome = serde_json::to_vec(&Welcome {
        protocol: PROTOCOL,
        manifest,
    })?;
    greeting::send(&socket, &Frame::Welcome(&welcome))?;
    match opened {
        Ok(plugin) => Ok(serve(socket, reader, &plugin)?),
        Err(_) => Ok(()),
    }
}

/// The connection that the host has left.
fn socket() -> io::Result<UnixStream> {
    // SAFETY: it takes any number.
    if unsafe { libc::fcntl(DESCRIPTOR, libc::F_SETFD, libc::FD_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and nobody else in this program, which has just begun, knows of it.
    Ok(unsafe { UnixStream::from_raw_fd(DESCRIPTOR) })
}

fn open(hello: &Hello) -> Result<Arc<Plugin>, String> {
    if hello.protocol != PROTOCOL || hello.abi != ABI_LEVEL {
        return Err(GreetingError::Protocol {
            found: hello.protocol,
        }
        .to_string());
    }
    let mut sha256 = [0; 32];
    hex::decode_to_slice(&hello.sha256, &mut sha256).map_err(|error| error.to_string())?;
    hello.sandbox.enter().map_err(|error| error.to_string())?;
    Plugin::open_kept(&hello.file, sha256).map_err(|error| error.to_string())
}

/// Runs the plugin's module until the host does not need it any more, or is gone.
fn serve(socket: UnixStream, reader: Reader<UnixStream>, plugin: &Arc<Plugin>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("wire-streams")
        .enable_time()
        .build()?;
    let (jobs, queue) = sync_channel(limits::PROCESS_JOBS);
    let link = Link::start(socket, "wire-send")?;
    let calls = Calls::new();
    let asker = Asker::new(plugin.manifest().codec);
    let own: Arc<str> = plugin.manifest().name.as_str().into();
    let guest = Arc::new(Guest {
        ends: streams(&calls).ends(own, asker.number()),
        calls,
        asker,
        losses: Losses::default(),
        streams: OnceLock::new(),
        wire: Wire::new(Arc::clone(&link), reader, "wire-read".to_owned()),
        module: OnceLock::new(),
        jobs,
        level: AtomicU32::new(level::INFO),
        stopped: AtomicBool::new(false),
        next: AtomicU64::new(ON_THE_SPOT),
        on_the_spot: Mutex::default(),
        held: Mutex::default(),
    });
    connect(&guest, link, &runtime);
    attend(&guest)?;
    live(&guest, plugin, &queue);
    Ok(())
}

fn connect(guest: &Arc<Guest>, link: Arc<Link>, runtime: &Runtime) {
    // SAFETY: the guest lives as long as the handle, which retains it.
    let host = unsafe { HostHandle::new(guest.host()) };
    guest
        .streams
        .get_or_init(|| Streams::new(host, link, runtime.handle().clone()));
}

/// The lifecycle of the module, on this thread.
fn live(guest: &Arc<Guest>, plugin: &Plugin, queue: &Receiver<Job>) {
    for job in queue {
        match job {
            Job::Create {
                number,
                name,
                generation,
                data_dir,
                config,
            } => {
                let info = ModuleInfo {
                    size: size_of::<ModuleInfo>() as u32,
                    generation,
                    name: Slice::new(name.as_bytes()),
                    data_dir: Slice::new(data_dir.as_bytes()),
                    config: Slice::new(&config),
                };
                let reply = create(guest, plugin, &info);
                guest.answer(number, &reply);
            }
            Job::Start(number) => guest.run(number, |table, ctx, reply| {
                // SAFETY: the instance lives, and the reply is valid for writing.
                table.start.map(|start| unsafe { start(ctx, reply) })
            }),
            Job::Export(number) => guest.run(number, |table, ctx, reply| {
                // SAFETY: as above.
                table.export_state.map(|export| unsafe { export(ctx, reply) })
            }),
            Job::Import(number, schema, state) => guest.run(number, |table, ctx, reply| {
                // SAFETY: as above; the state is valid for the call.
                let import = |import: ImportFn| unsafe { import(ctx, schema, Slice::new(&state), reply) };
                table.import_state.map(import)
            }),
            Job::Stop(number, deadline_ms) => {
                guest.run(number, |table, ctx, reply| {
                    // SAFETY: as above.
                    table.stop.map(|stop| unsafe { stop(ctx, deadline_ms, reply) })
                });
                guest.stopped.store(true, Ordering::Release);
            }
            Job::Bye => return guest.destroy(),
            Job::Gone => return,
        }
    }
}

/// What takes over a state.
type ImportFn = unsafe extern "C" fn(*mut c_void, u32, Slice, *mut Reply) -> i32;

fn create(guest: &Arc<Guest>, plugin: &Plugin, info: &ModuleInfo) -> Reply {
    if guest.module.get().is_some() {
        return Reply::error(status::INTERNAL, "there is an instance already");
    }
    // SAFETY: the guest lives until the process ends, as does the plugin, and `info` is valid for the call.
    match unsafe { plugin.create(&guest.host(), info) } {
        Ok(module) => {
            guest.module.get_or_init(|| module);
            Reply::EMPTY
        }
        Err(error) => Reply::error(status::INTERNAL, error.to_string()),
    }
}

impl Guest {
    /// Runs a lifecycle function and answers.
    fn run(&self, number: u64, function: impl FnOnce(&ModuleTable, *mut c_void, *mut Reply) -> Option<i32>) {
        let mut reply = Reply::EMPTY;
        let code = self.module.get().map(|module| {
            // SAFETY: the loader has checked the table, which is valid as long as the instance.
            let table = unsafe { &*module.table };
            function(table, module.ctx, &raw mut reply)
        });
        reply = match code {
            None => Reply::error(status::UNAVAILABLE, "there is no instance"),
            Some(None) => Reply::error(status::UNSUPPORTED, "the plugin does not have this function"),
            Some(Some(status::PENDING)) => {
                Reply::error(status::INTERNAL, "the plugin deferred a lifecycle function")
            }
            Some(Some(status)) => Reply { status, ..reply },
        };
        self.answer(number, &reply);
    }

    /// The end of an instance that has stopped. One that never did is left alone.
    fn destroy(&self) {
        let stopped = self.stopped.load(Ordering::Acquire);
        if let Some(module) = self.module.get().filter(|_| stopped) {
            // SAFETY: `stop` has returned, and nothing runs in the instance, as the host has seen to.
            unsafe {
                if let Some(destroy) = (*module.table).destroy {
                    destroy(module.ctx);
                }
            }
        }
    }
}
