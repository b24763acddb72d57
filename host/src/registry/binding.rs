//! What a caller has resolved: an interface in a slot, once, and across the generations of the slot.

use crate::bundle::Access;
use crate::registry::{Generation, Slot};
use backplane_descriptor::Method;
use semver::VersionReq;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Set in what is remembered of a generation where each call has to be looked at.
const WATCHED: u64 = 1 << 31;
/// How many words hold one bit for each method that an interface can have.
const WORDS: usize = 16;

/// An interface that a caller has bound.
pub(crate) struct Binding {
    pub(crate) slot: Arc<Slot>,
    pub(crate) interface: String,
    pub(crate) version: VersionReq,
    /// The generation that was asked last, and the number of the interface in it.
    cached: AtomicU64,
    /// Where not all methods may be called: those that may.
    only: Option<Box<Only>>,
}

/// Where a bound interface is in a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the interface.
    pub(crate) interface: u32,
    /// Whether each call has to be looked at: because not all methods are granted, or because some are sensitive.
    pub(crate) watched: bool,
}

/// The methods that may be called.
struct Only {
    names: Vec<String>,
    /// One bit for each method, as the generation that was asked last numbers them.
    ///
    /// Whoever writes or reads them is inside the slot, and a generation is exchanged while nobody is: so all of them
    /// are in the same generation, and those that write at the same time write the same.
    bits: [AtomicU64; WORDS],
}

impl Binding {
    /// A binding through which `access` may be had.
    pub(crate) fn new(slot: Arc<Slot>, interface: String, version: VersionReq, access: Access) -> Self {
        let only = |names| {
            Box::new(Only {
                names,
                bits: Default::default(),
            })
        };
        Self {
            slot,
            interface,
            version,
            cached: AtomicU64::new(0),
            only: match access {
                Access::Everything => None,
                Access::Only(names) => Some(only(names)),
                Access::Nothing => Some(only(Vec::new())),
            },
        }
    }

    /// Where the interface is in `generation`, if it still has a version that fits. Only from inside the slot.
    pub(crate) fn place_in(&self, generation: &Generation) -> Option<Place> {
        let mut cached = self.cached.load(Ordering::Acquire);
        if (cached >> 32) as u32 != generation.number {
            cached = self.look_up(generation)?;
        }
        Some(Place {
            interface: (cached & (WATCHED - 1)) as u32,
            watched: cached & WATCHED != 0,
        })
    }

    #[cold]
    fn look_up(&self, generation: &Generation) -> Option<u64> {
        let index = generation.interface(&self.interface, &self.version)?;
        let described = generation.plugin.manifest().provides.get(index as usize);
        let methods = described.map_or(&[][..], |it| &it.methods);
        if let Some(only) = &self.only {
            only.learn(methods);
        }
        let watched = self.only.is_some() || methods.iter().any(|it| it.sensitive);
        let mark = if watched { WATCHED } else { 0 };
        let found = u64::from(generation.number) << 32 | mark | u64::from(index);
        // Whoever sees it sees the bits, too.
        self.cached.store(found, Ordering::Release);
        Some(found)
    }

    /// Whether the method may be called, as the generation numbers it that [`Binding::place_in`] was asked for.
    pub(crate) fn may_call(&self, method: u32) -> bool {
        let Some(only) = &self.only else { return true };
        let word = only.bits.get(method as usize / 64);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (method % 64) & 1 == 1)
    }
}

impl Only {
    fn learn(&self, methods: &[Method]) {
        for (word, methods) in self
            .bits
            .iter()
            .zip(methods.chunks(64).chain(std::iter::repeat(&[][..])))
        {
            let granted = methods
                .iter()
                .enumerate()
                .filter(|(_, it)| self.names.contains(&it.name));
            word.store(granted.fold(0, |bits, (at, _)| bits | 1 << at), Ordering::Relaxed);
        }
    }
}
