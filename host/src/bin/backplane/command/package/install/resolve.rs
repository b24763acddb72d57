//! Which version of each package fits everything else.

use super::super::believe::Belief;
use super::asked::{Asked, Offer};
use crate::exit::Failure;
use crate::output::printable;
use crate::site::Site;
use backplane_host::Host;
use backplane_host::bundle::{Grants, PluginRef};
use backplane_host::plan::{Candidate, Plan, PlanError, Source, Wanted};
use backplane_package::{Allowed, Condition};
use semver::{Version, VersionReq};
use std::sync::Arc;

/// A package that is to be installed.
pub(super) struct Step<'a> {
    pub(super) offer: &'a Offer,
    /// The version that is installed.
    pub(super) from: Option<Version>,
    /// Who has signed it, for people.
    pub(super) signed_by: String,
    /// Where it comes from, for people.
    pub(super) origin: String,
}

/// Chooses a version of each package that is asked for, so that all modules of the bundle get what they require, and
/// leaves out what is installed already.
pub(super) fn resolve<'a>(
    site: &Site,
    belief: &Belief,
    asked: &'a Asked,
    allowed: Allowed,
) -> Result<Vec<Step<'a>>, Failure> {
    let plan = plan(site, asked)?;
    for warning in &plan.warnings {
        eprintln!("backplane: warning: {}", printable(&warning.to_string()));
    }
    let mut steps = Vec::new();
    for name in asked.packages.keys() {
        let offer = chosen(&plan, asked, name)?;
        let installed = site.lock.packages.get(name);
        if let Some(locked) = installed
            && locked.manifest == offer.manifest.digest()
            && site.store.condition(name, locked) == Condition::Intact
        {
            continue;
        }
        site.lock.admit(&offer.manifest, offer.signer, allowed)?;
        steps.push(Step {
            offer,
            from: installed.map(|locked| locked.version.clone()),
            signed_by: belief.admit(offer.signer, &offer.title())?,
            origin: asked.origin(offer),
        });
    }
    Ok(steps)
}

/// A plan for the bundle in which the packages that are asked for may be any version that there is.
fn plan(site: &Site, asked: &Asked) -> Result<Plan, Failure> {
    let bundle = site.pinned(|name| asked.packages.contains_key(name));
    let (mut wanted, mut candidates) = Host::survey(&bundle)?;
    // Of a package that is asked for, what lies in the folders of plugins is not what is to be installed.
    candidates.retain(|it| !asked.packages.contains_key(&it.manifest.name) || is_named(&wanted, it));
    candidates.extend(asked.candidates());
    for (name, versions) in &asked.packages {
        want(&mut wanted, name, versions);
    }
    Plan::resolve(&wanted, &candidates).map_err(|error| {
        let hint = match error {
            PlanError::Missing { .. } => "; if a package provides it, name that package in the same command",
            _ => "",
        };
        Failure::failed(error.to_string()).and(hint)
    })
}

fn is_named(wanted: &[Wanted], candidate: &Candidate) -> bool {
    let mut files = wanted.iter().map(|it| &it.plugin);
    files.any(|it| matches!(it, PluginRef::File(path) if *path == candidate.path))
}

/// Asks for these versions in addition to what the bundle asks for; a package that is no module yet is looked at as if
/// it were one that is granted everything.
fn want(wanted: &mut Vec<Wanted>, name: &str, versions: &VersionReq) {
    let is_it = |it: &&mut Wanted| {
        it.source == Source::File && matches!(&it.plugin, PluginRef::Name(plugin) if plugin == name)
    };
    let mut modules = 0;
    for module in wanted.iter_mut().filter(is_it) {
        module
            .version
            .comparators
            .extend(versions.comparators.iter().cloned());
        modules += 1;
    }
    if modules > 0 {
        return;
    }
    let mut module = name.to_owned();
    while wanted.iter().any(|it| it.module == module) {
        module += "-new";
    }
    wanted.push(Wanted {
        module,
        plugin: PluginRef::Name(name.to_owned()),
        version: versions.clone(),
        sha256: None,
        source: Source::File,
        grants: Grants::all(),
    });
}

/// The one version of a package that the plan has.
fn chosen<'a>(plan: &Plan, asked: &'a Asked, name: &str) -> Result<&'a Offer, Failure> {
    let plugins = plan.modules.iter().map(|module| &module.plugin);
    let of_offer = |plugin: &Arc<Candidate>| {
        let mut offers = asked.offers.iter();
        offers.find(|offer| offer.manifest.name == name && offer.path() == plugin.path)
    };
    let mut found = plugins.filter_map(of_offer);
    let Some(first) = found.next() else {
        return Err(Failure::failed(format!("no module of the plan is {name}")));
    };
    match found.find(|other| other.manifest.version != first.manifest.version) {
        None => Ok(first),
        Some(other) => Err(Failure::failed(format!(
            "the modules that are {name} need two versions of it, {} and {}, and one can be installed",
            first.manifest.version, other.manifest.version
        ))),
    }
}
