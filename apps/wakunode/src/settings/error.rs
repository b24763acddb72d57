//! What can be wrong with what was said. No text holds a secret.

use std::{io, path::PathBuf};

use super::Source;

/// What cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The command line, in clap's words; also the text that `--help` asks for.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// A value that its flag cannot have.
    #[error("--{flag}: {problem} (from {origin})")]
    Value {
        /// The flag.
        flag: &'static str,
        /// What is wrong.
        problem: ValueProblem,
        /// Where the value was said.
        origin: Source,
    },
    /// The configuration file cannot be read.
    #[error("the configuration file {path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration file is larger than it may be.
    #[error("the configuration file {path} has more than {limit} bytes", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes that it may have.
        limit: u64,
    },
    /// The configuration file is no TOML, or has a key that is no flag.
    #[error("{path}:{line}: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// An environment variable that is no text; carries its name.
    #[error("the environment variable {0} is not of UTF-8")]
    NotText(String),
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
    /// Neither of the words for a switch.
    #[error("{0:?} is neither true nor false")]
    Switch(String),
    /// No number, or one out of bounds.
    #[error("{text:?} is not a number between {min} and {max}")]
    Number {
        /// What was said.
        text: String,
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// None of the words.
    #[error("{text:?} is none of {choices}")]
    Choice {
        /// What was said.
        text: String,
        /// The words.
        choices: String,
    },
    /// No IP address.
    #[error("{0:?} is not an IP address")]
    Ip(String),
    /// Something that the flag alone demands.
    #[error("{0}")]
    Other(String),
    /// A feature that is lacking; carries the sentence.
    #[error("{0}")]
    Lacks(&'static str),
}
