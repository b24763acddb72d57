//! Whether another version of one module fits among the others that run.

use super::assemble::{Assembled, Member, assemble, options_of, providers};
use super::error::{Unheard, Want, around, list, names};
use super::hearing::missing;
use super::order::Edge;
use super::warning::warnings;
use super::{Candidate, Plan, PlannedModule, Warning};
use backplane_descriptor::Manifest;
use semver::Version;
use std::fmt;
use std::sync::Arc;

/// Why a module cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplacementError {
    /// There is no such module.
    #[error("there is no module {module}")]
    NoModule {
        /// Its name.
        module: String,
    },
    /// The new plugin does not fit.
    #[error("{new} cannot replace {old}: {}", list(.problems))]
    Refused {
        /// The new plugin and its version.
        new: String,
        /// The old plugin and its version.
        old: String,
        /// Everything that does not fit.
        problems: Vec<ReplacementProblem>,
    },
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplacementProblem {
    /// A module that the old version serves would no longer be served.
    Dependent {
        /// What the other module requires.
        want: Box<Want>,
        /// The new plugin and its version.
        new: String,
        /// The versions of the interface that the new plugin provides.
        provides: Vec<Version>,
    },
    /// The new version requires what no other module provides.
    Missing {
        /// What it requires.
        want: Box<Want>,
        /// The versions of the interface that other modules provide.
        provides: Vec<Version>,
    },
    /// The new version requires what the bundle does not grant.
    NotGranted {
        /// What it requires.
        want: Box<Want>,
        /// The line that grants it, too.
        line: String,
    },
    /// The new version subscribes to what the bundle does not grant.
    NotHeard(Box<Unheard>),
    /// The new version would need a module that needs it.
    Cycle {
        /// The modules: each needs the next, the last one the first.
        chain: Vec<String>,
    },
}

impl Plan {
    /// Whether the plugin `new` could run as `module`, in place of the one of this plan: whether it meets every
    /// requirement that the module serves now, and the other modules meet those of its own. Requirements that
    /// are optional only lead to warnings.
    ///
    /// # Errors
    /// There is no such module, or `new` does not fit; the error names each dependent and its requirement.
    pub fn check_replacement(&self, module: &str, new: &Manifest) -> Result<Vec<Warning>, ReplacementError> {
        let (members, assembled, mut lost) = self.reassemble(module, new)?;
        lost.extend(warnings(&members, &assembled.links));
        Ok(lost)
    }

    /// This plan, with `new` in place of the plugin of `module`.
    ///
    /// # Errors
    /// As [`Plan::check_replacement`].
    pub fn replaced(&self, module: &str, new: &Arc<Candidate>) -> Result<Self, ReplacementError> {
        let (members, assembled, lost) = self.reassemble(module, &new.manifest)?;
        let plugin = |index: usize| match self.module(members[index].name) {
            Some(old) if old.name != module => old.plugin.clone(),
            _ => new.clone(),
        };
        let mut plan = assembled.into_plan(&members, plugin);
        plan.warnings.splice(0..0, lost);
        Ok(plan)
    }

    fn reassemble<'a>(
        &'a self,
        module: &str,
        new: &'a Manifest,
    ) -> Result<(Vec<Member<'a>>, Assembled, Vec<Warning>), ReplacementError> {
        let Some(old) = self.module(module) else {
            return Err(ReplacementError::NoModule {
                module: module.to_owned(),
            });
        };
        let mut members: Vec<_> = self
            .modules
            .iter()
            .map(|it| Member::of(it, module, new))
            .collect();
        members.sort_by_key(|member| member.name);
        let mut problems = self.dependents_lost(module, new);
        problems.extend(own_requirements(&members, module));
        let refused = |problems| {
            let label = |it: &Manifest| format!("{} {}", it.name, it.version);
            ReplacementError::Refused {
                new: label(new),
                old: label(&old.plugin.manifest),
                problems,
            }
        };
        if !problems.is_empty() {
            return Err(refused(problems));
        }
        let options = (0..members.len())
            .map(|index| self.options(&members, index, module))
            .collect();
        let assembled = assemble(&members, options).map_err(|cycle| {
            refused(vec![ReplacementProblem::Cycle {
                chain: names(&members, &cycle),
            }])
        })?;
        let lost = self
            .dependents(module)
            .filter(|(_, link)| link.optional && !serves(new, link));
        let lost = lost.map(|(dependent, link)| Warning::NoLongerServed {
            want: Box::new(want_of(dependent, link)),
            provider: module.to_owned(),
        });
        Ok((members, assembled, lost.collect()))
    }

    fn dependents_lost(&self, module: &str, new: &Manifest) -> Vec<ReplacementProblem> {
        let lost = self
            .dependents(module)
            .filter(|(_, link)| !link.optional && !serves(new, link));
        let problem = |(dependent, link): (&PlannedModule, &super::Link)| ReplacementProblem::Dependent {
            want: Box::new(want_of(dependent, link)),
            new: format!("{} {}", new.name, new.version),
            provides: versions(new, &link.interface).collect(),
        };
        lost.map(problem).collect()
    }

    /// The replaced module chooses among all; every other module stays bound as it is.
    fn options(&self, members: &[Member<'_>], index: usize, replaced: &str) -> Vec<Edge> {
        let mut edges = options_of(members, index);
        let Some(module) = self.module(members[index].name).filter(|it| it.name != replaced) else {
            return edges;
        };
        for (edge, link) in edges.iter_mut().zip(&module.links) {
            let bound = link.provider.as_ref().map(|provider| provider.module.as_str());
            edge.options.retain(|option| bound == Some(members[*option].name));
        }
        edges
    }
}

