//! The host as its embedder sees it.

mod change;
mod core;
mod error;
mod find;
mod front_end;
mod json_streams;
mod report;

pub(crate) use self::core::Core;
pub use error::HostError;
pub use front_end::{FrontEnd, Subscription};
pub use report::{InterfaceReport, ModuleReport};

use crate::bundle::{Bundle, Grants, ModuleConfig};
use crate::events::EventStream;
use crate::library::Linked;
use crate::lifecycle::{Failure, Module, ModuleState, StateChange};
use crate::log::LogLine;
use crate::permissions::{self, AuditEntry, AuditKind, PermissionReport, Subject};
use crate::plan::{Candidate, Link, Plan, PlanError, PlannedModule, Wanted};
use backplane_descriptor::Overflow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A running host. Its functions block until they are done, and may be called from any thread; operations on
/// one module wait for each other. Dropping it does not stop the modules: call [`Host::stop`].
pub struct Host {
    core: Arc<Core>,
    bundle: Mutex<Bundle>,
    plan: Mutex<Plan>,
    /// Held by whatever changes which modules there are.
    changing: Mutex<()>,
}

impl Host {
    /// Finds the plugins of a bundle, resolves who serves whom, and starts every module in its order. A module
    /// that fails to start is left to its policy; the others go on.
    ///
    /// # Errors
    /// The bundle cannot be run at all: no plugin fits, a requirement cannot be met, a configuration is wrong.
    pub fn start(bundle: Bundle) -> Result<Self, HostError> {
        Self::start_with(bundle, Linked::none())
    }

