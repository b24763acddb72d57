//! Why there is no plan.

use super::assemble::Member;
use super::order::Cycle;
use super::{Candidate, Wanted};
use crate::bundle::PluginRef;
use crate::bundle::nearest::nearest;
use semver::{Version, VersionReq};
use std::fmt;
use std::sync::Arc;

/// How many entries a message lists before it says how many more there are.
const LIST_LIMIT: usize = 8;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is too much to choose from.
    #[error("{count} {what}, at most {limit} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Two modules have one name.
    #[error("two modules are called {module}")]
    TwoModules {
        /// The name.
        module: String,
    },
    /// No plugin file will do for a module.
    #[error("module {module} wants plugin {wanted}; {available}")]
    NoPlugin {
        /// The module.
        module: String,
        /// The plugin, its version and its pin.
        wanted: String,
        /// What there is instead.
        available: String,
    },
    /// A requirement that nothing meets.
    #[error("{want}; {offers}")]
    Missing {
        /// The requirement.
        want: Box<Want>,
        /// What there is instead.
        offers: Offers,
    },
    /// A requirement that could be met, but that the bundle does not grant.
    #[error("{want}, which {provider} provides, but it is not granted: [modules.{}] needs {line}", .want.module)]
    NotGranted {
        /// The requirement.
        want: Box<Want>,
        /// The module that could serve it.
        provider: String,
        /// The line that grants it, too.
        line: String,
    },
    /// A subscription that the bundle does not grant.
    #[error("{0}")]
    NotHeard(Box<Unheard>),
    /// Requirements that cannot be met together.
    #[error("no choice of versions fits: {}; {offers}", list(.wants))]
    Conflict {
        /// The requirements; without any one of them there would be a plan.
        wants: Vec<Want>,
        /// What there is to meet them.
        offers: Offers,
    },
    /// Modules that need each other to start.
    #[error("cycle {}: {}; one of these requirements must become optional", around(.chain), list(.wants))]
    Cycle {
        /// The modules: each needs the next, the last one the first.
        chain: Vec<String>,
        /// What they need of each other.
        wants: Vec<Want>,
    },
    /// The search was given up.
    #[error("no plan was found in {limit} steps: pin versions in the bundle, or remove old plugin files")]
    Steps {
        /// After so many steps.
        limit: usize,
    },
}

/// A requirement, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The module.
    pub module: String,
    /// Its plugin.
    pub plugin: String,
    /// The version of its plugin.
    pub version: Version,
    /// The interface.
    pub interface: String,
    /// Which versions will do.
    pub requirement: VersionReq,
}

/// A subscription that the bundle does not grant, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// The module.
    pub module: String,
    /// Its plugin.
    pub plugin: String,
    /// The version of its plugin.
    pub version: Version,
    /// `interface.event`.
    pub event: String,
    /// The line that grants it, too.
    pub line: String,
}

/// A plugin that provides an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The plugin.
    pub plugin: String,
    /// The version of the plugin.
    pub version: Version,
    /// The interface.
    pub interface: String,
    /// The version of the interface.
    pub provides: Version,
    /// The module that may be this plugin, and why it may not, if so.
    pub module: Option<String>,
    /// Why it is out of the question, if it is.
    pub but: Option<String>,
}

/// What there is to meet requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// The interfaces that are asked for.
    pub interfaces: Vec<String>,
    /// Who provides them.
    pub offers: Vec<Offer>,
}

impl Want {
    pub(super) fn of(member: &Member<'_>, interface: &str, requirement: &VersionReq) -> Self {
        Self {
            module: member.name.to_owned(),
            plugin: member.manifest.name.clone(),
            version: member.manifest.version.clone(),
            interface: interface.to_owned(),
            requirement: requirement.clone(),
        }
    }
}