impl<'a> Member<'a> {
    fn of(module: &'a PlannedModule, replaced: &str, new: &'a Manifest) -> Self {
        let manifest = if module.name == replaced {
            new
        } else {
            &module.plugin.manifest
        };
        Self {
            name: &module.name,
            manifest,
            grants: &module.grants,
        }
    }
}

fn own_requirements(members: &[Member<'_>], module: &str) -> Vec<ReplacementProblem> {
    let Some(index) = members.iter().position(|member| member.name == module) else {
        return Vec::new();
    };
    let member = &members[index];
    let problem = |required: &backplane_descriptor::Requirement| {
        let want = Box::new(Want::of(member, &required.interface, &required.version));
        if providers(members, index, required).is_empty() {
            let others = members.iter().filter(|other| other.name != module);
            let provides = others
                .flat_map(|other| versions(other.manifest, &required.interface))
                .collect();
            return Some(ReplacementProblem::Missing { want, provides });
        }
        let granted = member.grants.allows(&required.interface);
        (!granted).then(|| ReplacementProblem::NotGranted {
            want,
            line: member.grants.line_with(&required.interface),
        })
    };
    let required = member.manifest.requires.iter().filter(|it| !it.optional);
    let unheard = missing(member).map(|it| ReplacementProblem::NotHeard(Box::new(it)));
    required.filter_map(problem).chain(unheard).collect()
}

fn serves(manifest: &Manifest, link: &super::Link) -> bool {
    versions(manifest, &link.interface).any(|version| link.requirement.matches(&version))
}

fn versions(manifest: &Manifest, interface: &str) -> impl Iterator<Item = Version> {
    manifest
        .provides
        .iter()
        .filter(move |it| it.id == interface)
        .map(|it| it.version.clone())
}

fn want_of(module: &PlannedModule, link: &super::Link) -> Want {
    Want {
        module: module.name.clone(),
        plugin: module.plugin.manifest.name.clone(),
        version: module.plugin.manifest.version.clone(),
        interface: link.interface.clone(),
        requirement: link.requirement.clone(),
    }
}

impl fmt::Display for ReplacementProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |versions: &[Version]| {
            versions
                .iter()
                .map(Version::to_string)
                .collect::<Vec<_>>()
                .join(" and ")
        };
        match self {
            Self::Dependent { want, new, provides } if provides.is_empty() => {
                write!(f, "{want}, which {new} does not provide")
            }
            Self::Dependent { want, new, provides } => {
                write!(
                    f,
                    "{want}, but {new} provides {} {}",
                    want.interface,
                    joined(provides)
                )
            }
            Self::Missing { want, provides } if provides.is_empty() => {
                write!(f, "{want}, which no other module provides")
            }
            Self::Missing { want, provides } => {
                write!(
                    f,
                    "{want}, but other modules provide {} {}",
                    want.interface,
                    joined(provides)
                )
            }
            Self::NotGranted { want, line } => {
                let module = &want.module;
                write!(f, "{want}, which is not granted: [modules.{module}] needs {line}")
            }
            Self::NotHeard(unheard) => write!(f, "{unheard}"),
            Self::Cycle { chain } => write!(f, "it would close the cycle {}", around(chain)),
        }
    }
}
