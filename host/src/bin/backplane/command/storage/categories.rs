//! `backplane storage categories`

use super::store::{Store, unexpected};
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::{Value as Json, json};

/// List the categories of a job that hold a key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane storage categories chat/history

One category a line, as a text of JSON: it may be empty, or hold line breaks.")]
pub(crate) struct Categories {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
}

impl Categories {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let mut after = Json::Null;
        loop {
            let args = json!({ "job": job, "after": after });
            let page = store.call("storage.kv.list_categories", args).await?;
            for category in page["categories"].as_array().into_iter().flatten() {
                match global.json {
                    true => print_json(category)?,
                    false => print(&category.to_string())?,
                }
            }
            match &page["next"] {
                Json::Null => return Ok(()),
                next @ Json::String(_) => after = next.clone(),
                _ => return Err(unexpected(&page)),
            }
        }
    }
}
