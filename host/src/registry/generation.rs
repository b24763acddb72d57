//! One running instance of a plugin.

use crate::library::Plugin;
use crate::router::{Caller, door};
use backplane_descriptor::Codec;
use backplane_plugin_api::{Call, CallContext, ModuleHandle, Reply, Slice, kind, status};
use semver::VersionReq;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// A piece of work for the module's own thread.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// One running instance of a plugin, from `create` to `destroy`.
pub(crate) struct Generation {
    /// Counted from 1 for each slot.
    pub(crate) number: u32,
    pub(crate) plugin: Arc<Plugin>,
    /// What the instance calls the host with. Lives as long as the instance.
    pub(crate) caller: Arc<Caller>,
    handle: ModuleHandle,
    /// The deferred calls that the instance has not completed.
    pub(crate) deferred: AtomicUsize,
    /// Where calls go that must not run on the caller's thread, because the library will be unmapped.
    own_thread: Option<SyncSender<Job>>,
    /// Whether `stop` has run; only then may the instance be destroyed.
    stopped: AtomicBool,
}

impl Generation {
    /// Takes over the instance that `plugin` made.
    pub(crate) fn new(
        number: u32,
        plugin: Arc<Plugin>,
        caller: Arc<Caller>,
        handle: ModuleHandle,
        own_thread: Option<SyncSender<Job>>,
    ) -> Self {
        Self {
            number,
            plugin,
            caller,
            handle,
            deferred: AtomicUsize::new(0),
            own_thread,
            stopped: AtomicBool::new(false),
        }
    }

    /// The number of an interface in the manifest's `provides`, if a version there satisfies `version`.
    pub(crate) fn interface(&self, id: &str, version: &VersionReq) -> Option<u32> {
        let provides = &self.plugin.manifest().provides;
        let index = provides
            .iter()
            .position(|it| it.id == id && version.matches(&it.version))?;
        u32::try_from(index).ok()
    }

    /// How long a caller of a method waits who says nothing.
    pub(crate) fn deadline(&self, interface: u32, method: u32) -> Duration {
        let interface = self.plugin.manifest().provides.get(interface as usize);
        let method = interface.and_then(|it| it.methods.get(method as usize));
        method.map_or(crate::limits::CALL_DEADLINE, |it| {
            Duration::from_millis(it.deadline_ms.into())
        })
    }

    /// Hands a call or an event to the module, on this thread. What a call carries is CBOR; the body of an event is
    /// in the module's own codec.
    pub(crate) fn call(&self, call: &Call, reply: &mut Reply) -> i32 {
        match self.plugin.manifest().codec {
            Codec::Json if call.kind == kind::METHOD => {
                door::cross(self, Codec::Json, call, reply, |call, reply| {
                    self.hand_in(&call, reply)
                })
            }
            Codec::Json | Codec::Cbor => self.hand_in(call, reply),
        }
    }

    fn hand_in(&self, call: &Call, reply: &mut Reply) -> i32 {
        // SAFETY: the loader has checked that the table has this function, and the instance lives as long as
        // `self`; the arguments are valid for the call.
        unsafe {
            (*self.handle.table)
                .call
                .map_or(status::INTERNAL, |call_fn| call_fn(self.handle.ctx, call, reply))
        }
    }

    /// The module's own thread, where all of its code has to run; `None` where any thread will do.
    pub(crate) const fn own_thread(&self) -> Option<&SyncSender<Job>> {
        self.own_thread.as_ref()
    }

    /// Tells the module that nobody waits for `ticket` any more.
    pub(crate) fn cancel(self: &Arc<Self>, ticket: u64) {
        let Some(own_thread) = &self.own_thread else {
            return self.cancel_here(ticket);
        };
        let generation = Arc::clone(self);
        // With a full queue the call ends by itself, or when the module stops.
        own_thread
            .try_send(Box::new(move || generation.cancel_here(ticket)))
            .ok();
    }

    fn cancel_here(&self, ticket: u64) {
        // SAFETY: as in `call`.
        unsafe {
            if let Some(cancel) = (*self.handle.table).cancel {
                cancel(self.handle.ctx, ticket);
            }
        }
    }

    /// Makes the module ready; on the module's lifecycle thread.
    pub(crate) fn start(&self) -> Reply {
        // SAFETY: as in `call`.
        self.lifecycle(|reply| unsafe {
            (*self.handle.table)
                .start
                .map(|start| start(self.handle.ctx, reply))
        })
    }

    /// The state for a successor; on the module's lifecycle thread. `None`: the module has none.
    pub(crate) fn export_state(&self) -> Option<Reply> {
        // SAFETY: as in `call`.
        let export = unsafe { (*self.handle.table).export_state }?;
        // SAFETY: as in `call`.
        Some(self.lifecycle(|reply| Some(unsafe { export(self.handle.ctx, reply) })))
    }

    /// Takes over a predecessor's state; on the module's lifecycle thread.
    pub(crate) fn import_state(&self, schema: u32, state: &[u8]) -> Reply {
        // SAFETY: as in `call`; the state is valid for the call.
        self.lifecycle(|reply| unsafe {
            let import = (*self.handle.table).import_state?;
            Some(import(self.handle.ctx, schema, Slice::new(state), reply))
        })
    }

    /// Ends all work; on the module's lifecycle thread.
    pub(crate) fn stop(&self, deadline: Duration) -> Reply {
        let deadline = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: as in `call`.
        let reply = self.lifecycle(|reply| unsafe {
            (*self.handle.table)
                .stop
                .map(|stop| stop(self.handle.ctx, deadline, reply))
        });
        self.stopped.store(true, Ordering::Release);
        reply
    }

    /// Keeps the code of the instance and its way to the host for the life of the process, because threads of
    /// the instance may be left that use them.
    pub(crate) fn keep_environment(&self) {
        self.caller.shut();
        std::mem::forget((Arc::clone(&self.plugin), Arc::clone(&self.caller)));
    }

    fn lifecycle(&self, run: impl FnOnce(&mut Reply) -> Option<i32>) -> Reply {
        let mut reply = Reply::EMPTY;
        match run(&mut reply) {
            Some(code) => reply.status = code,
            None => return Reply::error(status::UNSUPPORTED, "the plugin does not have this function"),
        }
        if reply.status == status::PENDING {
            return Reply::error(status::INTERNAL, "the plugin deferred a lifecycle function");
        }
        reply
    }

    /// A call as the module sees it.
    pub(crate) fn describe(
        kind: u32,
        interface: u32,
        method: u32,
        context: CallContext,
        caller: &str,
        args: backplane_plugin_api::Args,
    ) -> Call {
        Call {
            size: size_of::<Call>() as u32,
            kind,
            interface,
            method,
            context,
            caller: Slice::new(caller.as_bytes()),
            sequence: 0,
            lost: 0,
            args,
            token: std::ptr::null_mut(),
        }
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        // An instance that never stopped may still have threads that use it: it is left alone, with its code and
        // with what it calls the host through.
        if !self.stopped.load(Ordering::Acquire) {
            self.keep_environment();
            return;
        }
        // SAFETY: this is the last owner, so that no call is under way, and `stop` has returned.
        unsafe {
            if let Some(destroy) = (*self.handle.table).destroy {
                destroy(self.handle.ctx);
            }
        }
    }
}
