//! The command line.

use crate::command::package::{install, key, list, outdated, pack, publish, remove, sign, verify};
use crate::command::{
    bindgen, call, completion, events, inspect, load, logs, modules, new, permissions, rollback, run, stop,
    storage, swap, unload,
};
use crate::exit;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Runs modules that call each other, and steers a host that runs.
#[derive(Debug, Parser)]
#[command(name = "backplane", version, after_help = exit::HELP, max_term_width = 110)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The control socket of the host. Without it: that of ./bundle.toml if there is one, else the one in the
    /// default data folder
    #[arg(long, global = true, value_name = "PATH", env = "BACKPLANE_SOCKET")]
    pub(crate) socket: Option<PathBuf>,
    /// Write JSON, one document a line; errors go as JSON to the error output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to wait for an answer of the host, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

/// The commands, each in a file of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::Run),
    Modules(modules::Modules),
    Inspect(inspect::Inspect),
    Call(call::Call),
    Events(events::Events),
    Load(load::Load),
    Unload(unload::Unload),
    Swap(swap::Swap),
    Rollback(rollback::Rollback),
    Logs(logs::Logs),
    Permissions(permissions::Permissions),
    Storage(storage::Storage),
    New(new::New),
    Bindgen(bindgen::Bindgen),
    Pack(pack::Pack),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Key(key::Key),
    Publish(publish::Publish),
    Install(install::Install),
    List(list::List),
    Outdated(outdated::Outdated),
    Remove(remove::Remove),
    Stop(stop::Stop),
    Completion(completion::Completion),
}

/// The longest wait that can be asked for: a year.
const LONGEST_WAIT: f64 = 365.0 * 86_400.0;

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST_WAIT => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("a number of seconds above 0, at most {LONGEST_WAIT}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent_and_every_command_has_examples() {
        let command = Args::command();
        command.clone().debug_assert();
        check_examples(&command);
    }

    fn check_examples(command: &clap::Command) {
        for sub in command.get_subcommands() {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{}", sub.get_name());
            check_examples(sub);
        }
    }
}
