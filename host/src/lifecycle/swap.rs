//! Hot swap: another plugin takes over a slot, and nobody who calls or listens notices but for a pause.
//!
//! The new instance starts beside the old one; the slot is paused and drained; the state crosses; the new
//! generation is published; the queue is released; the old instance is stopped and retired. Whatever fails
//! before the new generation is published leaves the old one in its place, as if nothing had happened. A
//! module that holds something exclusive cannot run beside itself: then the old instance is stopped first,
//! and on failure started anew with the state that it had exported.

use super::drain::drain;
use super::module::{Module, Running};
use super::{Instance, ModuleState};
use crate::library::Plugin;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a swap came to.
#[derive(Debug, Clone, Serialize)]
pub struct SwapReport {
    /// The module.
    pub module: String,
    /// The version that ran before.
    pub from: String,
    /// The version that runs now.
    pub to: String,
    /// The generation that runs now.
    pub generation: u32,
    /// How long callers had to wait, in microseconds.
    pub pause_us: u64,
    /// The whole operation, in microseconds, the end of the old instance not included.
    pub total_us: u64,
    /// The calls that did not end in time and were given up.
    pub abandoned: usize,
}

/// A predecessor's state with its schema version.
type Exported = Option<(u32, Vec<u8>)>;

impl Module {
    /// Puts `plugin` in the place of what runs now.
    pub(crate) fn swap(
        &self,
        running: &mut Running,
        plugin: Arc<Plugin>,
        settings: String,
    ) -> Result<SwapReport, String> {
        let begun = Instant::now();
        self.check_swap(running, &plugin)?;
        let exclusive =
            !plugin.manifest().exclusive.is_empty() || !running.plugin.manifest().exclusive.is_empty();
        let from = running.plugin.manifest().version.to_string();
        let version = plugin.manifest().version.to_string();
        let (paused, abandoned) = if exclusive {
            self.swap_in_turn(running, &plugin, &settings)?
        } else {
            self.swap_beside(running, &plugin, &settings)?
        };
        let total = begun.elapsed();
        let old = std::mem::replace(&mut running.plugin, plugin);
        let (old_hash, new_hash) = (
            old.sha256().unwrap_or_default(),
            running.plugin.sha256().unwrap_or_default(),
        );
        if old_hash != new_hash {
            if old.stays_mapped() {
                running.retired.insert(old_hash);
            }
            running.previous = old.candidate();
        }
        running.retired.remove(&new_hash);
        running.settings = settings;
        self.note(running);
        self.changed(ModuleState::Ready, &format!("it took over from {from}"));
        Ok(SwapReport {
            module: self.slot.name.to_string(),
            from,
            to: version,
            generation: running.instance.as_ref().map_or(0, |it| it.generation.number),
            pause_us: micros(paused),
            total_us: micros(total),
            abandoned,
        })
    }

    fn check_swap(&self, running: &Running, plugin: &Plugin) -> Result<(), String> {
        if running.instance.is_none() {
            return Err(format!(
                "{} does not run, so that there is nothing to swap; load or restart it",
                self.slot.name
            ));
        }
        let (old, new) = (running.plugin.manifest(), plugin.manifest());
        if old.name != new.name {
            return Err(format!(
                "the plugin {} cannot take the place of the plugin {}",
                new.name, old.name
            ));
        }
        if let Some(state) = &old.state {
            let reads = new.state.as_ref().map_or(&[][..], |it| &it.reads);
            if !reads.contains(&state.version) {
                return Err(format!(
                    "{} {} writes its state in schema {}, and {} reads {reads:?}",
                    old.name, old.version, state.version, new.version
                ));
            }
        }
        let limit = self.core.host.max_retired as usize;
        let sha256 = plugin.sha256();
        let known =
            sha256 == running.plugin.sha256() || running.retired.contains(&sha256.unwrap_or_default());
        if !known && running.retired.len() >= limit {
            return Err(format!(
                "{limit} retired versions of {} are still mapped, which is the limit; restart the host",
                old.name
            ));
        }
        Ok(())
    }

