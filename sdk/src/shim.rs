//! Between the C tables and the module: every function that the host calls, generated for each module type.
//!
//! Each of them catches panics, so that nothing unwinds across, and fails closed.

use crate::awake;
use crate::current::{self, InContext};
use crate::host::HostHandle;
use crate::module::{Context, Error, Plug};
use crate::serve::{Incoming, Outcome};
use crate::trace;
use crate::value::Value;
use backplane_plugin_api::{
    ABI_LEVEL, Call, Host, ModuleHandle, ModuleInfo, ModuleTable, PluginDeclaration, Reply, Slice, kind,
    status,
};
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

/// How long the runtime's blocking tasks may take to end after the module has stopped.
const RUNTIME_SHUTDOWN: Duration = Duration::from_secs(2);

struct Instance<M: Plug> {
    host: HostHandle,
    context: Context,
    config: Mutex<Option<M::Config>>,
    runtime: Mutex<Option<Runtime>>,
    runtime_handle: tokio::runtime::Handle,
    module: OnceLock<Arc<M>>,
    /// The deferred calls that can be cancelled, by ticket. Bounded by the host's in-flight window.
    deferred: Arc<Mutex<HashMap<u64, AbortHandle>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The table of a module of type `M`.
pub const fn table<M: Plug>() -> ModuleTable {
    ModuleTable {
        size: size_of::<ModuleTable>() as u32,
        abi: ABI_LEVEL,
        start: Some(start::<M>),
        call: Some(call::<M>),
        cancel: Some(cancel::<M>),
        export_state: if M::MANIFEST.state.is_some() {
            Some(export_state::<M>)
        } else {
            None
        },
        import_state: if M::MANIFEST.state.is_some() {
            Some(import_state::<M>)
        } else {
            None
        },
        stop: Some(stop::<M>),
        destroy: Some(destroy::<M>),
        query_interface: None,
    }
}

/// The declaration of a plugin whose module is `M`; `#[module]` puts it behind the entry symbol.
pub const fn declaration<M: Plug>(
    manifest: &'static [u8],
    layout: &'static backplane_plugin_api::LayoutRecord,
) -> PluginDeclaration {
    PluginDeclaration {
        size: size_of::<PluginDeclaration>() as u32,
        abi: ABI_LEVEL,
        manifest: Slice::new(manifest),
        create: Some(create::<M>),
        layout,
    }
}

/// Runs `work`, puts its answer into `reply` and gives the status. A panic becomes an answer.
fn guard(reply: *mut Reply, work: impl FnOnce() -> Reply) -> i32 {
    let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| trace::panic_reply());
    let status = answer.status;
    // SAFETY: the host passes a reply that is valid for writing and initialised.
    unsafe { *reply = answer };
    status
}

fn outcome(result: Result<(), Error>) -> Reply {
    match result {
        Ok(()) => Reply::EMPTY,
        Err(error) => Reply::error(status::INTERNAL, error.to_string()),
    }
}

unsafe extern "C" fn create<M: Plug>(
    host: *const Host,
    info: *const ModuleInfo,
    module: *mut ModuleHandle,
    reply: *mut Reply,
) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes valid pointers, and the handle retains what the module calls it with.
        let (host, info) = unsafe { (HostHandle::new(*host), &*info) };
        match trace::within(&host, || Instance::<M>::new(host.clone(), info)) {
            Ok(instance) => {
                let handle = ModuleHandle {
                    ctx: Box::into_raw(Box::new(instance)).cast(),
                    table: const { &table::<M>() },
                };
                // SAFETY: the host passes a handle that is valid for writing.
                unsafe { module.write(handle) };
                Reply::EMPTY
            }
            Err(error) => outcome(Err(error)),
        }
    })
}

/// The instance behind the context pointer.
///
/// # Safety
/// `ctx` must come from `create` of the same `M`, and not have been destroyed.
unsafe fn instance<'a, M: Plug>(ctx: *mut c_void) -> &'a Instance<M> {
    // SAFETY: the caller vouches for it; instances are only shared, never mutated through the pointer.
    unsafe { &*ctx.cast::<Instance<M>>() }
}

unsafe extern "C" fn start<M: Plug>(ctx: *mut c_void, reply: *mut Reply) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes the context that `create` gave.
        outcome(unsafe { instance::<M>(ctx) }.start())
    })
}

