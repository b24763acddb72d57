//! A module of the host: its slot, its subscriptions, what it is made of and what runs now.

use super::drain::drain;
use super::supervise::Recovery;
use super::{Instance, ModuleState, Order, Transition};
use crate::bundle::ModuleConfig;
use crate::events::Delivery;
use crate::host::Core;
use crate::library::Plugin;
use crate::permissions::Permits;
use crate::plan::Candidate;
use crate::registry::Slot;
use crate::router::run_queued;
use backplane_plugin_api::status;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A module of the host.
pub(crate) struct Module {
    pub(crate) core: Arc<Core>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) delivery: Arc<Delivery>,
    /// Held while the module is started, stopped or exchanged.
    running: Mutex<Running>,
    seen: Mutex<Seen>,
    pub(super) recovery: Recovery,
    /// Whether the host stops when the module asks for it.
    pub(crate) may_stop_host: bool,
}

/// What a lifecycle operation works on.
pub(crate) struct Running {
    pub(crate) config: ModuleConfig,
    pub(crate) permits: Arc<Permits>,
    pub(crate) plugin: Arc<Plugin>,
    /// The configuration as JSON, checked against the manifest of `plugin`.
    pub(crate) settings: String,
    pub(crate) instance: Option<Instance>,
    /// What ran before the last swap.
    pub(crate) previous: Option<Arc<Candidate>>,
    /// The libraries that were retired and stay mapped.
    pub(crate) retired: BTreeSet<[u8; 32]>,
    /// When it was restarted.
    pub(crate) restarts: VecDeque<Instant>,
}

/// What others may see of a module at any time.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) state: ModuleState,
    pub(crate) reason: String,
    /// It has failed, and nobody will start it again.
    pub(crate) given_up: bool,
    pub(crate) generation: u32,
    pub(crate) since: Instant,
    pub(crate) retired: usize,
    pub(crate) restarts: usize,
    pub(crate) previous: Option<Arc<Candidate>>,
}

impl Module {
    /// A module that has not started, whose subscriptions collect events from now on.
    pub(crate) fn new(core: &Arc<Core>, slot: Arc<Slot>, running: Running) -> std::io::Result<Arc<Self>> {
        let delivery = Delivery::start(core, &slot)?;
        delivery.resubscribe(&running.permits.heard(&running.plugin.manifest().subscribes));
        let seen = Seen {
            plugin: Arc::clone(&running.plugin),
            state: ModuleState::Verified,
            reason: String::new(),
            given_up: false,
            generation: 0,
            since: Instant::now(),
            retired: 0,
            restarts: 0,
            previous: None,
        };
        let module = Arc::new(Self {
            core: Arc::clone(core),
            slot,
            delivery,
            may_stop_host: running.config.may_stop_host && running.config.placement.may_stop_host(),
            running: Mutex::new(running),
            seen: Mutex::new(seen),
            recovery: Recovery::default(),
        });
        module.changed(ModuleState::Verified, "its plugin was opened and checked");
        Ok(module)
    }

    /// Waits for the operation that is under way, if any, and begins another.
    pub(crate) fn operate(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be seen now, without waiting for an operation.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes and tells a change of state.
    pub(crate) fn changed(&self, state: ModuleState, reason: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.state = state;
        seen.given_up = false;
        seen.since = Instant::now();
        reason.clone_into(&mut seen.reason);
        let version = seen.plugin.manifest().version.to_string();
        drop(seen);
        self.core.changed(&Transition {
            module: &self.slot.name,
            version: &version,
            state,
            reason,
        });
    }

    /// Nobody will start it again, until somebody asks for it.
    pub(super) fn give_up(&self, reason: &str) {
        self.vacate(reason);
        self.changed(ModuleState::Failed, reason);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
        self.core.tell();
    }

    /// Notes what runs now.
    pub(crate) fn note(&self, running: &Running) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.plugin = Arc::clone(&running.plugin);
        seen.previous.clone_from(&running.previous);
        seen.generation = running
            .instance
            .as_ref()
            .map_or(seen.generation, |it| it.generation.number);
        seen.retired = running.retired.len();
        seen.restarts = running.restarts.len();
    }

    fn data_dir(&self) -> PathBuf {
        self.core.host.data_dir.join("modules").join(&*self.slot.name)
    }

    /// What an instance of `plugin` is made of.
    pub(crate) fn order(&self, running: &Running, plugin: &Arc<Plugin>, settings: &str) -> Order {
        Order {
            plugin: Arc::clone(plugin),
            permits: Arc::clone(&running.permits),
            config: settings.to_owned(),
            data_dir: self.data_dir(),
            start_timeout: self.core.host.start_timeout,
        }
    }

    /// Starts the module, which does not run.
    pub(crate) fn start(&self, running: &mut Running, reason: &str) -> Result<(), String> {
        self.changed(ModuleState::Starting, reason);
        let order = self.order(running, &running.plugin, &running.settings);
        let started = Instance::start(&self.core, &self.slot, &order);
        match started.and_then(|instance| self.open(running, instance)) {
            Ok(()) => {
                self.changed(ModuleState::Ready, reason);
                Ok(())
            }
            Err(message) => {
                self.changed(ModuleState::Failed, &message);
                Err(message)
            }
        }
    }

    /// Lets calls and events in to `instance`; one that cannot take its place is stopped.
    pub(crate) fn open(&self, running: &mut Running, instance: Instance) -> Result<(), String> {
        if let Err(message) = self.slot.exchange(Some(Arc::clone(&instance.generation))) {
            instance.stop(&self.core, self.core.host.stop_timeout).ok();
            return Err(message);
        }
        instance.generation.caller.let_in();
        running.instance = Some(instance);
        self.note(running);
        self.reopen();
        Ok(())
    }

    /// Lets calls and events in again; those that waited go first.
    pub(crate) fn reopen(&self) {
        self.slot.open(|call| run_queued(&self.core, &self.slot, call));
        self.delivery.stir();
    }

    /// Empties the slot: from now on calls fail at once, those that waited too.
    pub(crate) fn vacate(&self, reason: &str) {
        for call in self.slot.vacate(reason) {
            let message = format!("{} is not running: {reason}", self.slot.name);
            call.refuse(&self.core, status::UNAVAILABLE, &message);
        }
    }

    /// Stops the module, if it runs, within about twice `timeout`; its subscriptions stay.
    pub(crate) fn stop(&self, running: &mut Running, timeout: Duration, reason: &str) -> Result<(), String> {
        let Some(instance) = running.instance.take() else {
            self.vacate(reason);
            return Ok(());
        };
        self.changed(ModuleState::Draining, reason);
        let drained = drain(
            &self.core,
            &self.slot,
            &instance.generation,
            timeout.min(self.core.host.drain_timeout),
        );
        self.vacate(reason);
        let result = match drained.and_then(|_| self.slot.exchange(None)) {
            Ok(()) => instance.stop(&self.core, timeout),
            Err(message) => {
                // Somebody is still inside: the instance is left alone.
                instance.generation.caller.shut();
                std::mem::forget(instance);
                Err(message)
            }
        };
        self.changed(
            ModuleState::Stopped,
            result.as_ref().err().map_or(reason, |it| it),
        );
        result
    }
}
