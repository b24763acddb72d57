//! The search: backtracking over the choices, with propagation after each.

use super::problem::{Choice, Problem};

/// A search for one choice per module that meets every active requirement.
pub(super) struct Search<'s, 'a> {
    pub(super) problem: &'s Problem<'a>,
    /// Which of the problem's pairs count.
    pub(super) active: &'s [bool],
    /// Whether there must be an order in which every module starts after one that serves it.
    pub(super) acyclic: bool,
    /// How many more choices may be tried.
    pub(super) steps: &'s mut usize,
}

/// How a search ended.
pub(super) enum Outcome {
    /// A choice for each module.
    Found(Vec<usize>),
    /// There is none.
    None,
    /// The steps are used up.
    OutOfSteps,
}

/// Which choices of each module are still open.
type Open = Vec<Vec<bool>>;

impl Search<'_, '_> {
    pub(super) fn run(&mut self) -> Outcome {
        let open = self
            .problem
            .modules
            .iter()
            .map(|module| vec![true; module.choices.len()])
            .collect();
        self.descend(open)
    }

    /// Recurses once per module at most.
    fn descend(&mut self, mut open: Open) -> Outcome {
        let Some(steps) = self.steps.checked_sub(1) else {
            return Outcome::OutOfSteps;
        };
        *self.steps = steps;
        if !self.propagate(&mut open) {
            return Outcome::None;
        }
        let undecided = open.iter().position(|choices| count(choices) > 1);
        let Some(module) = undecided else {
            let first = |choices: &Vec<bool>| choices.iter().position(|open| *open).unwrap_or(0);
            return Outcome::Found(open.iter().map(first).collect());
        };
        for choice in 0..open[module].len() {
            if !open[module][choice] {
                continue;
            }
            let mut next = open.clone();
            next[module].fill(false);
            next[module][choice] = true;
            match self.descend(next) {
                Outcome::None => {}
                outcome => return outcome,
            }
        }
        Outcome::None
    }

    /// Closes choices that cannot be part of a solution. `false`: there is none.
    fn propagate(&self, open: &mut Open) -> bool {
        loop {
            let mut changed = false;
            for module in 0..open.len() {
                changed |= self.close_unserved(open, module);
                if count(&open[module]) == 0 {
                    return false;
                }
                changed |= self.commit_providers(open, module);
            }
            if !changed {
                return !self.acyclic || self.can_all_start(open);
            }
        }
    }

    fn close_unserved(&self, open: &mut Open, module: usize) -> bool {
        let mut changed = false;
        for (choice, it) in self.problem.modules[module].choices.iter().enumerate() {
            if open[module][choice] && !self.is_served(it, |(p, k)| open[p][k]) {
                open[module][choice] = false;
                changed = true;
            }
        }
        changed
    }

    fn is_served(&self, choice: &Choice<'_>, by: impl Fn((usize, usize)) -> bool) -> bool {
        let mut needs = choice.needs.iter().filter(|need| self.active[need.pair]);
        needs.all(|need| need.served_by().iter().any(|provider| by(*provider)))
    }

    /// Where a decided module can be served by one module only, that one must be a version that serves it.
    fn commit_providers(&self, open: &mut Open, module: usize) -> bool {
        if count(&open[module]) != 1 {
            return false;
        }
        let Some(choice) = open[module].iter().position(|open| *open) else {
            return false;
        };
        let mut changed = false;
        for need in self.problem.modules[module].choices[choice].needs.iter() {
            if !self.active[need.pair] {
                continue;
            }
            let mut able = need
                .served_by()
                .iter()
                .filter(|(p, k)| open[*p][*k])
                .map(|(p, _)| *p);
            let Some(only) = able.next() else { continue };
            if able.any(|other| other != only) {
                continue;
            }
            for version in 0..open[only].len() {
                if open[only][version] && !need.served_by().contains(&(only, version)) {
                    open[only][version] = false;
                    changed = true;
                }
            }
        }
        changed
    }

    /// Whether every module could start after one that serves it, if each could be all its open choices at
    /// once. Exact when every module is decided.
    fn can_all_start(&self, open: &Open) -> bool {
        let mut started = vec![false; open.len()];
        loop {
            let mut changed = false;
            for (index, module) in self.problem.modules.iter().enumerate() {
                let ready = |(choice, it): (usize, &Choice<'_>)| {
                    open[index][choice] && self.is_served(it, |(p, k)| open[p][k] && started[p])
                };
                if !started[index] && module.choices.iter().enumerate().any(ready) {
                    started[index] = true;
                    changed = true;
                }
            }
            if !changed {
                return started.iter().all(|started| *started);
            }
        }
    }
}

fn count(choices: &[bool]) -> usize {
    choices.iter().filter(|open| **open).count()
}
