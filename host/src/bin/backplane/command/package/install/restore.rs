//! Putting right what the lock lists.

use super::super::believe::Belief;
use super::super::registries::Registries;
use super::apply::place;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json};
use crate::site::Site;
use backplane_package::{Allowed, Condition, Locked, Package};
use serde_json::json;

/// Fetches each package that is missing or changed from the registry that it came from: the very one that was
/// installed, or none.
pub(super) fn restore(
    site: &Site,
    belief: &Belief,
    registries: &Registries<'_>,
    dry_run: bool,
    global: &Global,
) -> Result<(), Failure> {
    let mut restored = Vec::new();
    for (name, locked) in &site.lock.packages {
        if site.store.condition(name, locked) == Condition::Intact {
            continue;
        }
        let title = format!("{name} {}", locked.version);
        belief.admit(locked.signer, &title)?;
        let (package, registry) = fetch(site, registries, name, locked)?;
        if !dry_run {
            let placed = place(site, &package, Some(registry))?;
            if placed != *locked {
                return Err(Failure::failed(format!("{title} is not what the lock lists")));
            }
        }
        restored.push(title);
    }
    if global.json {
        return print_json(&json!({ "restored": restored }));
    }
    match restored.is_empty() {
        true => print("all that the lock lists is installed"),
        false => print(&restored.join("\n")),
    }
}

fn fetch(
    site: &Site,
    registries: &Registries<'_>,
    name: &str,
    locked: &Locked,
) -> Result<(Package, String), Failure> {
    let title = format!("{name} {}", locked.version);
    let Some(registry) = &locked.registry else {
        return Err(Failure::failed(format!(
            "{title} was installed from a file: install that file again"
        )));
    };
    let registry = registries.at(registry)?;
    let index = registries.index(&registry, &mut site.lock.clone(), Allowed::default())?;
    let location = registry.location();
    let mut versions = index.index().versions(name);
    let Some(listed) = versions.find(|listed| listed.manifest.digest() == locked.manifest) else {
        return Err(Failure::failed(format!(
            "{location} has not the {title} that the lock lists"
        )));
    };
    let package = registry.package(&index, listed)?;
    match package.signer() == locked.signer {
        true => Ok((package, location)),
        false => Err(Failure::failed(format!(
            "{title} is signed by another key than the lock lists"
        ))),
    }
}
