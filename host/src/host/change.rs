//! Changing which modules there are while the host runs: load, unload, swap, rollback.

use super::{Host, HostError, ModuleReport};
use crate::bundle::{Grants, ModuleConfig, PluginRef};
use crate::lifecycle::{Module, SwapReport};
use crate::permissions::Permits;
use crate::plan::{Candidate, Plan, ReplacementError, ReplacementProblem, Wanted};
use backplane_descriptor::is_module_name;
use std::path::Path;
use std::sync::Arc;

impl Host {
    /// Loads one more module while the host runs: from a file, or with `linked:NAME` one that is linked in.
    ///
    /// # Errors
    /// There is such a module already, the plugin is refused, its requirements are not met, its configuration is
    /// wrong, or it does not start; then it is not there.
    pub fn load(
        &self,
        name: &str,
        plugin: &Path,
        grants: Grants,
        config: &serde_json::Value,
    ) -> Result<ModuleReport, HostError> {
        let _changing = self.change();
        if !is_module_name(name) || self.core.is_front_end(name) {
            let why =
                "a module's name is lower-case letters, digits and '-', at most 64 bytes, and no front end's";
            return Err(HostError::Name(name.to_owned(), why.to_owned()));
        }
        if self.core.module(name).is_some() {
            return Err(HostError::TwoModules(name.to_owned()));
        }
        let mut module = ModuleConfig::new(name);
        module.plugin = PluginRef::File(plugin.to_owned());
        module.grants = grants;
        match config {
            serde_json::Value::Object(map) => module.config = map.clone().into(),
            serde_json::Value::Null => (),
            _ => {
                return Err(HostError::Start {
                    module: name.to_owned(),
                    message: "its configuration is no object".to_owned(),
                });
            }
        }
        self.bundle().modules.insert(name.to_owned(), module.clone());
        let loaded = self.load_planned(name, plugin, module);
        if loaded.is_err() {
            self.bundle().modules.remove(name);
        }
        loaded
    }

    fn load_planned(
        &self,
        name: &str,
        plugin: &Path,
        config: ModuleConfig,
    ) -> Result<ModuleReport, HostError> {
        let new = self.core.look_at(plugin)?;
        let plan = self
            .extended(name, &config, &new)
            .inspect_err(|error| self.note_refusal(error))?;
        let planned = plan
            .module(name)
            .ok_or_else(|| HostError::NoModule(name.to_owned()))?;
        let module = self.make(planned, config)?;
        self.core.add(&module);
        let mut running = module.operate();
        let started = module.start(&mut running, "it was loaded");
        drop(running);
        if let Err(message) = started {
            self.discard(&module);
            return Err(HostError::Start {
                module: name.to_owned(),
                message,
            });
        }
        *self.plan() = plan;
        Ok(self.core.report(&module))
    }

    /// The plan with one more module, in which all others stay as they are.
    fn extended(&self, name: &str, config: &ModuleConfig, new: &Arc<Candidate>) -> Result<Plan, HostError> {
        let plan = self.plan();
        let mut candidates = vec![Arc::clone(new)];
        let mut wanted = Vec::new();
        for module in &plan.modules {
            candidates.push(Arc::clone(&module.plugin));
            wanted.push(Wanted {
                module: module.name.clone(),
                plugin: PluginRef::File(module.plugin.path.clone()),
                version: semver::VersionReq::STAR,
                sha256: Some(module.plugin.sha256),
                source: module.plugin.source,
                grants: module.grants.clone(),
            });
        }
        let mut one_more = Wanted::new(name, config);
        one_more.plugin = PluginRef::File(new.path.clone());
        one_more.source = new.source;
        wanted.push(one_more);
        Ok(Plan::resolve(&wanted, &candidates)?)
    }

    fn note_refusals(&self, error: &ReplacementError) {
        let ReplacementError::Refused { problems, .. } = error else {
            return;
        };
        for problem in problems {
            match problem {
                ReplacementProblem::NotGranted { want, .. } => {
                    self.not_granted(&want.module, &want.interface)
                }
                ReplacementProblem::NotHeard(it) => self.not_granted(&it.module, &it.event),
                _ => (),
            }
        }
    }

