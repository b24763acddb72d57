//! The order in which modules start, and who serves whom where that decides about it.

/// A requirement of a module, as far as the order is concerned.
pub(super) struct Edge {
    pub(super) optional: bool,
    /// The modules that can serve it, the preferred one first.
    pub(super) options: Vec<usize>,
}

/// The order, and a provider for each requirement.
pub(super) struct Order {
    /// The modules in the order in which they start.
    pub(super) sequence: Vec<usize>,
    /// For each requirement of each module who serves it.
    pub(super) bound: Vec<Vec<Option<Bound>>>,
}

/// Who serves a requirement.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) provider: usize,
    /// Whether the provider starts later.
    pub(super) deferred: bool,
}

/// A cycle of requirements that are not optional: each module needs the next, the last one the first.
pub(super) type Cycle = Vec<usize>;

/// Starts every module as soon as those that serve it have started, the first by name first.
///
/// Where nothing can start, a cycle is broken: at a module that waits for optional requirements only, else at
/// one that a less preferred provider can serve. What has started stays started, so a cycle is reported only
/// if no choice of providers avoids it.
pub(super) fn order(modules: &[Vec<Edge>]) -> Result<Order, Cycle> {
    let bind = |edge: &Edge| {
        edge.options.first().map(|provider| Bound {
            provider: *provider,
            deferred: false,
        })
    };
    let mut state = State {
        modules,
        bound: modules
            .iter()
            .map(|edges| edges.iter().map(bind).collect())
            .collect(),
        started: vec![false; modules.len()],
    };
    let mut sequence = Vec::with_capacity(modules.len());
    while sequence.len() < modules.len() {
        let ready = state
            .waiting()
            .find(|module| state.pending(*module).next().is_none());
        let next = match ready {
            Some(ready) => ready,
            None => state.break_cycle()?,
        };
        state.started[next] = true;
        sequence.push(next);
    }
    Ok(Order {
        sequence,
        bound: state.bound,
    })
}

struct State<'a> {
    modules: &'a [Vec<Edge>],
    bound: Vec<Vec<Option<Bound>>>,
    started: Vec<bool>,
}

impl State<'_> {
    fn waiting(&self) -> impl Iterator<Item = usize> {
        (0..self.modules.len()).filter(|module| !self.started[*module])
    }

    /// The requirements that `module` waits for, each with its provider.
    fn pending(&self, module: usize) -> impl Iterator<Item = (usize, usize)> {
        let pending = |(edge, bound): (usize, &Option<Bound>)| {
            let bound = bound.filter(|it| !it.deferred && !self.started[it.provider])?;
            Some((edge, bound.provider))
        };
        self.bound[module].iter().enumerate().filter_map(pending)
    }

    /// Chooses a module that may start before what it waits for.
    fn break_cycle(&mut self) -> Result<usize, Cycle> {
        let innermost = self.innermost();
        let only_optional = |module: &usize| {
            self.pending(*module)
                .all(|(edge, _)| self.modules[*module][edge].optional)
        };
        let by_optional = innermost.iter().copied().find(only_optional);
        let by_other = || {
            innermost
                .iter()
                .copied()
                .chain(self.waiting())
                .find(|it| self.is_servable(*it))
        };
        let Some(module) = by_optional.or_else(by_other) else {
            return Err(self.cycle(&innermost));
        };
        let pending: Vec<_> = self.pending(module).collect();
        for (edge, provider) in pending {
            let Edge { optional, options } = &self.modules[module][edge];
            let started = options.iter().copied().find(|it| self.started[*it]);
            self.bound[module][edge] = match started {
                Some(provider) if !optional => Some(Bound {
                    provider,
                    deferred: false,
                }),
                _ => Some(Bound {
                    provider,
                    deferred: true,
                }),
            };
        }
        Ok(module)
    }

    /// Whether modules that have started can serve everything that is not optional.
    fn is_servable(&self, module: usize) -> bool {
        self.pending(module).all(|(edge, _)| {
            let Edge { optional, options } = &self.modules[module][edge];
            *optional || options.iter().any(|provider| self.started[*provider])
        })
    }

    /// The waiting modules that wait for nobody but modules that wait for them: those on a cycle that has
    /// no other before it.
    fn innermost(&self) -> Vec<usize> {
        let reach: Vec<Vec<bool>> = (0..self.modules.len()).map(|module| self.reach(module)).collect();
        let on_cycle = |module: &usize| {
            reach[*module]
                .iter()
                .enumerate()
                .all(|(other, reached)| !reached || reach[other][*module])
        };
        self.waiting().filter(on_cycle).collect()
    }

    /// The modules that `module` waits for, directly or not.
    fn reach(&self, module: usize) -> Vec<bool> {
        let mut reached = vec![false; self.modules.len()];
        let mut todo = vec![module];
        while let Some(module) = todo.pop() {
            if self.started[module] {
                continue;
            }
            for (_, provider) in self.pending(module) {
                if !std::mem::replace(&mut reached[provider], true) {
                    todo.push(provider);
                }
            }
        }
        reached
    }

    /// A cycle among `innermost`, none of which can be served by what has started.
    fn cycle(&self, innermost: &[usize]) -> Cycle {
        let mut chain: Vec<usize> = innermost.first().copied().into_iter().collect();
        while let Some(last) = chain.last() {
            let blocking = |(edge, _): &(usize, usize)| {
                let Edge { optional, options } = &self.modules[*last][*edge];
                !optional && !options.iter().any(|provider| self.started[*provider])
            };
            let Some((_, next)) = self.pending(*last).find(blocking) else {
                break;
            };
            if let Some(start) = chain.iter().position(|module| *module == next) {
                chain.drain(..start);
                break;
            }
            chain.push(next);
        }
        let first = chain
            .iter()
            .enumerate()
            .min_by_key(|(_, module)| **module)
            .map_or(0, |(at, _)| at);
        chain.rotate_left(first);
        chain
    }
}
