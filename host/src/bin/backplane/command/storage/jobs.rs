//! `backplane storage jobs`

use super::store::Store;
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, table, text};
use serde_json::Value as Json;

/// List all jobs with their owners, sizes and numbers of keys
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage jobs
  backplane storage jobs --no-count
  backplane storage jobs --json | jq '[.[].file_bytes] | add'

FILE and LOG are bytes on the disk; FREE are bytes of the file that hold nothing, which `backplane storage compact`
gives back.")]
pub(crate) struct Jobs {
    /// Do not look into the jobs: only names and sizes
    #[arg(long)]
    no_count: bool,
}

impl Jobs {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let jobs = Store::open(global).await?.jobs(!self.no_count).await?;
        if global.json {
            return print_json(&jobs.into());
        }
        print(&show(&jobs))
    }
}

fn show(jobs: &[Json]) -> String {
    let row = |job: &Json| {
        let open = if job["open"] == true { "yes" } else { "no" };
        [
            text(job, "job"),
            text(job, "owner"),
            open.to_owned(),
            text(job, "rows"),
            text(job, "file_bytes"),
            text(job, "log_bytes"),
            text(job, "free_bytes"),
        ]
    };
    let rows: Vec<_> = jobs.iter().map(row).collect();
    let mut out = table(["JOB", "OWNER", "OPEN", ">KEYS", ">FILE", ">LOG", ">FREE"], &rows);
    for job in jobs.iter().filter(|job| job["problem"].is_string()) {
        let problem = format!("{}: {}", text(job, "job"), text(job, "problem"));
        out += &format!("\n{}", printable(&problem));
    }
    out
}
