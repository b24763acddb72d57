//! Why there is no plan, as a person would say it.
//!
//! The explanation is a smallest set of requirements that cannot be met together: leaving out any one of them
//! would make the rest possible.

use super::assemble::{Member, assemble, options};
use super::error::{Offer, Offers, PlanError, Want};
use super::problem::{Need, Problem};
use super::search::{Outcome, Search};
use super::{Candidate, EXPLAIN_STEP_LIMIT};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Explains why `problem` has no solution.
pub(super) fn explain(problem: &Problem<'_>, candidates: &[Arc<Candidate>]) -> PlanError {
    let mut explanation = Explanation {
        problem,
        steps: EXPLAIN_STEP_LIMIT,
    };
    let all: Vec<usize> = (0..problem.pairs.len()).collect();
    if explanation.is_impossible(&all, false) {
        let pairs = explanation.smallest(all, false);
        return explanation.conflict(&pairs, candidates);
    }
    let pairs = explanation.smallest(all, true);
    match explanation.cycle(&pairs) {
        Some(error) => error,
        None => explanation.conflict(&pairs, candidates),
    }
}

struct Explanation<'p, 'a> {
    problem: &'p Problem<'a>,
    steps: usize,
}

impl<'a> Explanation<'_, 'a> {
    fn search(&mut self, pairs: &[usize], acyclic: bool) -> Outcome {
        let mut active = vec![false; self.problem.pairs.len()];
        for pair in pairs {
            active[*pair] = true;
        }
        Search {
            problem: self.problem,
            active: &active,
            acyclic,
            steps: &mut self.steps,
        }
        .run()
    }

    fn is_impossible(&mut self, pairs: &[usize], acyclic: bool) -> bool {
        matches!(self.search(pairs, acyclic), Outcome::None)
    }

    /// Leaves out whatever is not needed for `pairs` to be impossible: halves, then quarters, at last one by
    /// one. What cannot be decided within the steps stays in.
    fn smallest(&mut self, mut pairs: Vec<usize>, acyclic: bool) -> Vec<usize> {
        let mut size = pairs.len();
        while size > 1 {
            size = size.div_ceil(2);
            let mut at = 0;
            while at < pairs.len() {
                let end = (at + size).min(pairs.len());
                let rest = [&pairs[..at], &pairs[end..]].concat();
                if self.is_impossible(&rest, acyclic) {
                    pairs = rest;
                } else {
                    at = end;
                }
            }
        }
        pairs
    }

    fn conflict(&self, pairs: &[usize], candidates: &[Arc<Candidate>]) -> PlanError {
        let mut wants = Vec::new();
        let mut interfaces = BTreeSet::new();
        for pair in pairs {
            interfaces.insert(self.problem.pairs[*pair].1.to_owned());
            for (module, choice, need) in self.needs(*pair) {
                let member = self.member(module, choice);
                if let (false, Some((provider, _))) = (need.granted, need.met_by.first()) {
                    let want = Box::new(Want::of(&member, need.interface, need.requirement));
                    let provider = self.problem.modules[*provider].wanted.module.clone();
                    let line = member.grants.line_with(need.interface);
                    return PlanError::NotGranted { want, provider, line };
                }
                let twin = |want: &Want| {
                    want.module == member.name
                        && want.interface == need.interface
                        && want.requirement == *need.requirement
                };
                if !wants.iter().any(twin) {
                    wants.push(Want::of(&member, need.interface, need.requirement));
                }
            }
        }
        let asking: Vec<_> = pairs.iter().map(|pair| self.problem.pairs[*pair].0).collect();
        let offers = self.offers(interfaces, &asking, candidates);
        match (pairs, wants.first()) {
            ([_], Some(want)) => PlanError::Missing {
                want: Box::new(want.clone()),
                offers,
            },
            _ => PlanError::Conflict { wants, offers },
        }
    }

    /// The requirements behind `pair`, the highest version of the module first.
    fn needs(&self, pair: usize) -> impl Iterator<Item = (usize, usize, &Need<'a>)> {
        let (module, _) = self.problem.pairs[pair];
        let choices = self.problem.modules[module].choices.iter().enumerate();
        choices
            .flat_map(move |(choice, it)| it.needs.iter().map(move |need| (module, choice, need)))
            .filter(move |(_, _, need)| need.pair == pair)
    }

    fn member(&self, module: usize, choice: usize) -> Member<'_> {
        let module = &self.problem.modules[module];
        Member::of_wanted(module, module.choices[choice].candidate)
    }

    /// Who provides `interfaces`, apart from the only module that asks.
    fn offers(
        &self,
        interfaces: BTreeSet<String>,
        asking: &[usize],
        candidates: &[Arc<Candidate>],
    ) -> Offers {
        let mut offers = Vec::new();
        for candidate in candidates {
            let provided = candidate
                .manifest
                .provides
                .iter()
                .filter(|it| interfaces.contains(&it.id));
            for interface in provided {
                let offer = |module: Option<String>, but: Option<String>| Offer {
                    plugin: candidate.manifest.name.clone(),
                    version: candidate.manifest.version.clone(),
                    interface: interface.id.clone(),
                    provides: interface.version.clone(),
                    module,
                    but,
                };
                let users = self
                    .problem
                    .modules
                    .iter()
                    .enumerate()
                    .filter(|it| it.1.wanted.is_of(candidate));
                let users: Vec<_> = users.collect();
                if users.is_empty() {
                    let table = format!("[modules.{}]", candidate.manifest.name);
                    offers.push(offer(
                        None,
                        Some(format!("the bundle does not run it: add {table}")),
                    ));
                }
                for (_, user) in users.into_iter().filter(|(index, _)| asking != [*index]) {
                    let name = &user.wanted.module;
                    let used = user
                        .choices
                        .iter()
                        .any(|it| it.candidate.sha256 == candidate.sha256);
                    let pin = if user.wanted.version.matches(&candidate.manifest.version) {
                        format!("[modules.{name}] pins another sha256")
                    } else {
                        format!("[modules.{name}] wants version {}", user.wanted.version)
                    };
                    offers.push(offer(Some(name.clone()), (!used).then_some(pin)));
                }
            }
        }
        offers.sort_by(|a, b| {
            let key = |it: &Offer| (it.but.is_some(), it.interface.clone(), it.module.clone());
            key(a).cmp(&key(b)).then_with(|| b.version.cmp(&a.version))
        });
        offers.dedup();
        Offers {
            interfaces: interfaces.into_iter().collect(),
            offers,
        }
    }

    /// The cycle among `pairs`, which are possible if the order does not matter.
    fn cycle(&mut self, pairs: &[usize]) -> Option<PlanError> {
        let Outcome::Found(chosen) = self.search(pairs, false) else {
            return None;
        };
        let member = |(module, choice): (usize, &usize)| self.member(module, *choice);
        let members: Vec<_> = chosen.iter().enumerate().map(member).collect();
        let mut options = options(&members);
        for (module, edges) in options.iter_mut().enumerate() {
            for (edge, required) in edges.iter_mut().zip(&members[module].manifest.requires) {
                let counts = |pair: &usize| self.problem.pairs[*pair] == (module, &required.interface);
                if !pairs.iter().any(counts) {
                    edge.options.clear();
                }
            }
        }
        assemble(&members, options)
            .err()
            .map(|cycle| PlanError::cycle(&members, &cycle))
    }
}
