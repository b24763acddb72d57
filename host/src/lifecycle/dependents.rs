//! What becomes of modules when one is gone for good that they cannot do without.

use super::module::{Module, Running};

impl Module {
    /// Stops the modules that cannot do without this one, whoever needs them first. Nobody starts them again by itself.
    pub(super) fn stop_dependents(&self, reason: &str) {
        let name = &self.slot.name;
        for module in self.core.modules() {
            let needs = |running: &Running| running.instance.is_some() && running.needs(name);
            if !needs(&module.operate()) {
                continue;
            }
            let why = format!("it needs {name}: {reason}");
            module.stop_dependents(&why);
            let mut running = module.operate();
            // What it waited for may have changed it.
            if !needs(&running) {
                continue;
            }
            if let Err(message) = module.stop(&mut running, self.core.host.stop_timeout, &why) {
                tracing::warn!(module = %module.slot.name, "{message}");
            }
            drop(running);
            self.core.tell_lost(&module.slot.name, &why);
        }
    }
}

impl Running {
    /// Whether it requires an interface that the module `provider` serves it with.
    fn needs(&self, provider: &str) -> bool {
        let mut required = self.plugin.manifest().requires.iter().filter(|it| !it.optional);
        required.any(|it| self.permits.provider(&it.interface) == Some(provider))
    }
}
