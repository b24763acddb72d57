//! `backplane new`

mod bundled;
mod name;
mod sdk;
mod template;

use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable};
use clap::ValueEnum;
use sdk::Sdk;
use serde_json::json;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Make the folder of a new plugin, which builds, has tests, and runs
///
/// The folder gets the plugin, a test, a bundle, a licence, a CI file and a README with the commands that follow. A plugin
/// in C or Nim gets the SDK as files of its own, unless --sdk says where it is; one in Rust depends on the crates in
/// Backplane's source.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane new weather
  backplane new weather --lang c
  backplane new weather --lang nim --json
  backplane new weather --sdk ../src/backplane

In Rust, the source of Backplane is looked for in ./backplane and around this program, unless --sdk names it.
NAME is the name of the plugin and of the folder: lower-case letters, digits and '-', beginning with a letter.")]
pub(crate) struct New {
    /// The name of the plugin
    name: String,
    /// The language
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    lang: Language,
    /// The source of Backplane, in which the SDK is
    #[arg(long, value_name = "DIR", env = "BACKPLANE_SDK", value_hint = clap::ValueHint::DirPath)]
    sdk: Option<PathBuf>,
}

/// What a plugin can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    Rust,
    C,
    Nim,
}

impl Language {
    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Nim => "nim",
        }
    }
}

impl New {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        name::check(&self.name, self.lang)?;
        let sdk = Sdk::find(self.lang, self.sdk.as_deref())?;
        let folder = Path::new(&self.name);
        let files = template::files(self.lang, &self.name, &sdk);
        fs::create_dir(folder).map_err(|error| not_made(folder, &error))?;
        for (path, text) in &files {
            write(&folder.join(path), text)?;
        }
        if global.json {
            let paths: Vec<&str> = files.iter().map(|(path, _)| &**path).collect();
            return print_json(&json!({
                "name": self.name,
                "language": self.lang.name(),
                "folder": folder,
                "sdk": sdk.path(),
                "files": paths,
            }));
        }
        print(&self.told(&sdk, files.len()))
    }

    /// What is said to people, with what to do next.
    fn told(&self, sdk: &Sdk, files: usize) -> String {
        let name = &self.name;
        let sdk = match sdk {
            Sdk::Inside => format!("the SDK is among them, in {name}/backplane"),
            Sdk::At(path) => {
                let path = printable(&path.display().to_string());
                format!("the SDK is in {path}, as seen from there")
            }
        };
        let build = match self.lang {
            Language::Rust => "cargo build && cargo test",
            Language::C => "make && make test",
            Language::Nim => "nim c plugin.nim && nim c -r test_plugin.nim",
        };
        format!(
            "{name} has {files} files; {sdk}\n\n  cd {name}\n  {build}\n\nREADME.md there says how to run, pack, sign and install it\n"
        )
    }
}

fn not_made(folder: &Path, error: &std::io::Error) -> Failure {
    let name = folder.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "{name} is there already, and nothing in it is touched: choose another name, or another folder to run this in"
        )),
        _ => Failure::failed(format!("the folder {name} cannot be made: {error}")),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}
