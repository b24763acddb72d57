//! `backplane verify`

use super::believe::BelieveArgs;
use super::{check_library, open};
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{fields, print, print_json};
use backplane_host::library::inspect_foreign;
use backplane_package::Package;
use serde_json::json;
use std::path::PathBuf;

/// Check a package: form, hashes, signature, and that its libraries are what it says. Nothing of it is run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane verify chat-0.1.0.bpkg
  backplane verify chat-0.1.0.bpkg --policy none      whoever has signed it")]
pub(crate) struct Verify {
    /// The package
    #[arg(value_hint = clap::ValueHint::FilePath)]
    package: PathBuf,
    #[command(flatten)]
    believe: BelieveArgs,
}

impl Verify {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let package = open(&self.package)?;
        check_libraries(&package)?;
        let what = self.package.display().to_string();
        let signer = self.believe.open()?.admit(package.signer(), &what)?;
        let manifest = package.manifest();
        let targets: Vec<&str> = manifest.targets().collect();
        let licenses: Vec<&str> = package.licenses().map(|(file, _)| file).collect();
        if global.json {
            return print_json(&json!({
                "file": self.package,
                "digest": package.digest(),
                "manifest": manifest,
                "targets": targets,
                "signer": package.signer(),
                "signed_by": signer,
            }));
        }
        let ids = |ids: Vec<String>| ids.join(", ");
        let mut shown = vec![
            ("package", what),
            ("plugin", format!("{} {}", manifest.name, manifest.version)),
            ("manifest", package.digest().to_string()),
            ("signed by", signer),
            ("targets", targets.join(", ")),
            ("licence", manifest.license.clone()),
            ("licences", licenses.join(", ")),
            (
                "provides",
                ids(manifest
                    .provides
                    .iter()
                    .map(|it| format!("{} {}", it.interface, it.version))
                    .collect()),
            ),
            (
                "requires",
                ids(manifest
                    .requires
                    .iter()
                    .map(|it| format!("{} {}", it.interface, it.version))
                    .collect()),
            ),
            (
                "subscribes",
                ids(manifest
                    .subscribes
                    .iter()
                    .map(|it| format!("{}.{} {}", it.interface, it.event, it.version))
                    .collect()),
            ),
        ];
        shown.retain(|(_, value)| !value.is_empty());
        print(&fields(&shown))
    }
}

/// Each library, put where it can be looked at.
fn check_libraries(package: &Package) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("the temporary folder: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    for target in package.manifest().targets() {
        let Some((file, bytes)) = package.library(target) else {
            continue;
        };
        let path = folder.path().join(file);
        std::fs::write(&path, bytes).map_err(failed)?;
        check_library(package, target, inspect_foreign(&path))?;
    }
    Ok(())
}
