//! `backplane storage`: the jobs of a storage module for whoever owns it.

mod backup;
mod bytes;
mod categories;
mod check;
mod compact;
mod export;
mod get;
mod import;
mod jobs;
mod lines;
mod scan;
mod store;

use crate::args::Global;
use crate::exit::{Exit, Failure};
use clap::Subcommand;

/// Look into the jobs of the storage module, copy them and keep them in order
///
/// A job is named OWNER/NAME, where the owner is the module that made it. The files are opened by the host alone, which
/// has to run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage jobs
  backplane storage scan chat/history log --limit 10
  backplane storage export chat/history history.jsonl
  backplane storage import chat/history history.jsonl
  backplane storage check

Keys and payloads are written as 0x and hexadecimal digits; where one is asked for, any other text stands for its
bytes. Where the configuration of the module says who has access to what, the command is the caller `cli` and needs
access to `*`, which it has by default.

Exit codes are those of `backplane --help`: 1 also where there is no such job or key, and where a check finds something.")]
pub(crate) struct Storage {
    #[command(subcommand)]
    command: Command,
}

/// What can be done, each in a file of its own.
#[derive(Debug, Subcommand)]
enum Command {
    Jobs(jobs::Jobs),
    Categories(categories::Categories),
    Get(get::Get),
    Scan(scan::Scan),
    Export(export::Export),
    Import(import::Import),
    Backup(backup::Backup),
    Check(check::Check),
    Compact(compact::Compact),
}

impl Storage {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let done = match self.command {
            Command::Jobs(jobs) => jobs.execute(global).await,
            Command::Categories(categories) => categories.execute(global).await,
            Command::Get(get) => get.execute(global).await,
            Command::Scan(scan) => scan.execute(global).await,
            Command::Export(export) => export.execute(global).await,
            Command::Import(import) => import.execute(global).await,
            Command::Backup(backup) => backup.execute(global).await,
            Command::Check(check) => check.execute(global).await,
            Command::Compact(compact) => compact.execute(global).await,
        };
        done.map_err(|failure| match failure {
            Failure::Because(Exit::NoHost, message) => Failure::Because(
                Exit::NoHost,
                format!("{message}; the files of the jobs are opened by a host alone"),
            ),
            other => other,
        })
    }
}
