//! What one caller may do: its grants, as far as its manifest asks for them.

use crate::bundle::{Access, Grants};
use crate::plan::PlannedModule;
use backplane_descriptor::Subscription;

/// What one caller may do. By default: nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permits {
    grants: Grants,
    /// What the manifest of a module asks for; a front end has none.
    asked: Option<Asked>,
}

/// What a manifest asks for.
#[derive(Debug, Clone)]
struct Asked {
    /// The interfaces that it requires, each with the module that the plan has chosen.
    requires: Vec<(String, Option<String>)>,
    /// The interfaces whose events it subscribes to.
    subscribes: Vec<String>,
}

/// A subscription that is granted.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// Its place in the manifest.
    pub(crate) index: u32,
    pub(crate) subscription: Subscription,
}

/// Which rule forbids something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The manifest does not ask for it.
    Manifest,
    /// The bundle does not grant it.
    Bundle,
    /// The program that made the front end does not grant it.
    Program,
}

impl Permits {
    /// Those of a module.
    pub(crate) fn of_module(planned: &PlannedModule) -> Self {
        let required = planned.links.iter().map(|link| {
            let provider = link.provider.as_ref().map(|it| it.module.clone());
            (link.interface.clone(), provider)
        });
        let subscribed = planned.plugin.manifest.subscribes.iter();
        Self {
            grants: planned.grants.clone(),
            asked: Some(Asked {
                requires: required.collect(),
                subscribes: subscribed.map(|it| it.interface.clone()).collect(),
            }),
        }
    }

    /// Those of a front end, which needs no manifest.
    pub(crate) fn of_front_end(grants: &Grants) -> Self {
        Self {
            grants: grants.clone(),
            asked: None,
        }
    }

    /// The module that the plan has chosen to serve `interface`.
    pub(crate) fn provider(&self, interface: &str) -> Option<&str> {
        let requires = &self.asked.as_ref()?.requires;
        let (_, provider) = requires.iter().find(|(id, _)| id == interface)?;
        provider.as_deref()
    }

    /// The interfaces that the module `provider` serves it with.
    pub(crate) fn served_by(&self, provider: &str) -> Vec<String> {
        let requires = self.asked.iter().flat_map(|asked| &asked.requires);
        let served = requires.filter(|(_, by)| by.as_deref() == Some(provider));
        served.map(|(interface, _)| interface.clone()).collect()
    }

    /// How much of `interface` it may call.
    pub(crate) fn calls(&self, interface: &str) -> Access {
        if self.requires(interface) {
            self.granted(interface)
        } else {
            Access::Nothing
        }
    }

    /// Whether it may hear the event `event` of `interface`.
    pub(crate) fn hears(&self, interface: &str, event: &str) -> bool {
        self.granted(interface).covers(event)
    }

    /// Those of a manifest's `subscriptions` that are granted.
    pub(crate) fn heard(&self, subscriptions: &[Subscription]) -> Vec<Heard> {
        let granted = (0..)
            .zip(subscriptions)
            .filter(|(_, it)| self.hears(&it.interface, &it.event));
        let heard = |(index, subscription): (u32, &Subscription)| Heard {
            index,
            subscription: subscription.clone(),
        };
        granted.map(heard).collect()
    }

    /// Which rule forbids a call of `interface`.
    pub(super) fn rule(&self, interface: &str) -> Rule {
        match &self.asked {
            None => Rule::Program,
            Some(_) if self.requires(interface) => Rule::Bundle,
            Some(_) => Rule::Manifest,
        }
    }

    /// The line of the bundle that grants `name`, too.
    pub(super) fn line_with(&self, name: &str) -> String {
        self.grants.line_with(name)
    }

    fn requires(&self, interface: &str) -> bool {
        let asked = self.asked.as_ref();
        asked.is_none_or(|asked| asked.requires.iter().any(|(id, _)| id == interface))
    }

    /// The id of an interface that the manifest names grants no method of another one.
    fn granted(&self, interface: &str) -> Access {
        self.grants.access_among(interface, |name| {
            self.asked.as_ref().is_some_and(|asked| {
                let required = asked.requires.iter().any(|(id, _)| id == name);
                required || asked.subscribes.iter().any(|id| id == name)
            })
        })
    }
}
