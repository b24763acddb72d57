//! An instance of a plugin with its thread: created, started, stopped.

use super::worker::Worker;
use crate::events::Publisher;
use crate::host::Core;
use crate::library::Plugin;
use crate::permissions::Permits;
use crate::placement::process::Told;
use crate::registry::{Generation, Job, Slot};
use crate::router::{Caller, UnmappedLater};
use backplane_plugin_api::{Reply, status};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// What is needed to make an instance.
pub(crate) struct Order {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) permits: Arc<Permits>,
    /// The configuration as JSON, checked against the manifest.
    pub(crate) config: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) start_timeout: Duration,
}

/// A running instance and its lifecycle thread.
pub(crate) struct Instance {
    pub(crate) generation: Arc<Generation>,
    worker: Worker,
    /// Where a plugin that will be unmapped is told of answers. Not the other thread: that may be waiting for one.
    told_on: Option<Worker>,
}

impl Instance {
    /// Makes an instance and makes it ready; nobody can call it yet.
    pub(crate) fn start(core: &Arc<Core>, slot: &Arc<Slot>, order: &Order) -> Result<Self, String> {
        let number = slot.next_generation.fetch_add(1, Ordering::Relaxed);
        let clean = order.plugin.is_unmapped();
        let thread =
            |name: String| Worker::start(&name).map_err(|error| format!("cannot make a thread: {error}"));
        let told_on = match clean {
            true => Some(thread(format!("{}-{number}-told", slot.name))?),
            false => None,
        };
        let unmapped_later = told_on.as_ref().map(|told_on| UnmappedLater {
            plugin: Arc::downgrade(&order.plugin),
            told_on: told_on.jobs(),
        });
        let caller = Caller::new(
            Arc::clone(core),
            Arc::clone(slot),
            order.plugin.manifest().codec,
            Arc::clone(&order.permits),
            publishers(core, slot, &order.plugin),
            unmapped_later,
        );
        std::fs::create_dir_all(&order.data_dir)
            .map_err(|error| format!("cannot make the folder {}: {error}", order.data_dir.display()))?;
        let worker = thread(format!("{}-{number}", slot.name))?;
        let own_thread = clean.then(|| worker.jobs());
        let timeout = order.start_timeout;
        let hung = |what: &str| {
            format!(
                "{what} took longer than {} ms; its thread is given up",
                timeout.as_millis()
            )
        };
        let generation = worker
            .run(timeout, create(order, number, caller, &slot.name, own_thread))
            .map_err(|_| hung("create"))??;
        let starting = Arc::clone(&generation);
        let Ok(reply) = worker.run(timeout, move || starting.start()) else {
            // It may come to its end yet: nobody shall hear of it then.
            generation.caller.shut();
            return Err(hung("start"));
        };
        let instance = Self {
            generation,
            worker,
            told_on,
        };
        match explain("start", &reply) {
            Ok(()) => Ok(instance),
            Err(message) => {
                instance.stop(core, timeout).ok();
                Err(message)
            }
        }
    }

    /// The state for a successor, and its schema version; `None` when the module has none.
    pub(crate) fn export(&self, deadline: Duration) -> Result<Option<(u32, Vec<u8>)>, String> {
        let Some(state) = &self.generation.plugin.manifest().state else {
            return Ok(None);
        };
        let version = state.version;
        let generation = Arc::clone(&self.generation);
        let reply = self.worker.run(deadline, move || generation.export_state());
        let reply = reply.map_err(|_| format!("export took longer than {} ms", deadline.as_millis()))?;
        let Some(reply) = reply else { return Ok(None) };
        explain("export", &reply)?;
        Ok(Some((version, reply.payload.as_bytes().to_vec())))
    }

    /// Takes over a predecessor's state.
    pub(crate) fn import(&self, schema: u32, state: Vec<u8>, deadline: Duration) -> Result<(), String> {
        let generation = Arc::clone(&self.generation);
        let reply = self
            .worker
            .run(deadline, move || generation.import_state(schema, &state));
        let reply = reply.map_err(|_| format!("import took longer than {} ms", deadline.as_millis()))?;
        explain("import", &reply)
    }

    /// Ends the instance. Nobody may be able to call it any more. One that does not stop is left alone.
    pub(crate) fn stop(self, core: &Core, deadline: Duration) -> Result<(), String> {
        let generation = Arc::clone(&self.generation);
        let caller = Arc::clone(&generation.caller);
        // Before its tasks are dropped: whoever reads shall not take a stream for complete.
        caller.end_streams("was stopped");
        let result = self
            .worker
            .run(deadline.saturating_add(Duration::from_millis(500)), move || {
                let reply = generation.stop(deadline);
                drop(generation);
                reply
            });
        caller.shut();
        core.calls.abandon(&self.generation);
        match result {
            Ok(reply) => {
                let Self {
                    generation,
                    worker,
                    told_on,
                } = self;
                if reply.status != status::OK {
                    // It says itself that its work has not ended.
                    generation.keep_environment();
                }
                // The instance goes on its own thread, as its plugin may have thread-local state there.
                let gone = worker.run(deadline, move || drop(generation));
                if gone.is_ok() {
                    worker.join();
                    if let Some(told_on) = told_on
                        && told_on.run(deadline, || ()).is_ok()
                    {
                        told_on.join();
                    }
                }
                explain("stop", &reply)
            }
            Err(_) => {
                // Its code may be running still: neither the instance nor what it calls may be freed.
                std::mem::forget((self.generation, caller));
                Err(format!(
                    "stop took longer than {} ms; its thread is given up",
                    deadline.as_millis()
                ))
            }
        }
    }
}

/// The job that creates the instance.
fn create(
    order: &Order,
    number: u32,
    caller: Arc<Caller>,
    name: &str,
    own_thread: Option<SyncSender<Job>>,
) -> impl FnOnce() -> Result<Arc<Generation>, String> + Send + 'static {
    let plugin = Arc::clone(&order.plugin);
    let (name, config) = (name.to_owned(), order.config.clone());
    let data_dir = order.data_dir.to_string_lossy().into_owned();
    move || {
        let told = Told {
            name: &name,
            generation: number,
            data_dir: &data_dir,
            config: &config,
        };
        // SAFETY: the generation keeps plugin and caller, and so the host's table and context, until `destroy`.
        let handle = match unsafe { plugin.instance(&caller, &told) } {
            Ok(handle) => handle,
            Err(error) => {
                if error.lost_instance() {
                    std::mem::forget((plugin, caller));
                }
                return Err(error.to_string());
            }
        };
        Ok(Arc::new(Generation::new(
            number, plugin, caller, handle, own_thread,
        )))
    }
}

fn publishers(core: &Arc<Core>, slot: &Arc<Slot>, plugin: &Plugin) -> Vec<Vec<Publisher>> {
    let provides = &plugin.manifest().provides;
    let of = |interface: &backplane_descriptor::Interface| {
        let events = interface.events.iter();
        events
            .map(|event| {
                Publisher::new(
                    core.topics.get(&interface.id, &event.name),
                    Arc::clone(&slot.name),
                    event.body.clone(),
                    event.retained,
                )
            })
            .collect()
    };
    provides.iter().map(of).collect()
}

fn explain(what: &str, reply: &Reply) -> Result<(), String> {
    match reply.status {
        status::OK => Ok(()),
        status::PANICKED => Err(format!("{what} panicked: {}", reply.message())),
        _ => Err(format!("{what} failed: {}", reply.message())),
    }
}
