//! `backplane storage compact`

use super::store::Store;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, text};
use serde_json::json;

/// Make the file of a job smaller, which deletions alone do not
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage compact chat/history
  backplane storage compact chat/history --rewrite

What the file does not need is given back in steps of 1 MiB, and writes have their turn in between. With --rewrite the
file is written anew and has no gaps left; calls to the job wait meanwhile, and the disk must have room for a second
copy.")]
pub(crate) struct Compact {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// Close the job meanwhile, and write its file anew
    #[arg(long)]
    rewrite: bool,
}

impl Compact {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let args = json!({ "job": job, "rewrite": self.rewrite });
        let done = store.call("storage.admin.compact_job", args).await?;
        if global.json {
            return print_json(&done);
        }
        let (before, after) = (text(&done, "bytes_before"), text(&done, "bytes_after"));
        print(&printable(&format!("{job}: {before} bytes became {after}")))
    }
}
