//! What is told about an installation.

use super::resolve::Step;
use crate::command::swap::line;
use crate::exit::Failure;
use crate::output::{print, print_json, table};
use crate::site::Site;
use backplane_package::Manifest;
use serde_json::{Value as Json, json};

/// What is installed, or would be, and which modules have gone over to it.
pub(super) fn steps(site: &Site, steps: &[Step<'_>], swapped: &[Json], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let packages: Vec<Json> = steps.iter().map(|step| to_json(site, step)).collect();
        return print_json(&json!({ "packages": packages, "swapped": swapped }));
    }
    if steps.is_empty() {
        return print("all of it is installed already");
    }
    let row = |step: &Step<'_>| {
        let manifest = &step.offer.manifest;
        [
            manifest.name.clone(),
            step.from.as_ref().map_or("-".to_owned(), ToString::to_string),
            manifest.version.to_string(),
            step.signed_by.clone(),
            step.origin.clone(),
        ]
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    let mut shown = table(["PACKAGE", "INSTALLED", "NOW", "SIGNED BY", "FROM"], &rows);
    for report in swapped {
        shown += &format!("\n{}", line(report));
    }
    for step in steps {
        shown += &module_hint(site, step);
    }
    print(&shown)
}

fn to_json(site: &Site, step: &Step<'_>) -> Json {
    let manifest = &step.offer.manifest;
    json!({
        "name": manifest.name,
        "from": step.from,
        "to": manifest.version,
        "manifest": manifest.digest(),
        "signer": step.offer.signer,
        "signed_by": step.signed_by,
        "origin": step.origin,
        "modules": site.modules(&manifest.name),
    })
}

/// The table of a module that is not in the bundle yet. What it may call and hear is for a person to say.
fn module_hint(site: &Site, step: &Step<'_>) -> String {
    let manifest = &step.offer.manifest;
    let name = &manifest.name;
    if !site.modules(name).is_empty() {
        return String::new();
    }
    let grants = match grants(manifest) {
        none if none.is_empty() => String::new(),
        grants => format!("grants = [{}]\n", grants.join(", ")),
    };
    let file = site.file.display();
    format!(
        "\n{name} is no module of {file} yet. With all that it calls and hears, it is this table:\n\n[modules.{name}]\n{grants}"
    )
}

/// The grants that a plugin needs for all that it asks for, as they stand in a bundle.
fn grants(manifest: &Manifest) -> Vec<String> {
    let calls = manifest.requires.iter().map(|it| it.interface.clone());
    let mut grants: Vec<String> = calls.collect();
    for heard in &manifest.subscribes {
        let event = format!("{}.{}", heard.interface, heard.event);
        // Who is granted an interface hears its events.
        if !grants.contains(&heard.interface) && !grants.contains(&event) {
            grants.push(event);
        }
    }
    grants.iter().map(|it| format!("{it:?}")).collect()
}
