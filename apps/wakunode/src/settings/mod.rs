//! What was said, by command line, environment and file: read into [`Settings`], where the first of the three that
//! names a flag counts, as for wakunode2.

mod command_line;
mod environment;
mod error;
mod file;
mod value;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ffi::OsString,
    fmt,
    net::IpAddr,
    path::PathBuf,
};

pub use command_line::{Asked, command};
pub use error::{SettingsError, ValueProblem};

use crate::flags::{self, Flag};

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// After the program's name.
    CommandLine,
    /// In an environment variable; carries its name.
    Environment(String),
    /// In the configuration file; carries its name and the line.
    File(PathBuf, usize),
    /// Nowhere: it is the default.
    Default,
}

/// The flags that were given, each with its values.
#[derive(Default)]
pub struct Settings {
    given: BTreeMap<&'static str, Given>,
    /// What was found that no flag stands for, in words.
    pub warnings: Vec<String>,
}

struct Given {
    values: Vec<String>,
    source: Source,
}

impl Settings {
    /// Reads the command line, its first entry being the program's name, then those of the variables that begin with
    /// `WAKUNODE2_`, then the file that `config-file` names. Checks each value by itself. A message about the command
    /// line is worded by clap.
    ///
    /// # Errors
    /// [`SettingsError`] for the first thing that cannot be understood.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Asked), SettingsError> {
        let mut settings = Self::default();
        let asked = command_line::read(arguments, &mut settings)?;
        environment::read(environment, &mut settings)?;
        if let Some(path) = settings.path(&flags::CONFIG_FILE) {
            file::read(&path, &mut settings)?;
        }
        settings.check()?;
        Ok((settings, asked))
    }

    /// Notes the values of a flag, unless a source that goes before has named it.
    fn note(&mut self, flag: &'static Flag, values: Vec<String>, source: Source) {
        if let Entry::Vacant(entry) = self.given.entry(flag.name) {
            entry.insert(Given { values, source });
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        for flag in flags::all() {
            for value in self.values(flag) {
                let checked = value::check(flag.kind, value);
                checked.map_err(|problem| self.wrong(flag, problem))?;
            }
        }
        Ok(())
    }

    /// Whether somebody has said something about the flag.
    pub fn is_given(&self, flag: &Flag) -> bool {
        self.given.contains_key(flag.name)
    }

    /// The values, or the default ones.
    pub fn values(&self, flag: &Flag) -> impl Iterator<Item = &str> {
        let given = self.given.get(flag.name);
        let default = if given.is_none() { flag.default } else { &[] };
        let given = given.into_iter().flat_map(|given| &given.values);
        given.map(String::as_str).chain(default.iter().copied())
    }

    /// The value, unless it is empty or there is none.
    pub fn text(&self, flag: &Flag) -> Option<&str> {
        self.values(flag).next().filter(|text| !text.is_empty())
    }

    /// The value as a path, unless it is empty or there is none.
    pub fn path(&self, flag: &Flag) -> Option<PathBuf> {
        self.text(flag).map(PathBuf::from)
    }

    /// Whether the switch is on; none if nobody says and there is no default.
    pub fn switch(&self, flag: &Flag) -> Option<bool> {
        self.text(flag).and_then(value::switch)
    }

    /// The number; none if nobody says and there is no default.
    pub fn number(&self, flag: &Flag) -> Option<u64> {
        self.text(flag).and_then(|text| text.trim().parse().ok())
    }

    /// The port, 0 if there is none.
    pub fn port(&self, flag: &Flag) -> u16 {
        let number = self.number(flag).unwrap_or_default();
        u16::try_from(number).unwrap_or_default()
    }

    /// The IP address, where the flag has a default: there is always one.
    pub fn ip(&self, flag: &Flag) -> IpAddr {
        let ip = self.text(flag).and_then(|text| text.parse().ok());
        ip.unwrap_or(IpAddr::from([127, 0, 0, 1]))
    }

    /// The error that a value of this flag is wrong.
    pub fn wrong(&self, flag: &'static Flag, problem: ValueProblem) -> SettingsError {
        let origin = self.given.get(flag.name).map(|given| given.source.clone());
        SettingsError::Value {
            flag: flag.name,
            problem,
            origin: origin.unwrap_or(Source::Default),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("the command line"),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}

#[cfg(test)]
mod tests;