    /// The new instance starts while the old one serves.
    fn swap_beside(
        &self,
        running: &mut Running,
        plugin: &Arc<Plugin>,
        settings: &str,
    ) -> Result<(Duration, usize), String> {
        let new = Instance::start(&self.core, &self.slot, &self.order(running, plugin, settings))?;
        let paused = Instant::now();
        match self.hand_over(running, &new) {
            Ok(abandoned) => {
                let old = self.publish(running, new);
                let paused = paused.elapsed();
                self.retire(old);
                Ok((paused, abandoned))
            }
            Err(message) => {
                self.resume(&message);
                new.stop(&self.core, self.core.host.stop_timeout).ok();
                Err(message)
            }
        }
    }

    /// Drains the old instance, takes its state to the new one and puts that into the slot.
    fn hand_over(&self, running: &Running, new: &Instance) -> Result<usize, String> {
        let (abandoned, state) = self.quiesce(running)?;
        if let Some((schema, state)) = state {
            new.import(schema, state, self.core.host.start_timeout)?;
        }
        self.slot.exchange(Some(Arc::clone(&new.generation)))?;
        Ok(abandoned)
    }

    /// The old instance goes on as if nothing had happened.
    fn resume(&self, message: &str) {
        self.reopen();
        self.changed(ModuleState::Ready, &format!("it was not exchanged: {message}"));
    }

    fn quiesce(&self, running: &Running) -> Result<(usize, Exported), String> {
        let Some(old) = &running.instance else {
            return Err("the module does not run".to_owned());
        };
        self.changed(ModuleState::Draining, "another version takes over");
        let drained = drain(
            &self.core,
            &self.slot,
            &old.generation,
            self.core.host.drain_timeout,
        )?;
        let state = old.export(self.core.host.stop_timeout)?;
        Ok((drained.abandoned, state))
    }

    /// From here on the new generation, which is in the slot, answers.
    fn publish(&self, running: &mut Running, new: Instance) -> Option<Instance> {
        let subscribes = &new.generation.plugin.manifest().subscribes;
        self.delivery
            .resubscribe(&new.generation.caller.permits.heard(subscribes));
        new.generation.caller.let_in();
        let old = running.instance.replace(new);
        self.note(running);
        self.reopen();
        old
    }

    fn retire(&self, old: Option<Instance>) {
        if let Some(old) = &old {
            old.generation.caller.end_streams("was exchanged");
        }
        if let Some(Err(message)) = old.map(|old| old.stop(&self.core, self.core.host.stop_timeout)) {
            tracing::warn!(module = %self.slot.name, "the retired generation: {message}");
        }
    }

    /// The old instance is stopped before the new one starts.
    fn swap_in_turn(
        &self,
        running: &mut Running,
        plugin: &Arc<Plugin>,
        settings: &str,
    ) -> Result<(Duration, usize), String> {
        let paused = Instant::now();
        let quiet = self.quiesce(running);
        let emptied = quiet.and_then(|quiet| self.slot.exchange(None).map(|()| quiet));
        let (abandoned, state) = emptied.inspect_err(|message| self.resume(message))?;
        let old = running.instance.take();
        self.retire(old);
        let order = self.order(running, plugin, settings);
        match self.start_with(&order, state.clone()) {
            Ok(new) => {
                self.publish(running, new);
                Ok((paused.elapsed(), abandoned))
            }
            Err(message) => Err(self.start_again(running, state, &message)),
        }
    }

    /// A new instance with that state, in the slot.
    fn start_with(&self, order: &super::Order, state: Exported) -> Result<Instance, String> {
        let new = Instance::start(&self.core, &self.slot, order)?;
        let imported = state.map_or(Ok(()), |(schema, state)| {
            new.import(schema, state, order.start_timeout)
        });
        match imported.and_then(|()| self.slot.exchange(Some(Arc::clone(&new.generation)))) {
            Ok(()) => Ok(new),
            Err(message) => {
                new.stop(&self.core, self.core.host.stop_timeout).ok();
                Err(message)
            }
        }
    }

    /// The new version did not come up: the old one does, with its state.
    fn start_again(&self, running: &mut Running, state: Exported, message: &str) -> String {
        let order = self.order(running, &running.plugin, &running.settings);
        match self.start_with(&order, state) {
            Ok(old) => {
                self.publish(running, old);
                self.changed(ModuleState::Ready, &format!("it was not exchanged: {message}"));
                message.to_owned()
            }
            Err(second) => {
                let message = format!("{message}; and the old version did not start again: {second}");
                self.vacate(&message);
                self.changed(ModuleState::Failed, &message);
                message
            }
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
