//! `backplane pack`

use crate::args::Global;
use crate::exit::Failure;
use crate::output::{fields, print, print_json};
use backplane_host::library::{Inspected, inspect_foreign};
use backplane_package::{Content, Digest, EXTENSION, Package, write_whole};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Make a package of a plugin: its library for each target, its manifest and its licences, in one file
///
/// The manifest is read from the libraries, which are not run. The same files always give the same package, to the
/// byte.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane pack ./libchat_plugin.so --license LICENSE-MIT --license LICENSE-APACHE
  backplane pack x86_64/libchat_plugin.so aarch64/libchat_plugin.so -o chat.bpkg")]
pub(crate) struct Pack {
    /// The library of the plugin, once for each target
    #[arg(required = true, value_name = "LIBRARY", value_hint = clap::ValueHint::FilePath)]
    libraries: Vec<PathBuf>,
    /// A file with a licence; may be there several times
    #[arg(long = "license", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    licenses: Vec<PathBuf>,
    /// The package. Without it: NAME-VERSION.bpkg in the current folder
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl Pack {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let package = self.package()?;
        let manifest = package.manifest();
        let output = self
            .output
            .unwrap_or_else(|| format!("{}-{}.{EXTENSION}", manifest.name, manifest.version).into());
        let bytes = package.to_bytes()?;
        write_whole(&output, &bytes)?;
        let targets: Vec<&str> = manifest.targets().collect();
        let digest = package.digest().to_string();
        if global.json {
            return print_json(&json!({
                "file": output,
                "size": bytes.len(),
                "name": manifest.name,
                "version": manifest.version,
                "manifest": digest,
                "targets": targets,
            }));
        }
        print(&fields(&[
            ("package", output.display().to_string()),
            ("plugin", format!("{} {}", manifest.name, manifest.version)),
            ("targets", targets.join(", ")),
            ("size", format!("{} bytes", bytes.len())),
            ("manifest", digest),
        ]))
    }

    fn package(&self) -> Result<Package, Failure> {
        let mut files = Vec::new();
        let mut first: Option<Inspected> = None;
        for path in &self.libraries {
            let inspected = inspect_foreign(path)?;
            let bytes = read(path)?;
            if Digest::of(&bytes).0 != inspected.sha256 {
                let message = format!("{} has changed while it was read", path.display());
                return Err(Failure::failed(message));
            }
            files.push(Content::library(&inspected.target, &file_name(path), bytes));
            match &first {
                Some(first) if first.manifest_json != inspected.manifest_json => {
                    return Err(Failure::failed(format!(
                        "{} says other things of itself than {}: a package holds one plugin",
                        path.display(),
                        first.path.display()
                    )));
                }
                Some(_) => {}
                None => first = Some(inspected),
            }
        }
        for path in &self.licenses {
            files.push(Content::license(&file_name(path), read(path)?));
        }
        let plugin = first.map(|first| first.manifest_json).unwrap_or_default();
        Ok(Package::new(plugin.into_bytes(), files)?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
