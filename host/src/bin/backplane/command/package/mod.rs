//! The commands about packages: making them, believing them, installing them.

mod believe;
mod failure;
pub(crate) mod install;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod outdated;
pub(crate) mod pack;
pub(crate) mod publish;
mod registries;
pub(crate) mod remove;
pub(crate) mod sign;
pub(crate) mod verify;

use crate::exit::Failure;
use backplane_host::library::{Inspected, LibraryError};
use backplane_package::{Package, PackageError};
use std::path::Path;

/// Reads a package; what is wrong with it is said with the name of the file.
fn open(path: &Path) -> Result<Package, Failure> {
    Package::open(path).map_err(|error| match error {
        PackageError::File(error) => error.into(),
        error => Failure::failed(format!("{}: {error}", path.display())),
    })
}

/// A library says of itself what its package says, and is for the target that it stands under.
fn check_library(
    package: &Package,
    target: &str,
    inspected: Result<Inspected, LibraryError>,
) -> Result<(), Failure> {
    let inspected = inspected?;
    let problem = if inspected.manifest_json.as_bytes() != package.plugin_json() {
        "says other things of itself than the plugin.json of its package".to_owned()
    } else if inspected.target != target {
        format!("is for {}, not for {target}", inspected.target)
    } else {
        return Ok(());
    };
    let path = inspected.path.display();
    Err(Failure::failed(format!("the library {path} {problem}")))
}
