//! `backplane outdated`

use super::believe::BelieveArgs;
use super::registries::WebArgs;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, table};
use crate::site::Site;
use backplane_package::{Allowed, Listed, SignedIndex};
use semver::{Version, VersionReq};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// List the installed packages of which their registry has a newer version
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane outdated
  backplane install $(backplane outdated --json | jq -r '.[].name')     brings them up to date

FITS is the highest version that the bundle admits, NEWEST the highest of all. Packages that were installed from a file
are not asked for.")]
pub(crate) struct Outdated {
    /// The bundle file. Without it: ./bundle.toml
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    believe: BelieveArgs,
    #[command(flatten)]
    web: WebArgs,
}

impl Outdated {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut site = Site::open(self.bundle.as_deref())?;
        let belief = self.believe.open()?;
        let registries = self.web.open(&belief)?;
        let mut indexes: BTreeMap<String, SignedIndex> = BTreeMap::new();
        let (mut rows, mut found) = (Vec::new(), Vec::new());
        for (name, locked) in site.lock.packages.clone() {
            let Some(registry) = &locked.registry else {
                continue;
            };
            if !indexes.contains_key(registry) {
                // What was seen is not written down: nothing was installed from it.
                let index =
                    registries.index(&registries.at(registry)?, &mut site.lock, Allowed::default())?;
                indexes.insert(registry.clone(), index);
            }
            let versions = indexes[registry].index().versions(&name);
            let Some((fits, newest)) = newer(versions, &locked.version, &requirements(&site, &name)) else {
                continue;
            };
            let fits = fits.map(Version::to_string);
            found.push(json!({
                "name": name,
                "installed": locked.version,
                "fits": fits,
                "newest": newest,
                "registry": registry,
            }));
            rows.push([
                name,
                locked.version.to_string(),
                fits.unwrap_or_default(),
                newest.to_string(),
                registry.clone(),
            ]);
        }
        if global.json {
            return print_json(&Json::from(found));
        }
        print(&table(["NAME", "INSTALLED", "FITS", "NEWEST", "FROM"], &rows))
    }
}

/// What the modules of the bundle that are this plugin ask for.
fn requirements(site: &Site, name: &str) -> Vec<VersionReq> {
    let modules = site.modules(name).into_iter();
    modules
        .filter_map(|module| Some(site.bundle.modules.get(module)?.version.clone()))
        .collect()
}

/// The highest version above `installed` that all `requirements` admit, if there is one, and the highest of all; `None`
/// if none is above.
fn newer<'a>(
    versions: impl Iterator<Item = &'a Listed>,
    installed: &Version,
    requirements: &[VersionReq],
) -> Option<(Option<&'a Version>, &'a Version)> {
    let versions = versions.map(|it| &it.manifest.version);
    let above: Vec<&Version> = versions.filter(|version| *version > installed).collect();
    // A version before its release is for those who ask for it by name.
    let admitted = |version: &Version| match requirements {
        [] => version.pre.is_empty(),
        all => all.iter().all(|it| it.matches(version)),
    };
    let fits = above.iter().copied().filter(|version| admitted(version)).max();
    Some((fits, above.iter().copied().max()?))
}
