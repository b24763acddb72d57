//! `backplane remove`

use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json};
use crate::site::Site;
use serde_json::json;
use std::path::PathBuf;

/// Take an installed package away
///
/// Its name still belongs to the key that it was signed with.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane remove chat")]
pub(crate) struct Remove {
    /// The package
    name: String,
    /// Also when a module of the bundle is this plugin
    #[arg(long)]
    force: bool,
    /// The bundle file. Without it: ./bundle.toml
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    bundle: Option<PathBuf>,
}

impl Remove {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut site = Site::open(self.bundle.as_deref())?;
        let _guard = site.store.guard()?;
        let name = self.name;
        let Some(locked) = site.lock.packages.remove(&name) else {
            return Err(Failure::failed(format!(
                "no package {name:?} is installed; `backplane list` lists those that are"
            )));
        };
        if let [module, ..] = *site.modules(&name)
            && !self.force
        {
            return Err(Failure::failed(format!(
                "the module {module} of {} is this plugin: take [modules.{module}] out of it first, or use --force",
                site.file.display()
            )));
        }
        // First the lock: what it does not know does not run.
        site.save()?;
        site.store.remove(&name, &locked.version)?;
        if global.json {
            return print_json(&json!({ "name": name, "version": locked.version }));
        }
        print(&format!("{name} {} is removed", locked.version))
    }
}
