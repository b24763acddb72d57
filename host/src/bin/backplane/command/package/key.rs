//! `backplane key`: making keys, and saying whom one believes.

use super::believe::KeyringArgs;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, table};
use backplane_package::{PublicKey, SecretKey, write_whole};
use clap::Subcommand;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Make a key to sign packages with, or say whose packages you believe
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane key new author.key
  backplane key trust alice alice.key.pub
  backplane key list")]
pub(crate) struct Key {
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    Trust(Trust),
    List(List),
}

/// Make a key: the secret one in FILE, which you alone can read, and the public one in FILE.pub
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane key new author.key")]
struct New {
    /// The file of the secret key, which must not exist
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

/// Take a public key into the keyring
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane key trust alice alice.key.pub
  backplane key trust alice d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")]
struct Trust {
    /// How you call it: lower-case letters, digits, '.', '_' and '-'
    name: String,
    /// The file of the public key, or the key itself
    #[arg(value_name = "KEY|FILE", value_hint = clap::ValueHint::FilePath)]
    key: String,
    #[command(flatten)]
    keyring: KeyringArgs,
}

/// List the keys of the keyring
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane key list")]
struct List {
    #[command(flatten)]
    keyring: KeyringArgs,
}

impl Key {
    pub(crate) fn execute(self, global: &Global) -> Result<(), Failure> {
        match self.command {
            Command::New(new) => new.execute(global),
            Command::Trust(trust) => trust.execute(global),
            Command::List(list) => list.execute(global),
        }
    }
}

impl New {
    fn execute(self, global: &Global) -> Result<(), Failure> {
        let public = SecretKey::create(&self.file)?.public();
        let mut beside = self.file.clone().into_os_string();
        beside.push(".pub");
        write_whole(Path::new(&beside), public.to_text().as_bytes())?;
        if global.json {
            return print_json(&json!({ "secret": self.file, "public": Path::new(&beside), "key": public }));
        }
        let made = format!(
            "{}, which nobody but you must have, signs as the key in {}:\n{public}",
            printable(&self.file.display().to_string()),
            printable(&Path::new(&beside).display().to_string()),
        );
        print(&made)
    }
}

impl Trust {
    fn execute(self, global: &Global) -> Result<(), Failure> {
        let key = match self.key.parse() {
            Ok(key) => key,
            Err(_) => PublicKey::read(Path::new(&self.key))?,
        };
        self.keyring.open()?.trust(&self.name, key)?;
        if global.json {
            return print_json(&json!({ "name": self.name, "key": key }));
        }
        print(&format!("what {key} has signed is believed, as by {}", self.name))
    }
}

impl List {
    fn execute(self, global: &Global) -> Result<(), Failure> {
        let keyring = self.keyring.open()?;
        if global.json {
            let keys: Vec<Json> = keyring
                .keys()
                .map(|(name, key)| json!({ "name": name, "key": key }))
                .collect();
            return print_json(&Json::from(keys));
        }
        let rows: Vec<_> = keyring
            .keys()
            .map(|(name, key)| [name.to_owned(), key.to_string()])
            .collect();
        print(&table(["NAME", "KEY"], &rows))
    }
}
