//! `backplane bindgen`

use crate::args::Global;
use crate::bundle::absolute;
use crate::exit::{Exit, Failure};
use crate::output::{print, print_json};
use backplane_bindgen::{File, Language, MARK, Sides, generate};
use backplane_descriptor::{Interface, nearest};
use backplane_host::library::inspect_foreign;
use backplane_plugin_api::MANIFEST_LIMIT;
use clap::ValueEnum;
use serde_json::json;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Make typed clients and server stubs from the schema of an interface, for Rust, C, Nim or TypeScript. Needs no host
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane bindgen chat.room-1.0.0.json --lang rust -o chat-room-api
  backplane bindgen chat.room-1.0.0.json --lang c --server -o generated
  backplane bindgen ./libchat_plugin.so --interface chat.room --lang typescript --client -o src

What is made for C and Nim stands on sdk/c and sdk/nim of Backplane; docs/bindgen.md has more.")]
pub(crate) struct Bindgen {
    /// A descriptor as JSON, or a plugin, which is not run
    #[arg(value_hint = clap::ValueHint::FilePath)]
    schema: PathBuf,
    /// The language
    #[arg(long, value_enum)]
    lang: Lang,
    /// Only what calls the interface
    #[arg(long, conflicts_with = "server")]
    client: bool,
    /// Only what provides it
    #[arg(long)]
    server: bool,
    /// Which interface of a plugin that provides several
    #[arg(long, value_name = "ID")]
    interface: Option<String>,
    /// The folder that the files are written to
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = clap::ValueHint::DirPath)]
    output: PathBuf,
    /// Replace files that were not made by this command, too
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    /// A contract crate
    Rust,
    /// Headers and sources for the helper library
    C,
    /// A module
    Nim,
    /// A client of the control socket
    Typescript,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::C => Self::C,
            Lang::Nim => Self::Nim,
            Lang::Typescript => Self::TypeScript,
        }
    }
}

impl Bindgen {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        let interface = self.read()?;
        let sides = Sides {
            client: !self.server,
            server: !self.client,
        };
        let files = generate(&interface, self.lang.into(), sides)
            .map_err(|error| Failure::failed(format!("{} {}: {error}", interface.id, interface.version)))?;
        // All or none: what is in the way is found before anything is written.
        let files = self.wanted(files)?;
        for (path, text) in &files {
            write(path, text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        }
        let paths: Vec<&PathBuf> = files.iter().map(|(path, _)| path).collect();
        if global.json {
            return print_json(
                &json!({ "interface": interface.id, "version": interface.version, "files": paths }),
            );
        }
        let lines: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        print(&lines.join("\n"))
    }

    fn read(&self) -> Result<Interface, Failure> {
        let name = || self.schema.display();
        if self.schema.extension().is_some_and(|it| it == "json") {
            if self.interface.is_some() {
                return Err(Failure::usage(
                    "--interface is for plugins: a descriptor is one interface",
                ));
            }
            let text = read_bounded(&self.schema)
                .map_err(|error| Failure::failed(format!("{}: {error}", name())))?;
            return Interface::parse(&text).map_err(|error| Failure::failed(format!("{}: {error}", name())));
        }
        let provided = inspect_foreign(&absolute(&self.schema)?)?.manifest.provides;
        let ids: Vec<&str> = provided.iter().map(|it| &*it.id).collect();
        let found = match (&self.interface, ids.len()) {
            (Some(id), _) => provided.iter().find(|it| it.id == *id),
            (None, 1) => provided.first(),
            (None, 0) => return Err(Failure::failed(format!("{} provides no interface", name()))),
            (None, _) => {
                let message = format!(
                    "{} provides {}; choose one with --interface",
                    name(),
                    ids.join(", ")
                );
                return Err(Failure::usage(message));
            }
        };
        found.cloned().ok_or_else(|| {
            let wanted = self.interface.as_deref().unwrap_or_default();
            let hint = nearest(wanted, ids.iter().copied());
            let hint = hint.map_or_else(String::new, |known| format!("; did you mean {known}?"));
            Failure::Because(
                Exit::Refused,
                format!("{} does not provide {wanted}{hint}", name()),
            )
        })
    }

    /// The files with their paths, without a `Cargo.toml` that is there: its owner has said where the SDK is.
    fn wanted(&self, files: Vec<File>) -> Result<Vec<(PathBuf, String)>, Failure> {
        let mut wanted = Vec::new();
        for File { path, text } in files {
            let manifest = path == "Cargo.toml";
            let path = self.output.join(path);
            match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::failed(format!("{}: {error}", path.display()))),
                Ok(_) if manifest && !self.force => continue,
                Ok(old) if !self.force && !is_ours(&old) => {
                    let message = "was not made by this command; move it away, or replace it with --force";
                    return Err(Failure::usage(format!("{} {message}", path.display())));
                }
                Ok(_) => {}
            }
            wanted.push((path, text));
        }
        Ok(wanted)
    }
}

fn is_ours(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(first).contains(MARK)
}

/// A descriptor is no larger than the manifest that it would stand in.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let limit = MANIFEST_LIMIT as u64;
    let mut text = Vec::new();
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::other(format!(
            "more than {limit} bytes, which is the limit of a schema"
        )));
    }
    Ok(text)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