impl PlanError {
    pub(super) fn no_plugin(wanted: &Wanted, candidates: &[Arc<Candidate>]) -> Self {
        let pin = wanted
            .sha256
            .map(|pin| format!(" with sha256 {pin}"))
            .unwrap_or_default();
        let name = match &wanted.plugin {
            PluginRef::Name(name) => name.clone(),
            PluginRef::File(path) => path.display().to_string(),
        };
        let found = candidates.iter().filter(|it| wanted.is_of(it)).map(|it| {
            let hash = wanted
                .sha256
                .map(|_| format!(" with sha256 {}", it.sha256))
                .unwrap_or_default();
            format!("{} {}{hash}", it.manifest.name, it.manifest.version)
        });
        let found: Vec<_> = found.collect();
        let available = if found.is_empty() {
            let names = candidates.iter().map(|it| it.manifest.name.as_str());
            let nearest = nearest(&name, names).map(|name| format!("; did you mean {name:?}?"));
            format!("no such plugin was found{}", nearest.unwrap_or_default())
        } else {
            format!("available: {}", list(&found))
        };
        let wanted_text = format!("{name} {}{pin}", wanted.version);
        Self::NoPlugin {
            module: wanted.module.clone(),
            wanted: wanted_text,
            available,
        }
    }

    pub(super) fn cycle(members: &[Member<'_>], cycle: &Cycle) -> Self {
        Self::Cycle {
            chain: names(members, cycle),
            wants: wants(members, cycle),
        }
    }
}

pub(super) fn names(members: &[Member<'_>], cycle: &Cycle) -> Vec<String> {
    cycle
        .iter()
        .map(|module| members[*module].name.to_owned())
        .collect()
}

/// What each module of `cycle` needs of the next.
fn wants(members: &[Member<'_>], cycle: &Cycle) -> Vec<Want> {
    let next = cycle.iter().cycle().skip(1);
    let want = |(module, next): (&usize, &usize)| {
        let requires = members[*module]
            .manifest
            .requires
            .iter()
            .filter(|it| !it.optional);
        let mut met = requires.filter(|it| members[*next].provides(&it.interface, &it.version).is_some());
        met.next()
            .map(|it| Want::of(&members[*module], &it.interface, &it.version))
    };
    cycle.iter().zip(next).filter_map(want).collect()
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        subject(f, &self.module, &self.plugin, &self.version)?;
        write!(f, " requires {} {}", self.interface, self.requirement)
    }
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        subject(f, &self.module, &self.plugin, &self.version)?;
        write!(
            f,
            " subscribes to {}, which is not granted: [modules.{}] needs {}",
            self.event, self.module, self.line
        )
    }
}

/// A module, and what it is where that has another name.
fn subject(f: &mut fmt::Formatter<'_>, module: &str, plugin: &str, version: &Version) -> fmt::Result {
    if module == plugin {
        write!(f, "{plugin} {version}")
    } else {
        write!(f, "{module} ({plugin} {version})")
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.module {
            Some(module) if *module != self.plugin => {
                write!(f, "{module} ({} {})", self.plugin, self.version)?;
            }
            _ => write!(f, "{} {}", self.plugin, self.version)?,
        }
        write!(f, " provides {} {}", self.interface, self.provides)?;
        self.but.as_ref().map_or(Ok(()), |but| write!(f, ", but {but}"))
    }
}

impl fmt::Display for Offers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.offers.is_empty() {
            write!(f, "available: {}", list(&self.offers))?;
        }
        let nobody = |id: &&String| !self.offers.iter().any(|offer| offer.interface == **id);
        let missing: Vec<_> = self.interfaces.iter().filter(nobody).cloned().collect();
        if !missing.is_empty() {
            let separator = if self.offers.is_empty() { "" } else { "; " };
            write!(f, "{separator}no plugin provides {}", missing.join(" or "))?;
        }
        Ok(())
    }
}

/// The entries, joined; at most [`LIST_LIMIT`] of them.
pub(super) fn list<T: fmt::Display>(entries: &[T]) -> String {
    let shown: Vec<_> = entries.iter().take(LIST_LIMIT).map(T::to_string).collect();
    match entries.len().saturating_sub(LIST_LIMIT) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// `a → b → a`.
pub(super) fn around(modules: &[String]) -> String {
    let chain = modules.iter().chain(modules.first());
    chain.map(String::as_str).collect::<Vec<_>>().join(" → ")
}
