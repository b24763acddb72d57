//! What everything in the host shares.

use super::find::candidate;
use super::{HostError, InterfaceReport, ModuleReport};
use crate::bundle::{Grants, HostConfig, ModuleConfig, ProcessConfig};
use crate::events::Topics;
use crate::library::{Linked, Plugin};
use crate::lifecycle::{Failure, History, Module, ModuleState, Supervisor, Transition};
use crate::limits;
use crate::log::Log;
use crate::permissions::{Audit, AuditKind, Permits};
use crate::placement::Wires;
use crate::placement::process::Process;
use crate::plan::{Candidate, PlannedModule, Source};
use crate::registry::Slot;
use crate::router::{pending::Calls, streams};
use backplane_descriptor::{Codec, Interface};
use backplane_plugin_api::{CallContext, level};
use backplane_sdk::DependencyLost;
use backplane_sdk::pipe::Streams;
use semver::{Version, VersionReq};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What everything in the host shares.
pub(crate) struct Core {
    pub(crate) host: HostConfig,
    pub(crate) linked: Linked,
    pub(crate) calls: Arc<Calls>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) topics: Topics,
    pub(crate) log: Log,
    pub(crate) audit: Audit,
    pub(crate) history: History,
    pub(crate) supervisor: Supervisor,
    wires: Wires,
    registry: Mutex<Registry>,
    stopping: AtomicBool,
    news: Mutex<News>,
    told: Condvar,
}

#[derive(Default)]
struct Registry {
    /// By index. A slot lives on when its module is unloaded, and is used again under its name.
    slots: Vec<Arc<Slot>>,
    modules: BTreeMap<Arc<str>, Arc<Module>>,
}

#[derive(Default)]
struct News {
    /// Why the host should stop, and 0 where nothing has failed.
    stop: Option<(String, i32)>,
    changes: usize,
}