unsafe extern "C" fn call<M: Plug>(ctx: *mut c_void, call: *const Call, reply: *mut Reply) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes the context that `create` gave, and a call that is valid until we return.
        let (instance, call) = unsafe { (instance::<M>(ctx), &*call) };
        instance.call(call)
    })
}

unsafe extern "C" fn cancel<M: Plug>(ctx: *mut c_void, ticket: u64) {
    // SAFETY: the host passes the context that `create` gave.
    let instance = unsafe { instance::<M>(ctx) };
    let task = lock(&instance.deferred).remove(&ticket);
    if let Some(task) = task {
        // What it drops is the author's, and must not unwind across.
        drop(catch_unwind(AssertUnwindSafe(|| task.abort())));
    }
}

unsafe extern "C" fn export_state<M: Plug>(ctx: *mut c_void, reply: *mut Reply) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes the context that `create` gave.
        unsafe { instance::<M>(ctx) }
            .export()
            .unwrap_or_else(|error| outcome(Err(error)))
    })
}

unsafe extern "C" fn import_state<M: Plug>(
    ctx: *mut c_void,
    schema: u32,
    state: Slice,
    reply: *mut Reply,
) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes the context that `create` gave, and a state that is valid until we return.
        let (instance, state) = unsafe { (instance::<M>(ctx), state.as_bytes()) };
        outcome(instance.import(schema, state))
    })
}

unsafe extern "C" fn stop<M: Plug>(ctx: *mut c_void, deadline_ms: u32, reply: *mut Reply) -> i32 {
    guard(reply, || {
        // SAFETY: the host passes the context that `create` gave.
        unsafe { instance::<M>(ctx) }.stop(Duration::from_millis(deadline_ms.into()))
    })
}

unsafe extern "C" fn destroy<M: Plug>(ctx: *mut c_void) {
    // SAFETY: the host calls this once, last, with the context that `create` gave.
    let instance = unsafe { Box::from_raw(ctx.cast::<Instance<M>>()) };
    // A panic in the author's `Drop` must not cross.
    let host = instance.host.clone();
    drop(catch_unwind(AssertUnwindSafe(|| {
        trace::within(&host, || drop(instance))
    })));
}

impl<M: Plug> Instance<M> {
    fn new(host: HostHandle, info: &ModuleInfo) -> Result<Self, Error> {
        // SAFETY: the host keeps what `info` points to alive for the call.
        let (name, data_dir, config) = unsafe {
            (
                info.name.as_bytes(),
                info.data_dir.as_bytes(),
                info.config.as_bytes(),
            )
        };
        let name = std::str::from_utf8(name)?.to_owned();
        trace::install();
        let config = read_config::<M>(config)?;
        M::check(&config)?;
        let member = host.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(M::WORKERS)
            .thread_name(&name)
            .enable_all()
            .on_thread_start(move || trace::enter_module(member.clone()))
            .on_thread_park(awake::before_sleep)
            .build()?;
        Ok(Self {
            context: Context::new(
                host.clone(),
                &M::MANIFEST,
                name,
                info.generation,
                std::str::from_utf8(data_dir)?.into(),
            ),
            host,
            config: Mutex::new(Some(config)),
            runtime_handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            module: OnceLock::new(),
            deferred: Arc::default(),
        })
    }

