//! From chosen plugins to links and a start order.

use super::order::{Bound, Cycle, Edge, Order, order};
use super::problem::Module;
use super::warning::warnings;
use super::{Candidate, Link, Plan, PlannedModule, Provider};
use crate::bundle::Grants;
use backplane_descriptor::{Manifest, Requirement};
use semver::{Version, VersionReq};
use std::sync::Arc;

/// A module whose plugin is chosen.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) manifest: &'a Manifest,
    pub(super) grants: &'a Grants,
}

/// Links and order of all members.
pub(super) struct Assembled {
    pub(super) order: Order,
    /// For each member its links.
    pub(super) links: Vec<Vec<Link>>,
}

impl<'a> Member<'a> {
    pub(super) fn of_wanted(module: &Module<'a>, plugin: &'a Arc<Candidate>) -> Self {
        Self {
            name: &module.wanted.module,
            manifest: &plugin.manifest,
            grants: &module.wanted.grants,
        }
    }

    /// The highest version of `interface` that it provides and that will do.
    pub(super) fn provides(&self, interface: &str, requirement: &VersionReq) -> Option<&'a Version> {
        let fits = self.manifest.provides.iter().filter(|it| it.id == interface);
        fits.map(|it| &it.version)
            .filter(|version| requirement.matches(version))
            .max()
    }
}

/// For each requirement of each member the members that can serve it, the preferred one first.
pub(super) fn options(members: &[Member<'_>]) -> Vec<Vec<Edge>> {
    (0..members.len())
        .map(|module| options_of(members, module))
        .collect()
}

/// As [`options`], for one member.
pub(super) fn options_of(members: &[Member<'_>], module: usize) -> Vec<Edge> {
    let edge = |required: &Requirement| {
        let mut options = providers(members, module, required);
        if !members[module].grants.allows(&required.interface) {
            options.clear();
        }
        Edge {
            optional: required.optional,
            options,
        }
    };
    members[module].manifest.requires.iter().map(edge).collect()
}

/// The members that provide what `module` requires, granted or not, the preferred one first.
pub(super) fn providers(members: &[Member<'_>], module: usize, required: &Requirement) -> Vec<usize> {
    let able = |(index, member): (usize, &Member<'_>)| {
        let version = member.provides(&required.interface, &required.version)?;
        (index != module).then(|| (version.clone(), index))
    };
    let mut able: Vec<_> = members.iter().enumerate().filter_map(able).collect();
    able.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    able.into_iter().map(|(_, index)| index).collect()
}

/// Binds every requirement to one of `options` and finds the order in which `members` start.
pub(super) fn assemble(members: &[Member<'_>], options: Vec<Vec<Edge>>) -> Result<Assembled, Cycle> {
    let order = order(&options)?;
    let links = members.iter().zip(&order.bound).map(|(member, bound)| {
        let requires = member.manifest.requires.iter().zip(bound);
        requires
            .map(|(required, bound)| link(members, required, *bound))
            .collect()
    });
    let links = links.collect();
    Ok(Assembled { order, links })
}

fn link(members: &[Member<'_>], required: &Requirement, bound: Option<Bound>) -> Link {
    let provider = bound.and_then(|Bound { provider, deferred }| {
        let provider = &members[provider];
        let version = provider.provides(&required.interface, &required.version)?.clone();
        Some(Provider {
            module: provider.name.to_owned(),
            version,
            deferred,
        })
    });
    let (interface, requirement) = (required.interface.clone(), required.version.clone());
    Link {
        interface,
        requirement,
        optional: required.optional,
        provider,
    }
}

impl Assembled {
    /// The plan; `plugin` gives the plugin of a member.
    pub(super) fn into_plan(
        mut self,
        members: &[Member<'_>],
        plugin: impl Fn(usize) -> Arc<Candidate>,
    ) -> Plan {
        let warnings = warnings(members, &self.links);
        let module = |index: usize| PlannedModule {
            name: members[index].name.to_owned(),
            plugin: plugin(index),
            grants: members[index].grants.clone(),
            links: std::mem::take(&mut self.links[index]),
        };
        Plan {
            modules: self.order.sequence.into_iter().map(module).collect(),
            warnings,
        }
    }
}