    /// The same with plugins that are linked into the program, for modules whose placement is `static`.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn start_with(bundle: Bundle, linked: Linked) -> Result<Self, HostError> {
        let core = Core::new(bundle.host.clone(), linked)?;
        let host = Self {
            core,
            bundle: Mutex::new(bundle),
            plan: Mutex::default(),
            changing: Mutex::default(),
        };
        let plan = host.resolve()?;
        host.start_planned(&plan)?;
        *host.plan() = plan;
        Ok(host)
    }

    /// The modules that a bundle wants, and the plugins that there are for them: what [`Host::start`] makes a plan of,
    /// by [`Plan::resolve`]. Nothing of them is run.
    ///
    /// # Errors
    /// A file that the bundle names is not there, or is no plugin.
    pub fn survey(bundle: &Bundle) -> Result<(Vec<Wanted>, Vec<Arc<Candidate>>), HostError> {
        find::survey(bundle, &Linked::none())
    }

    fn bundle(&self) -> MutexGuard<'_, Bundle> {
        self.bundle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self) -> Result<Plan, HostError> {
        let bundle = self.bundle();
        let (wanted, candidates) = find::survey(&bundle, &self.core.linked)?;
        let plan = Plan::resolve(&wanted, &candidates).map_err(HostError::from);
        let plan = plan.inspect_err(|error| self.note_refusal(error))?;
        for warning in &plan.warnings {
            tracing::warn!("{warning}");
        }
        Ok(plan)
    }

    /// Notes what is not granted, if that is the error.
    fn note_refusal(&self, error: &HostError) {
        match error {
            HostError::Plan(PlanError::NotGranted { want, .. }) => {
                self.not_granted(&want.module, &want.interface);
            }
            HostError::Plan(PlanError::NotHeard(it)) => self.not_granted(&it.module, &it.event),
            _ => (),
        }
    }

    fn not_granted(&self, module: &str, target: &str) {
        let why = "the bundle does not grant it";
        self.core.audit.note(AuditKind::Refusal, module, target, why);
    }

    fn start_planned(&self, plan: &Plan) -> Result<(), HostError> {
        let mut made = Vec::new();
        for planned in &plan.modules {
            let config = self.bundle().modules.get(&planned.name).cloned();
            let config = config.unwrap_or_else(|| ModuleConfig::new(&planned.plugin.manifest.name));
            made.push(self.make(planned, config)?);
        }
        for module in made {
            self.core.add(&module);
            self.start_module(&module, "the host starts")?;
        }
        Ok(())
    }

    /// Opens the plugin of a planned module and checks its configuration; starts nothing.
    fn make(&self, planned: &PlannedModule, config: ModuleConfig) -> Result<Arc<Module>, HostError> {
        let settings = self.settings(&planned.name, &planned.plugin)?;
        let plugin = self.core.open(&planned.plugin, &config)?;
        let slot = self.core.slot(&planned.name)?;
        self.core.note_grants(&planned.name, &config.grants, |entry| {
            let place = config.origin.grants.get(entry);
            place.map_or_else(|| "when it was loaded".to_owned(), ToString::to_string)
        });
        let running = core::running(planned, config, plugin, settings);
        Module::new(&self.core, slot, running).map_err(|error| HostError::Thread(error.to_string()))
    }

    fn settings(&self, module: &str, plugin: &Candidate) -> Result<String, HostError> {
        Ok(self
            .bundle()
            .check_config(module, &plugin.manifest.config)?
            .to_string())
    }

    fn start_module(&self, module: &Arc<Module>, reason: &str) -> Result<(), HostError> {
        let mut running = module.operate();
        if let Err(message) = module.start(&mut running, reason) {
            if running.config.on_failure == crate::bundle::OnFailure::StopHost {
                let module = module.slot.name.to_string();
                drop(running);
                self.stop();
                return Err(HostError::Start { module, message });
            }
            tracing::error!(module = %module.slot.name, "it did not start: {message}");
            let module = module.slot.name.to_string();
            self.core.supervisor.tell(Failure {
                module,
                generation: None,
                message,
            });
        }
        Ok(())
    }

    /// The modules by name.
    pub fn modules(&self) -> Vec<ModuleReport> {
        self.core
            .modules()
            .iter()
            .map(|module| self.core.report(module))
            .collect()
    }

    /// One module.
    ///
    /// # Errors
    /// There is no such module.
    pub fn module(&self, name: &str) -> Result<ModuleReport, HostError> {
        let module = self
            .core
            .module(name)
            .ok_or_else(|| HostError::NoModule(name.to_owned()))?;
        Ok(self.core.report(&module))
    }

    /// The interfaces that running modules provide.
    pub fn interfaces(&self) -> Vec<InterfaceReport> {
        self.core.interfaces()
    }

    /// Someone outside the modules who calls and listens: a user interface, a control socket, a test. `grants`
    /// are what it may call and hear.
    ///
    /// # Errors
    /// A module has this name.
    pub fn front_end(&self, name: &str, grants: &Grants) -> Result<FrontEnd, HostError> {
        FrontEnd::new(&self.core, name, grants)
    }

    /// What the modules may do, or one of them, and which line says so.
    ///
    /// # Errors
    /// There is no such module.
    pub fn permissions(&self, module: Option<&str>) -> Result<Vec<PermissionReport>, HostError> {
        if let Some(name) = module {
            self.module(name)?;
        }
        let (plan, bundle) = (self.plan().clone(), self.bundle().clone());
        let wanted = plan
            .modules
            .iter()
            .filter(|it| module.is_none_or(|name| it.name == name));
        let reports = wanted.filter_map(|planned| {
            let interface = |link: &Link| {
                let provider = link.provider.as_ref()?;
                self.core.interface_of(&provider.module, &link.interface)
            };
            let subject = Subject {
                planned,
                config: bundle.modules.get(&planned.name)?,
                interfaces: planned.links.iter().map(interface).collect(),
            };
            Some(permissions::report(&subject))
        });
        Ok(reports.flatten().collect())
    }

    /// The audit log, the oldest entry first: what was granted, what was refused, and who called sensitive methods; of
    /// one caller or of all.
    pub fn audit(&self, caller: Option<&str>) -> Vec<AuditEntry> {
        self.core.audit.entries(caller)
    }

    /// Every event whose `interface.event` matches `pattern`, in which `*` stands for any text.
    pub fn events(&self, pattern: &str, overflow: Overflow, depth: u32) -> EventStream {
        EventStream::tap(&self.core, pattern, overflow, depth)
    }

    /// The log's lines after number `after`, the oldest first, of one module or of all.
    pub fn log(&self, after: u64, module: Option<&str>) -> Vec<LogLine> {
        self.core.log.lines(after, module)
    }

    /// Which levels modules may log: 1 (error) to 5 (trace).
    pub fn set_log_level(&self, level: u32) {
        self.core.log.set_level(level);
    }

    /// The last changes of state of all modules, the oldest first.
    pub fn state_changes(&self) -> Vec<StateChange> {
        self.core.history.all()
    }

    /// How many calls have no answer yet.
    pub fn pending_calls(&self) -> usize {
        self.core.calls.len()
    }

    /// How many answers came after nobody waited for them any more.
    pub fn late_answers(&self) -> u64 {
        self.core.calls.late.load(Ordering::Relaxed)
    }

    /// Waits until every module answers, at most `patience`; no longer when one of them has failed and will not
    /// be started again. Whether all answer.
    pub fn wait_ready(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let heard = self.core.told();
            let seen: Vec<_> = self.core.modules().iter().map(|module| module.seen()).collect();
            if seen.iter().all(|it| it.state == ModuleState::Ready) {
                return true;
            }
            if seen.iter().any(|it| it.given_up) || !self.core.wait_told(heard, deadline) {
                return false;
            }
        }
    }

    /// Why the host should stop, once a module's policy or a caller asks for it. Blocks at most `patience`.
    pub fn stop_requested(&self, patience: Duration) -> Option<String> {
        self.core.stop_requested(patience)
    }

    /// Whether the host should stop because something has failed, and not because somebody asked for it.
    pub fn stop_is_failure(&self) -> bool {
        self.core.stop_wanted().is_some_and(|(_, code)| code != 0)
    }

    /// Asks whoever waits in [`Host::stop_requested`] to stop the host.
    pub fn request_stop(&self, reason: &str) {
        self.core.request_stop(reason.to_owned(), 0);
    }

    /// Stops every module, dependents first, each within the stop timeout. Gives what went wrong.
    pub fn stop(&self) -> Vec<String> {
        self.core.begin_stop();
        let mut order: Vec<String> = self.plan().modules.iter().map(|it| it.name.clone()).collect();
        let rest = self.core.modules().into_iter().map(|it| it.slot.name.to_string());
        let rest: Vec<String> = rest.filter(|name| !order.contains(name)).collect();
        order.extend(rest);
        let mut problems = Vec::new();
        for name in order.iter().rev() {
            let Some(module) = self.core.module(name) else {
                continue;
            };
            let mut running = module.operate();
            if let Err(message) = module.stop(&mut running, self.core.host.stop_timeout, "the host stops") {
                problems.push(format!("{name}: {message}"));
            }
            drop(running);
            module.delivery.stop();
        }
        problems
    }
}