    /// Runs a lifecycle function on the module's runtime and waits for it on this thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        trace::within(&self.host, || self.runtime_handle.block_on(future))
    }

    fn module(&self) -> Result<&Arc<M>, Error> {
        self.module
            .get()
            .ok_or_else(|| "the module has not started".into())
    }

    fn start(&self) -> Result<(), Error> {
        let config = lock(&self.config).take().ok_or("the module was started before")?;
        let module = self.block_on(M::start(self.context.clone(), config))?;
        self.module
            .set(Arc::new(module))
            .map_err(|_| "the module was started before".into())
    }

    fn call(&self, call: &Call) -> Reply {
        let Some(module) = self.module.get() else {
            return Reply::error(status::UNAVAILABLE, "the module has not started");
        };
        let incoming = Incoming {
            call,
            host: &self.host,
        };
        let serve = || match call.kind {
            kind::METHOD => M::serve(module, call.interface, &incoming),
            kind::EVENT => M::deliver(module, call.interface, &incoming),
            other => Outcome::error(status::UNSUPPORTED, format!("unknown kind of call {other}")),
        };
        let answer = || {
            // A method that answers at once may spawn tasks, too.
            let _runtime = self.runtime_handle.enter();
            match current::enter(call.context, Some(incoming.caller()), serve) {
                Outcome::Ready(reply) => reply,
                Outcome::Later(future) => self.later(call, incoming.caller(), future),
            }
        };
        trace::within(&self.host, answer)
    }

    /// Polls once right here, because most methods need not wait; what has to goes to the runtime.
    fn later(
        &self,
        call: &Call,
        caller: &str,
        mut future: Pin<Box<dyn Future<Output = Reply> + Send>>,
    ) -> Reply {
        let mut cx = std::task::Context::from_waker(Waker::noop());
        let first = current::enter(call.context, Some(caller), || future.as_mut().poll(&mut cx));
        if let Poll::Ready(reply) = first {
            return reply;
        }
        let future = InContext {
            context: call.context,
            caller: Some(caller.into()),
            future,
        };
        // Held from before the ticket exists until the task is known, so that `cancel` and the task's own end
        // find it.
        let mut deferred = lock(&self.deferred);
        let ticket = self.host.defer(call);
        let answer = Answer {
            host: self.host.clone(),
            ticket,
            given: false,
        };
        // Shared, because a task that does not let go of its thread outlives the instance.
        let tasks = Arc::clone(&self.deferred);
        let task = self.runtime_handle.spawn(async move {
            let answer = answer;
            let reply = CatchUnwind(future).await;
            lock(&tasks).remove(&answer.ticket);
            answer.give(reply);
        });
        deferred.insert(ticket, task.abort_handle());
        Reply {
            status: status::PENDING,
            ticket,
            ..Reply::EMPTY
        }
    }

    fn export(&self) -> Result<Reply, Error> {
        let state = self.block_on(self.module()?.export())?;
        let mut bytes = Vec::new();
        state.encode(&mut bytes)?;
        Ok(Reply::new(status::OK, bytes))
    }

    fn import(&self, schema: u32, state: &[u8]) -> Result<(), Error> {
        let state = M::State::decode(state)
            .map_err(|error| format!("the state of schema {schema} is not readable: {error}"))?;
        self.block_on(self.module()?.import(schema, state))
    }

    fn stop(&self, deadline: Duration) -> Reply {
        let in_time = match self.module.get() {
            Some(module) => {
                self.block_on(async { tokio::time::timeout(deadline, module.stop()).await.is_ok() })
            }
            None => true,
        };
        let runtime = lock(&self.runtime).take();
        let ended = runtime.is_none_or(|runtime| {
            let begun = Instant::now();
            runtime.shutdown_timeout(RUNTIME_SHUTDOWN);
            begun.elapsed() < RUNTIME_SHUTDOWN
        });
        if !in_time {
            Reply::error(status::TIMEOUT, format!("stop took longer than {deadline:?}"))
        } else if !ended {
            // What goes on may call the host: the host has to know.
            let message = format!("a task did not end within {RUNTIME_SHUTDOWN:?} after stop");
            Reply::error(status::TIMEOUT, message)
        } else {
            Reply::EMPTY
        }
    }
}

impl<M: Plug> Drop for Instance<M> {
    fn drop(&mut self) {
        if let Some(runtime) = lock(&self.runtime).take() {
            runtime.shutdown_timeout(RUNTIME_SHUTDOWN);
        }
    }
}

/// An empty configuration stands for one in which every field has its default.
fn read_config<M: Plug>(json: &[u8]) -> Result<M::Config, Error> {
    if matches!(M::MANIFEST.config, backplane_descriptor::fixed::Ty::Plain(_)) {
        return Ok(serde_json::from_str("null")?);
    }
    let json = if json.is_empty() { b"{}" } else { json };
    serde_json::from_slice(json).map_err(|error| format!("configuration: {error}").into())
}

/// The answer that a deferred call is owed. Dropped without one, the call was cancelled.
struct Answer {
    host: HostHandle,
    ticket: u64,
    given: bool,
}

impl Answer {
    fn give(mut self, reply: Reply) {
        self.given = true;
        self.host.complete(self.ticket, reply);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.given {
            let reply = Reply::error(status::CANCELLED, "the call was cancelled");
            self.host.complete(self.ticket, reply);
        }
    }
}

struct CatchUnwind(InContext<Reply>);

impl Future for CatchUnwind {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Reply> {
        let poll = || Pin::new(&mut self.0).poll(cx);
        catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|_| Poll::Ready(trace::panic_reply()))
    }
}
