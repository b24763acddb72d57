//! The plan: which plugin files run as which modules, who serves whom, and in which order they start.
//!
//! Resolution is pure: what is wanted and what was found go in, a [`Plan`] or an explanation comes out.
//!
//! The highest versions are preferred, module by module in the order of their names. A requirement is bound
//! to the provider with the highest version of the interface, then the first by name; a module never serves
//! itself. Another provider is taken only where that avoids a cycle.

mod assemble;
mod error;
mod explain;
mod hearing;
mod order;
mod problem;
mod replace;
mod search;
mod warning;

pub use error::{Offer, Offers, PlanError, Unheard, Want};
pub use replace::{ReplacementError, ReplacementProblem};
pub use warning::Warning;

use crate::bundle::{Digest, Grants, ModuleConfig, Placement, PluginRef};
use assemble::Member;
use backplane_descriptor::Manifest;
use problem::Problem;
use search::{Outcome, Search};
use semver::{Version, VersionReq};
use std::path::PathBuf;
use std::sync::Arc;
use warning::older_versions;

/// The most modules of one plan.
pub const MODULE_LIMIT: usize = crate::bundle::settings::MODULE_LIMIT;
/// The most plugin files that a plan chooses from.
pub const CANDIDATE_LIMIT: usize = 4096;
/// How many choices the search tries before it gives up.
pub const STEP_LIMIT: usize = 10_000;
/// How many choices the search for an explanation may try on top.
pub const EXPLAIN_STEP_LIMIT: usize = 10_000;

/// A module that shall run.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub module: String,
    /// Which plugin it is an instance of; a file stands for the candidate with exactly this path.
    pub plugin: PluginRef,
    /// Which versions of the plugin will do.
    pub version: VersionReq,
    /// The only file that will do, if it is pinned.
    pub sha256: Option<Digest>,
    /// Where its code may come from.
    pub source: Source,
    /// What it may call and hear.
    pub grants: Grants,
}

/// Where the code of a plugin comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A file on this machine.
    File,
    /// This program.
    Linked,
}

/// A plugin that was found.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it lies; `linked:NAME` where it is linked in.
    pub path: PathBuf,
    /// The hash of its bytes; that of its manifest where it is linked in.
    pub sha256: Digest,
    /// Where its code comes from.
    pub source: Source,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Which plugin files run as which modules, who serves whom, and in which order they start.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The modules in the order in which they start.
    pub modules: Vec<PlannedModule>,
    /// What an operator should know.
    pub warnings: Vec<Warning>,
}

/// A module of a plan.
#[derive(Debug, Clone)]
pub struct PlannedModule {
    /// Its name.
    pub name: String,
    /// The plugin file.
    pub plugin: Arc<Candidate>,
    /// What it may call and hear, as far as its manifest requires it and subscribes to it.
    pub grants: Grants,
    /// Who serves it: one entry for each of the manifest's `requires`, in that order.
    pub links: Vec<Link>,
}

/// A requirement and who serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The interface.
    pub interface: String,
    /// Which versions will do.
    pub requirement: VersionReq,
    /// Whether the module also runs without it.
    pub optional: bool,
    /// Who serves it. `None` only where it is optional.
    pub provider: Option<Provider>,
}

/// The provider of a required interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The module.
    pub module: String,
    /// The version of the interface that it provides.
    pub version: Version,
    /// Whether it starts after the module that it serves: an optional requirement, where a cycle was broken.
    pub deferred: bool,
}

impl From<Placement> for Source {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Native | Placement::Process => Self::File,
            Placement::Static => Self::Linked,
        }
    }
}

impl Wanted {
    /// What the bundle says about the module called `module`. Where it names a file, put the path of the
    /// candidate that it leads to into `plugin`.
    pub fn new(module: &str, config: &ModuleConfig) -> Self {
        Self {
            module: module.to_owned(),
            plugin: config.plugin.clone(),
            version: config.version.clone(),
            sha256: config.sha256,
            source: config.placement.into(),
            grants: config.grants.clone(),
        }
    }
}

impl Plan {
    /// Chooses a candidate for each wanted module, so that every requirement is met and granted.
    ///
    /// # Errors
    /// There is no such choice; the error explains why. Or none was found within [`STEP_LIMIT`].
    pub fn resolve(wanted: &[Wanted], candidates: &[Arc<Candidate>]) -> Result<Self, PlanError> {
        let problem = Problem::new(wanted, candidates)?;
        let active = vec![true; problem.pairs.len()];
        let mut steps = STEP_LIMIT;
        let mut search = Search {
            problem: &problem,
            active: &active,
            acyclic: true,
            steps: &mut steps,
        };
        let chosen = match search.run() {
            Outcome::Found(chosen) => chosen,
            Outcome::None => return Err(explain::explain(&problem, candidates)),
            Outcome::OutOfSteps => return Err(PlanError::Steps { limit: STEP_LIMIT }),
        };
        let pairs = problem.modules.iter().zip(&chosen);
        let plugins: Vec<_> = pairs
            .map(|(module, choice)| module.choices[*choice].candidate)
            .collect();
        let pairs = problem.modules.iter().zip(&plugins);
        let members: Vec<_> = pairs
            .map(|(module, plugin)| Member::of_wanted(module, plugin))
            .collect();
        if let Some(unheard) = members.iter().find_map(hearing::missing) {
            return Err(PlanError::NotHeard(Box::new(unheard)));
        }
        let options = assemble::options(&members);
        let assembled =
            assemble::assemble(&members, options).map_err(|cycle| PlanError::cycle(&members, &cycle))?;
        let mut plan = assembled.into_plan(&members, |index| Arc::clone(plugins[index]));
        plan.warnings.splice(0..0, older_versions(&problem, &chosen));
        Ok(plan)
    }

    /// The module called `name`.
    pub fn module(&self, name: &str) -> Option<&PlannedModule> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// The links that the module called `name` serves, each with the module that it serves.
    pub fn dependents(&self, name: &str) -> impl Iterator<Item = (&PlannedModule, &Link)> {
        let served = move |link: &&Link| link.provider.as_ref().is_some_and(|it| it.module == name);
        self.modules
            .iter()
            .flat_map(|module| module.links.iter().map(move |link| (module, link)))
            .filter(move |(_, link)| served(link))
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
