//! `backplane storage backup`

use super::store::Store;
use crate::args::Global;
use crate::bundle::absolute;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::json;
use std::path::PathBuf;

/// Write a copy of a job, as it is at one moment, to a new file
///
/// The copy is a job file like any other. Nobody who uses the job has to wait. The host writes it, so that the path is
/// one of its machine. To bring it back, stop the host and put it in place of the job's file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane storage backup chat/history ~/history-2026-01-31.db")]
pub(crate) struct Backup {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// The file, which must not be there yet
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

impl Backup {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let path = absolute(&self.file)?;
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let args = json!({ "job": job, "path": path });
        store.call("storage.kv.backup_job", args).await?;
        let bytes = std::fs::metadata(&path).map_or(0, |found| found.len());
        match global.json {
            true => print_json(&json!({ "job": job, "path": path, "bytes": bytes })),
            false => print(&format!("{job}: {bytes} bytes in {}", path.display())),
        }
    }
}
