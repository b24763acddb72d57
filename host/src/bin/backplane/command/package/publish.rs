//! `backplane publish`

use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable};
use backplane_package::{Publication, Registry, SecretKey};
use serde_json::json;
use std::path::PathBuf;

/// Put packages into a registry, and sign its index anew
///
/// A registry is a folder, which is made if it is not there. Any web server can give it out. A name in it belongs to the key whose package came first.
/// The index is only ever signed by one key.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane publish chat-0.1.0.bpkg --to /srv/registry --key registry.key")]
pub(crate) struct Publish {
    /// The packages, signed by their authors
    #[arg(required = true, value_name = "PACKAGE", value_hint = clap::ValueHint::FilePath)]
    packages: Vec<PathBuf>,
    /// The registry: a folder, or its file:// URL
    #[arg(long, value_name = "REGISTRY", value_hint = clap::ValueHint::DirPath)]
    to: String,
    /// The file with the secret key of the registry
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key: PathBuf,
}

impl Publish {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let key = SecretKey::read(&self.key)?;
        let registry = Registry::folder(&self.to)?;
        let mut publication = Publication::to(&registry)?;
        let mut new = 0;
        for package in &self.packages {
            new += usize::from(publication.add(package)?);
        }
        let serial = publication.publish(&key)?;
        let location = registry.location();
        if global.json {
            return print_json(&json!({ "registry": location, "serial": serial, "new": new }));
        }
        let published = format!("{new} new in {location}, whose index has the serial number {serial}");
        print(&printable(&published))
    }
}