impl Core {
    pub(super) fn new(host: HostConfig, linked: Linked) -> Result<Arc<Self>, HostError> {
        let (supervisor, begin) =
            Supervisor::start().map_err(|error| HostError::Thread(error.to_string()))?;
        let calls = Calls::new();
        let core = Arc::new(Self {
            host,
            linked,
            streams: streams(&calls),
            calls,
            topics: Topics::default(),
            log: Log::new(level::INFO),
            audit: Audit::default(),
            history: History::default(),
            supervisor,
            wires: Wires::default(),
            registry: Mutex::default(),
            stopping: AtomicBool::new(false),
            news: Mutex::default(),
            told: Condvar::new(),
        });
        begin(Arc::downgrade(&core));
        Ok(core)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a plugin: of a file exactly the bytes that were looked at.
    pub(super) fn open(
        &self,
        candidate: &Candidate,
        config: &ModuleConfig,
    ) -> Result<Arc<Plugin>, HostError> {
        match candidate.source {
            Source::File => {
                let (path, pinned) = (&candidate.path, Some(candidate.sha256.0));
                let cache = self.host.data_dir.join("plugins");
                Ok(match &config.process {
                    Some(process) => Plugin::open_for(self.process(process)?, path, pinned, &cache)?,
                    None => Plugin::open(path, pinned, &cache)?,
                })
            }
            Source::Linked => self
                .linked
                .plugin(candidate)
                .ok_or_else(|| HostError::NotLinked(candidate.manifest.name.clone())),
        }
    }

    fn process(&self, config: &ProcessConfig) -> Result<Process, HostError> {
        let thread = |error: std::io::Error| HostError::Thread(error.to_string());
        let own = || std::env::current_exe().map_err(thread);
        Ok(Process {
            program: self.host.guest_program.clone().map_or_else(own, Ok)?,
            config: config.clone(),
            start_timeout: self.host.start_timeout,
            stop_timeout: self.host.stop_timeout,
            runtime: self.wires.handle().map_err(thread)?,
        })
    }

    /// Notes what `caller` is granted, and `places`, where that stands.
    pub(super) fn note_grants(&self, caller: &str, grants: &Grants, places: impl Fn(usize) -> String) {
        for (entry, grant) in grants.0.iter().enumerate() {
            let (target, place) = (grant.to_string(), places(entry));
            self.audit.note(AuditKind::Grant, caller, &target, &place);
        }
    }

    /// What the plugin at `path`, or the one that is linked in under it, says of itself.
    pub(super) fn look_at(&self, path: &Path) -> Result<Arc<Candidate>, HostError> {
        self.linked
            .named(path)
            .cloned()
            .map_or_else(|| candidate(path), Ok)
    }

    /// The slot of a name, which may be new.
    pub(super) fn slot(&self, name: &str) -> Result<Arc<Slot>, HostError> {
        let mut registry = self.registry();
        if let Some(slot) = registry.slots.iter().find(|slot| &*slot.name == name) {
            return Ok(Arc::clone(slot));
        }
        if registry.slots.len() >= limits::MODULES {
            let message = format!("the host has seen {} names, which is the limit", limits::MODULES);
            return Err(HostError::Name(name.to_owned(), message));
        }
        let slot = Arc::new(Slot::new(registry.slots.len() as u16, name.into()));
        registry.slots.push(Arc::clone(&slot));
        Ok(slot)
    }

    /// Whether the name is that of a slot which no module has had: a front end's.
    pub(super) fn is_front_end(&self, name: &str) -> bool {
        let slot = self
            .registry()
            .slots
            .iter()
            .find(|slot| &*slot.name == name)
            .cloned();
        slot.is_some_and(|slot| slot.next_generation.load(Ordering::Relaxed) == 1)
            && self.module(name).is_none()
    }

    pub(super) fn add(&self, module: &Arc<Module>) {
        self.registry()
            .modules
            .insert(Arc::clone(&module.slot.name), Arc::clone(module));
    }

    pub(super) fn remove(&self, name: &str) {
        self.registry().modules.remove(name);
    }

    pub(crate) fn module(&self, name: &str) -> Option<Arc<Module>> {
        self.registry().modules.get(name).cloned()
    }

    pub(crate) fn modules(&self) -> Vec<Arc<Module>> {
        self.registry().modules.values().cloned().collect()
    }

    /// The slot that provides an interface: one that is ready, with the highest version that will do, then the
    /// first by name.
    pub(crate) fn provider(&self, interface: &str, version: &VersionReq) -> Result<Arc<Slot>, String> {
        let mut best: Option<((bool, Version), Arc<Slot>)> = None;
        let mut others = Vec::new();
        for module in self.modules() {
            let seen = module.seen();
            for provided in seen
                .plugin
                .manifest()
                .provides
                .iter()
                .filter(|it| it.id == interface)
            {
                if !version.matches(&provided.version) {
                    others.push(format!("{} provides {}", module.slot.name, provided.version));
                    continue;
                }
                let rank = (seen.state == ModuleState::Ready, provided.version.clone());
                if best.as_ref().is_none_or(|(best, _)| rank > *best) {
                    best = Some((rank, Arc::clone(&module.slot)));
                }
            }
        }
        best.map(|(_, slot)| slot).ok_or_else(|| match others.is_empty() {
            true => format!("no module provides {interface}"),
            false => format!("no module provides {interface} {version}; {}", others.join(", ")),
        })
    }

    /// The slot of a module by name.
    pub(crate) fn slot_of(&self, module: &str) -> Option<Arc<Slot>> {
        self.module(module).map(|module| Arc::clone(&module.slot))
    }

    /// The modules of a chain of calls by name.
    pub(crate) fn chain(&self, context: &CallContext) -> String {
        let registry = self.registry();
        let name = |index: &u16| {
            registry
                .slots
                .get(*index as usize)
                .map_or("?", |slot| &*slot.name)
                .to_owned()
        };
        context.chain().iter().map(name).collect::<Vec<_>>().join(" → ")
    }

    /// An interface as the module `publisher` describes it.
    pub(crate) fn interface_of(&self, publisher: &str, interface: &str) -> Option<Interface> {
        let seen = self.module(publisher)?.seen();
        seen.plugin
            .manifest()
            .provides
            .iter()
            .find(|it| it.id == interface)
            .cloned()
    }

    pub(super) fn interfaces(&self) -> Vec<InterfaceReport> {
        let mut all = Vec::new();
        for module in self.modules() {
            for interface in &module.seen().plugin.manifest().provides {
                all.push(InterfaceReport {
                    module: module.slot.name.to_string(),
                    interface: interface.clone(),
                });
            }
        }
        all
    }

    pub(super) fn report(&self, module: &Module) -> ModuleReport {
        ModuleReport::new(module)
    }

    /// A generation of a module panicked.
    pub(crate) fn panicked(&self, slot: &Slot, generation: u32, message: String) {
        self.supervisor.tell(Failure {
            module: slot.name.to_string(),
            generation: Some(generation),
            message,
        });
    }

    /// A module changed its state.
    pub(crate) fn changed(&self, transition: &Transition<'_>) {
        let change = self.history.add(transition);
        let (module, version, state) = (&change.module, &change.version, change.state.name());
        tracing::info!(%module, %version, "{state}: {}", change.reason);
        self.tell();
    }

    /// Something has changed for those who wait.
    pub(crate) fn tell(&self) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).changes += 1;
        self.told.notify_all();
    }

    /// How often something has changed.
    pub(super) fn told(&self) -> usize {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).changes
    }

    /// Waits until there are more than `heard` changes; `false` when there are none by then.
    pub(super) fn wait_told(&self, heard: usize, deadline: Instant) -> bool {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        while news.changes <= heard {
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            news = self
                .told
                .wait_timeout(news, deadline - now)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Whether the host is stopping.
    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(super) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::Release);
        drop(self.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.told.notify_all();
    }

    /// Somebody wants the host to stop; `code` is 0 where nothing has failed.
    pub(crate) fn request_stop(&self, reason: String, code: i32) {
        self.news
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop
            .get_or_insert((reason, code));
        self.told.notify_all();
    }

    /// Why somebody wants the host to stop, and 0 where nothing has failed.
    pub(super) fn stop_wanted(&self) -> Option<(String, i32)> {
        self.news
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop
            .clone()
    }

    /// A module is gone for good: whoever it served hears of it.
    pub(crate) fn tell_lost(&self, provider: &str, reason: &str) {
        for module in self.modules() {
            let Some(inside) = module.slot.enter_paused() else {
                continue;
            };
            let caller = &inside.caller;
            let interfaces = caller.permits.served_by(provider);
            if !interfaces.is_empty() {
                let lost = DependencyLost {
                    module: provider.to_owned(),
                    interfaces,
                    reason: reason.to_owned(),
                };
                caller.losses.push(&self.calls, encode(&lost, caller.asker.codec));
            }
        }
    }

    pub(super) fn stop_requested(&self, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            if news.stop.is_some() || now >= deadline {
                return news.stop.as_ref().map(|(reason, _)| reason.clone());
            }
            news = self
                .told
                .wait_timeout(news, deadline - now)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits, unless the host stops meanwhile.
    pub(crate) fn wait_unless_stopping(&self, pause: Duration) {
        let deadline = Instant::now() + pause;
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.stopping() && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            news = self
                .told
                .wait_timeout(news, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// As the module itself reads and writes values.
fn encode(lost: &DependencyLost, codec: Codec) -> Vec<u8> {
    match codec {
        Codec::Cbor => {
            let mut out = Vec::new();
            // Texts always have an encoding.
            backplane_sdk::generated::encode(lost, &mut out).ok();
            out
        }
        Codec::Json => serde_json::to_vec(lost).unwrap_or_default(),
    }
}

/// What a planned module is made of.
pub(super) fn running(
    planned: &PlannedModule,
    config: ModuleConfig,
    plugin: Arc<Plugin>,
    settings: String,
) -> crate::lifecycle::Running {
    crate::lifecycle::Running {
        config,
        permits: Arc::new(Permits::of_module(planned)),
        plugin,
        settings,
        instance: None,
        previous: None,
        retired: BTreeSet::new(),
        restarts: VecDeque::new(),
    }
}
