//! `backplane sign`

use super::open;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable};
use backplane_package::{SecretKey, write_whole};
use serde_json::json;
use std::path::PathBuf;

/// Sign a package with your secret key
///
/// The signature goes into the package. It covers everything in it, and stays valid however it is compressed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane sign chat-0.1.0.bpkg --key author.key")]
pub(crate) struct Sign {
    /// The package
    #[arg(value_hint = clap::ValueHint::FilePath)]
    package: PathBuf,
    /// The file with your secret key, as `backplane key new` makes it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key: PathBuf,
}

impl Sign {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let key = SecretKey::read(&self.key)?;
        let mut package = open(&self.package)?;
        package.sign(&key)?;
        write_whole(&self.package, &package.to_bytes()?)?;
        let public = key.public().to_string();
        if global.json {
            return print_json(&json!({ "file": self.package, "signer": public }));
        }
        let signed = format!("{} is signed by the key {public}", self.package.display());
        print(&printable(&signed))
    }
}
