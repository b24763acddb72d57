//! `backplane list`

use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, table};
use crate::site::Site;
use backplane_package::Condition;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// List the packages that are installed beside a bundle, and whether they are still what was installed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane list
  backplane list --json | jq -r '.[] | select(.state != \"intact\").name'

The state is intact, missing or changed. What is missing or changed does not run; `backplane install` without a name
puts it right.")]
pub(crate) struct List {
    /// The bundle file. Without it: ./bundle.toml
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    bundle: Option<PathBuf>,
}

impl List {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let site = Site::open(self.bundle.as_deref())?;
        let mut rows = Vec::new();
        let mut found = Vec::new();
        for (name, locked) in &site.lock.packages {
            let state = match site.store.condition(name, locked) {
                Condition::Intact => "intact",
                Condition::Missing => "missing",
                Condition::Changed => "changed",
            };
            let modules = site.modules(name);
            let signer = locked.signer.map_or("nobody".to_owned(), |key| key.to_string());
            let source = locked.registry.clone().unwrap_or_else(|| "a file".to_owned());
            found.push(json!({
                "name": name,
                "version": locked.version,
                "state": state,
                "modules": modules,
                "signer": locked.signer,
                "registry": locked.registry,
                "manifest": locked.manifest,
                "sha256": locked.sha256,
                "library": site.store.library(name, locked),
            }));
            rows.push([
                name.clone(),
                locked.version.to_string(),
                state.to_owned(),
                modules.join(", "),
                source,
                signer,
            ]);
        }
        if global.json {
            return print_json(&Json::from(found));
        }
        let heads = ["NAME", "VERSION", "STATE", "MODULES", "FROM", "SIGNED BY"];
        print(&table(heads, &rows))
    }
}
