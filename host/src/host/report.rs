//! What can be told of modules and interfaces.

use crate::bundle::Placement;
use crate::events::SubscriptionStatus;
use crate::lifecycle::{Module, ModuleState};
use backplane_descriptor::Interface;
use serde::Serialize;
use std::sync::atomic::Ordering;

/// A module as an operator sees it.
#[derive(Debug, Clone, Serialize)]
pub struct ModuleReport {
    /// Its name.
    pub name: String,
    /// The name of its plugin.
    pub plugin: String,
    /// The version of its plugin.
    pub version: String,
    /// The SHA-256 of the plugin file, in hexadecimal digits; empty for a plugin that is linked in.
    pub sha256: String,
    /// Where it runs.
    pub placement: Placement,
    /// Where the plugin file lay; empty for a plugin that is linked in.
    pub path: String,
    /// How the tables of the plugin were checked.
    pub layout: String,
    /// The state.
    pub state: ModuleState,
    /// Why it is in this state.
    pub reason: String,
    /// How long, in milliseconds.
    pub since_ms: u64,
    /// The generation that runs, counted from 1.
    pub generation: u32,
    /// The interfaces that it provides, as `id version`.
    pub provides: Vec<String>,
    /// The interfaces that it calls, as `id requirement`.
    pub requires: Vec<String>,
    /// The calls and events that it has answered.
    pub calls: u64,
    /// Those among them that ended with an error of the host or a panic.
    pub errors: u64,
    /// The panics among these.
    pub panics: u64,
    /// The retired versions that stay mapped.
    pub retired: usize,
    /// The restarts within the window of its policy.
    pub restarts: usize,
    /// The version that a rollback leads to.
    pub previous: Option<String>,
    /// What it listens to.
    pub subscriptions: Vec<SubscriptionStatus>,
}

/// An interface and the module that provides it.
#[derive(Debug, Clone, Serialize)]
pub struct InterfaceReport {
    /// The module.
    pub module: String,
    /// What it looks like.
    #[serde(flatten)]
    pub interface: Interface,
}

impl ModuleReport {
    pub(super) fn new(module: &Module) -> Self {
        let seen = module.seen();
        let (plugin, slot) = (&seen.plugin, &module.slot);
        let manifest = plugin.manifest();
        Self {
            name: slot.name.to_string(),
            plugin: manifest.name.clone(),
            version: manifest.version.to_string(),
            sha256: plugin.sha256().map(hex::encode).unwrap_or_default(),
            placement: plugin.placement(),
            path: plugin
                .path()
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            layout: plugin.layout().to_string(),
            state: seen.state,
            reason: seen.reason.clone(),
            since_ms: u64::try_from(seen.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            generation: seen.generation,
            provides: manifest
                .provides
                .iter()
                .map(|it| format!("{} {}", it.id, it.version))
                .collect(),
            requires: manifest
                .requires
                .iter()
                .map(|it| format!("{} {}", it.interface, it.version))
                .collect(),
            calls: slot.calls.load(Ordering::Relaxed),
            errors: slot.errors.load(Ordering::Relaxed),
            panics: slot.panics.load(Ordering::Relaxed),
            retired: seen.retired,
            restarts: seen.restarts,
            previous: seen.previous.as_ref().map(|it| it.manifest.version.to_string()),
            subscriptions: module.delivery.status(),
        }
    }
}
