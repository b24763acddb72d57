//! What is wanted and what was found, prepared for the search.

use super::{CANDIDATE_LIMIT, Candidate, MODULE_LIMIT, PlanError, Wanted};
use crate::bundle::PluginRef;
use semver::VersionReq;
use std::collections::HashMap;
use std::sync::Arc;

/// What is to be solved: one choice for each module.
pub(super) struct Problem<'a> {
    /// The modules in the order of their names.
    pub(super) modules: Vec<Module<'a>>,
    /// Who asks for which interface, over all choices: what an explanation is made of.
    pub(super) pairs: Vec<(usize, &'a str)>,
}

/// A module and the plugin files that it may be.
pub(super) struct Module<'a> {
    pub(super) wanted: &'a Wanted,
    /// The highest version first.
    pub(super) choices: Vec<Choice<'a>>,
}

/// A plugin file that a module may be.
pub(super) struct Choice<'a> {
    pub(super) candidate: &'a Arc<Candidate>,
    /// The requirements that are not optional.
    pub(super) needs: Vec<Need<'a>>,
}

/// A requirement that is not optional.
pub(super) struct Need<'a> {
    pub(super) interface: &'a str,
    pub(super) requirement: &'a VersionReq,
    /// Which of [`Problem::pairs`] it belongs to.
    pub(super) pair: usize,
    pub(super) granted: bool,
    /// The modules and choices that meet it, not those of the module itself.
    pub(super) met_by: Vec<(usize, usize)>,
}

impl Need<'_> {
    /// The choices that serve it: none unless the bundle grants it.
    pub(super) fn served_by(&self) -> &[(usize, usize)] {
        if self.granted { &self.met_by } else { &[] }
    }
}

impl Wanted {
    /// Whether `candidate` is a version of the wanted plugin, maybe one that will not do.
    pub(super) fn is_of(&self, candidate: &Candidate) -> bool {
        let named = match &self.plugin {
            PluginRef::Name(name) => candidate.manifest.name == *name,
            PluginRef::File(path) => candidate.path == *path,
        };
        named && self.source == candidate.source
    }

    /// Whether `candidate`, a version of the wanted plugin, will do.
    pub(super) fn accepts(&self, candidate: &Candidate) -> bool {
        self.version.matches(&candidate.manifest.version)
            && self.sha256.is_none_or(|pin| pin == candidate.sha256)
    }
}

impl<'a> Problem<'a> {
    pub(super) fn new(wanted: &'a [Wanted], candidates: &'a [Arc<Candidate>]) -> Result<Self, PlanError> {
        let counts = [
            ("modules", wanted.len(), MODULE_LIMIT),
            ("plugin files", candidates.len(), CANDIDATE_LIMIT),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                return Err(PlanError::TooMany { what, count, limit });
            }
        }
        let mut wanted: Vec<_> = wanted.iter().collect();
        wanted.sort_by(|a, b| a.module.cmp(&b.module));
        if let Some(twin) = wanted.windows(2).find(|pair| pair[0].module == pair[1].module) {
            return Err(PlanError::TwoModules {
                module: twin[0].module.clone(),
            });
        }
        let mut problem = Self {
            modules: Vec::new(),
            pairs: Vec::new(),
        };
        for wanted in wanted {
            let choices = choices(wanted, candidates);
            if choices.is_empty() {
                return Err(PlanError::no_plugin(wanted, candidates));
            }
            problem.modules.push(Module { wanted, choices });
        }
        problem.connect();
        Ok(problem)
    }

    /// Finds out who may serve whom.
    fn connect(&mut self) {
        let mut providers: HashMap<&'a str, Vec<_>> = HashMap::new();
        for (index, module) in self.modules.iter().enumerate() {
            for (choice, it) in module.choices.iter().enumerate() {
                for interface in &it.candidate.manifest.provides {
                    let entry = (index, choice, &interface.version);
                    providers.entry(&interface.id).or_default().push(entry);
                }
            }
        }
        for (index, module) in self.modules.iter_mut().enumerate() {
            let first = self.pairs.len();
            for choice in &mut module.choices {
                for required in choice
                    .candidate
                    .manifest
                    .requires
                    .iter()
                    .filter(|it| !it.optional)
                {
                    let known = self.pairs[first..]
                        .iter()
                        .position(|(_, id)| *id == required.interface);
                    let pair = known.map_or(self.pairs.len(), |at| first + at);
                    if known.is_none() {
                        self.pairs.push((index, &required.interface));
                    }
                    let all = providers.get(required.interface.as_str()).into_iter().flatten();
                    let fits = |it: &&(usize, usize, &semver::Version)| {
                        it.0 != index && required.version.matches(it.2)
                    };
                    choice.needs.push(Need {
                        interface: &required.interface,
                        requirement: &required.version,
                        pair,
                        granted: module.wanted.grants.allows(&required.interface),
                        met_by: all.filter(fits).map(|it| (it.0, it.1)).collect(),
                    });
                }
            }
        }
    }
}

fn choices<'a>(wanted: &Wanted, candidates: &'a [Arc<Candidate>]) -> Vec<Choice<'a>> {
    let fits = |candidate: &&Arc<Candidate>| wanted.is_of(candidate) && wanted.accepts(candidate);
    let mut found: Vec<_> = candidates.iter().filter(fits).collect();
    let key = |it: &Candidate| (it.sha256, it.path.clone());
    found.sort_by(|a, b| {
        b.manifest
            .version
            .cmp(&a.manifest.version)
            .then_with(|| key(a).cmp(&key(b)))
    });
    found.dedup_by_key(|candidate| candidate.sha256);
    found
        .into_iter()
        .map(|candidate| Choice {
            candidate,
            needs: Vec::new(),
        })
        .collect()
}
