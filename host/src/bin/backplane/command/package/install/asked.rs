//! What is asked for, and what there is for it.

use super::super::open;
use super::super::registries::Registries;
use crate::exit::Failure;
use crate::site::Site;
use backplane_descriptor::is_module_name;
use backplane_host::library::host_target;
use backplane_host::plan::{Candidate, Source};
use backplane_package::{
    Allowed, EXTENSION, Listed, Manifest, Package, PublicKey, Registry, SignedIndex, StoreError,
};
use semver::VersionReq;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is asked for, and what there is for it.
pub(super) struct Asked {
    /// Which versions of each package will do.
    pub(super) packages: BTreeMap<String, VersionReq>,
    pub(super) offers: Vec<Offer>,
    registries: Vec<(Registry, SignedIndex)>,
}

/// A package that could be installed.
pub(super) struct Offer {
    pub(super) manifest: Manifest,
    /// Who has signed it, or must have.
    pub(super) signer: Option<PublicKey>,
    origin: Origin,
}

/// Where a package comes from.
enum Origin {
    File(Box<Package>),
    /// The number of its registry, and what the index says.
    Registry(usize, Box<Listed>),
}

impl Asked {
    /// Reads the packages that are files, and the indexes of the registries that have the others.
    pub(super) fn gather(
        site: &mut Site,
        registries: &Registries<'_>,
        packages: &[String],
        registry: Option<&str>,
        allowed: Allowed,
    ) -> Result<Self, Failure> {
        let mut asked = Self {
            packages: BTreeMap::new(),
            offers: Vec::new(),
            registries: Vec::new(),
        };
        for text in packages.iter().map(String::as_str) {
            if text.contains('/') || text.ends_with(&format!(".{EXTENSION}")) {
                asked.add_file(Path::new(text))?;
                continue;
            }
            let (name, versions) = text.split_once('@').unwrap_or((text, "*"));
            if !is_module_name(name) {
                return Err(Failure::usage(format!(
                    "{name:?} is not the name of a package; write a file with its folder, as in ./FILE"
                )));
            }
            let versions =
                VersionReq::parse(versions).map_err(|error| Failure::usage(format!("{text:?}: {error}")))?;
            asked.add_wish(name, versions)?;
            let known = site.lock.packages.get(name).and_then(|it| it.registry.clone());
            let Some(location) = registry.map(str::to_owned).or(known) else {
                return Err(Failure::usage(format!(
                    "{name} is not installed from a registry: name one with --registry"
                )));
            };
            let number = asked.registry(site, registries, &location, allowed)?;
            asked.add_listed(number, name)?;
        }
        asked.check_target()?;
        Ok(asked)
    }

    /// There is something for this machine of each package.
    fn check_target(&self) -> Result<(), Failure> {
        let target = host_target();
        for name in self.packages.keys() {
            let mut offers = self.offers.iter().filter(|it| it.manifest.name == *name);
            let is_for_us = |offer: &Offer| offer.manifest.library(&target).is_some();
            if offers.clone().any(is_for_us) {
                continue;
            }
            if let Some(Offer { manifest, .. }) = offers.next_back() {
                return Err(Failure::from(StoreError::NoTarget {
                    name: name.clone(),
                    version: manifest.version.clone(),
                    target,
                    targets: manifest.targets().map(str::to_owned).collect(),
                }));
            }
        }
        Ok(())
    }

    fn add_wish(&mut self, name: &str, versions: VersionReq) -> Result<(), Failure> {
        match self.packages.insert(name.to_owned(), versions) {
            None => Ok(()),
            Some(_) => Err(Failure::usage(format!("{name} is asked for twice"))),
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        let package = open(path)?;
        self.add_wish(&package.manifest().name, VersionReq::STAR)?;
        self.offers.push(Offer {
            manifest: package.manifest().clone(),
            signer: package.signer(),
            origin: Origin::File(Box::new(package)),
        });
        Ok(())
    }

    /// The number of the registry at `location`, whose index is read once.
    fn registry(
        &mut self,
        site: &mut Site,
        registries: &Registries<'_>,
        location: &str,
        allowed: Allowed,
    ) -> Result<usize, Failure> {
        let registry = registries.at(location)?;
        let location = registry.location();
        let known = self
            .registries
            .iter()
            .position(|(it, _)| it.location() == location);
        if let Some(number) = known {
            return Ok(number);
        }
        let index = registries.index(&registry, &mut site.lock, allowed)?;
        self.registries.push((registry, index));
        Ok(self.registries.len() - 1)
    }

    fn add_listed(&mut self, number: usize, name: &str) -> Result<(), Failure> {
        let (registry, index) = &self.registries[number];
        let index = index.index();
        let signer = index.owners.get(name).copied();
        let found = index.versions(name).map(|listed| Offer {
            manifest: listed.manifest.clone(),
            signer,
            origin: Origin::Registry(number, Box::new(listed.clone())),
        });
        let before = self.offers.len();
        self.offers.extend(found);
        if self.offers.len() > before {
            return Ok(());
        }
        let names = index.packages.iter().map(|it| it.manifest.name.as_str());
        let nearest = backplane_descriptor::nearest(name, names);
        let nearest = nearest.map(|name| format!("; did you mean {name:?}?"));
        Err(Failure::failed(format!(
            "{} has no package {name:?}{}",
            registry.location(),
            nearest.unwrap_or_default()
        )))
    }

    /// The offers that this machine can run, as the plan sees them.
    pub(super) fn candidates(&self) -> Vec<Arc<Candidate>> {
        let target = host_target();
        let candidate = |offer: &Offer| {
            let (_, library) = offer.manifest.library(&target)?;
            Some(Arc::new(Candidate {
                path: offer.path(),
                sha256: library.sha256,
                source: Source::File,
                manifest: offer.manifest.outline(),
            }))
        };
        self.offers.iter().filter_map(candidate).collect()
    }

    /// The whole package of an offer, and the registry that it comes from.
    pub(super) fn fetch(&self, offer: &Offer) -> Result<(Package, Option<String>), Failure> {
        match &offer.origin {
            Origin::File(package) => Ok((Package::clone(package), None)),
            Origin::Registry(number, listed) => {
                let (registry, index) = &self.registries[*number];
                Ok((registry.package(index, listed)?, Some(registry.location())))
            }
        }
    }

    /// Where an offer comes from, for people.
    pub(super) fn origin(&self, offer: &Offer) -> String {
        match &offer.origin {
            Origin::File(_) => "a file".to_owned(),
            Origin::Registry(number, _) => self.registries[*number].0.location(),
        }
    }
}

impl Offer {
    /// What tells it from other candidates; no such file need be there.
    pub(super) fn path(&self) -> PathBuf {
        format!("{}-{}.{EXTENSION}", self.manifest.name, self.manifest.version).into()
    }

    /// Name and version, for people.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.manifest.name, self.manifest.version)
    }
}