    fn discard(&self, module: &Module) {
        module.delivery.stop();
        module.vacate("it was unloaded");
        self.core.remove(&module.slot.name);
    }

    /// Stops a module and takes it away. With `force` even when others need it; their calls then fail.
    ///
    /// # Errors
    /// There is no such module, others need it, or it did not stop in time; in the last case it is gone all
    /// the same.
    pub fn unload(&self, name: &str, force: bool) -> Result<(), HostError> {
        let _changing = self.change();
        let module = self
            .core
            .module(name)
            .ok_or_else(|| HostError::NoModule(name.to_owned()))?;
        let dependents: Vec<String> = {
            let plan = self.plan();
            let needed = plan.dependents(name).filter(|(_, link)| !link.optional);
            needed
                .map(|(module, link)| format!("{} ({} {})", module.name, link.interface, link.requirement))
                .collect()
        };
        if !force && !dependents.is_empty() {
            return Err(HostError::Needed {
                module: name.to_owned(),
                by: dependents.join(", "),
            });
        }
        let mut running = module.operate();
        let stopped = module.stop(&mut running, self.core.host.stop_timeout, "it was unloaded");
        drop(running);
        self.discard(&module);
        self.core.tell_lost(name, "it was unloaded");
        self.bundle().modules.remove(name);
        self.plan().modules.retain(|it| it.name != name);
        stopped.map_err(|message| HostError::Stop {
            module: name.to_owned(),
            message,
        })
    }

    /// Puts the plugin in the file `plugin`, or with `linked:NAME` one that is linked in, in the place of what runs as `name`, with the configuration
    /// `config` or, without one, that of the old version. The new instance starts beside the old one, the calls
    /// under way end, the state crosses, and the calls that waited go on; a module that holds something
    /// exclusive ends before the new one starts.
    ///
    /// # Errors
    /// Why the old version is still there.
    pub fn swap(
        &self,
        name: &str,
        plugin: &Path,
        config: Option<&serde_json::Map<String, serde_json::Value>>,
    ) -> Result<SwapReport, HostError> {
        let new = self.core.look_at(plugin)?;
        self.swap_to(name, &new, config)
    }

    /// Puts the version in place that ran before the last swap.
    ///
    /// # Errors
    /// There was no swap, or the earlier version is refused; then nothing has changed.
    pub fn rollback(&self, name: &str) -> Result<SwapReport, HostError> {
        let module = self
            .core
            .module(name)
            .ok_or_else(|| HostError::NoModule(name.to_owned()))?;
        let previous = module
            .seen()
            .previous
            .ok_or_else(|| HostError::NoPrevious(name.to_owned()))?;
        self.swap_to(name, &previous, None)
    }

    fn swap_to(
        &self,
        name: &str,
        new: &Arc<Candidate>,
        config: Option<&serde_json::Map<String, serde_json::Value>>,
    ) -> Result<SwapReport, HostError> {
        let _changing = self.change();
        let module = self
            .core
            .module(name)
            .ok_or_else(|| HostError::NoModule(name.to_owned()))?;
        let refused = |message: String| HostError::Swap {
            module: name.to_owned(),
            message,
        };
        let mut running = module.operate();
        let plan = self
            .plan()
            .replaced(name, new)
            .inspect_err(|error| self.note_refusals(error))
            .map_err(|error| refused(error.to_string()))?;
        let mut bundle = self.bundle().clone();
        if let (Some(config), Some(module)) = (config, bundle.modules.get_mut(name)) {
            module.config = config.clone().into();
        }
        let settings = bundle.check_config(name, &new.manifest.config)?.to_string();
        let plugin = self.core.open(new, &running.config)?;
        let permits = plan.module(name).map(Permits::of_module).map(Arc::new);
        let old_permits = std::mem::replace(&mut running.permits, permits.unwrap_or_default());
        match module.swap(&mut running, plugin, settings) {
            Ok(report) => {
                *self.plan() = plan;
                *self.bundle() = bundle;
                Ok(report)
            }
            Err(message) => {
                running.permits = old_permits;
                Err(refused(message))
            }
        }
    }
}
