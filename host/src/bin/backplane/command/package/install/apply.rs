//! Putting packages into their place.

use super::super::check_library;
use super::asked::Asked;
use super::resolve::Step;
use crate::exit::Failure;
use crate::site::Site;
use backplane_host::library::{host_target, inspect};
use backplane_package::{Locked, Package};

/// Packages that lie in their place, but that no lock knows yet.
#[derive(Default)]
pub(super) struct Placed {
    packages: Vec<(String, Locked)>,
}

impl Placed {
    /// Fetches, checks and unpacks every package; none, if one is refused.
    pub(super) fn all(site: &Site, asked: &Asked, steps: &[Step<'_>]) -> Result<Self, Failure> {
        let mut placed = Self::default();
        for step in steps {
            let one = asked
                .fetch(step.offer)
                .and_then(|(package, registry)| place(site, &package, registry));
            match one {
                Ok(locked) => placed.packages.push((step.offer.manifest.name.clone(), locked)),
                Err(failure) => {
                    placed.take_back(site);
                    return Err(failure);
                }
            }
        }
        Ok(placed)
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = (&str, &Locked)> {
        self.packages.iter().map(|(name, locked)| (name.as_str(), locked))
    }

    /// Removes what the lock does not know.
    pub(super) fn take_back(&self, site: &Site) {
        for (name, locked) in self.packages() {
            let known = site.lock.packages.get(name);
            if known.is_none_or(|known| known.version != locked.version) {
                // What stays behind is not used, and replaced by the next attempt.
                let _ = site.store.remove(name, &locked.version);
            }
        }
    }

    /// Writes the lock, and then removes what it replaces.
    pub(super) fn keep(self, site: &mut Site) -> Result<(), Failure> {
        let old = site.lock.clone();
        for (name, locked) in self.packages() {
            site.lock.insert(name, locked.clone());
        }
        if let Err(error) = site.save() {
            site.lock = old;
            self.take_back(site);
            return Err(error.into());
        }
        for (name, locked) in self.packages() {
            match old.packages.get(name) {
                Some(before) if before.version != locked.version => {
                    site.store.remove(name, &before.version)?
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Unpacks a package, and looks at its library without running it.
pub(super) fn place(site: &Site, package: &Package, registry: Option<String>) -> Result<Locked, Failure> {
    let target = host_target();
    let locked = site.store.place(package, &target, registry)?;
    let name = &package.manifest().name;
    let checked = check_library(package, &target, inspect(&site.store.library(name, &locked)));
    if let Err(failure) = checked {
        // As above.
        let _ = site.store.remove(name, &locked.version);
        return Err(failure);
    }
    Ok(locked)
}
