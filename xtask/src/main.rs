//! The development commands of the workspace: `cargo xtask COMMAND`.

mod cargo;
mod ci;
mod dependencies;
mod features;
mod program;
mod test;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

/// The development commands of the workspace
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the host and its plugins, and chat
    ///
    /// What follows is for the chat: `cargo xtask chat --help` lists it. `--release` in front of it builds with
    /// optimisation.
    #[command(disable_help_flag = true)]
    Chat {
        /// Build with optimisation
        #[arg(long)]
        release: bool,
        /// For the chat
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Build the host, its modules waku and storage, and wakunode, and run that
    ///
    /// What follows is for wakunode: `cargo xtask node --help` lists it. `--release` in front of it builds with
    /// optimisation.
    #[command(disable_help_flag = true)]
    Node {
        /// Build with optimisation
        #[arg(long)]
        release: bool,
        /// For wakunode
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Build everything that tests load, and run all tests
    Test {
        /// For `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Run all checks: formatting, lints, tests, documentation, dependencies, and the chat without a person
    Ci,
    /// Check licences and sources of all dependencies against deny.toml
    Dependencies,
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Chat { release, arguments } => program::run(&cargo::CHAT, release, &arguments),
        Command::Node { release, arguments } => program::run(&cargo::NODE, release, &arguments),
        Command::Test { arguments } => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Dependencies => dependencies::run(),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}
