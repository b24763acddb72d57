//! `backplane storage get`

use super::bytes::{Given, hex, meant, shown, unhex};
use super::store::{Store, unexpected};
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::{Value as Json, json};
use std::io::Write as _;

/// Print the payload of a key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage get notes/drafts log 0x0001
  backplane storage get notes/drafts settings theme
  backplane storage get notes/drafts pictures cat --raw > cat.png

A payload that is no readable text is printed as 0x and hexadecimal digits. A key that is not there ends with exit
code 1.")]
pub(crate) struct Get {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// The category; may be empty
    #[arg(value_name = "CATEGORY")]
    category: String,
    /// The key: 0x and hexadecimal digits, or a text
    #[arg(value_name = "KEY", value_parser = meant)]
    key: Given,
    /// Write the bytes of the payload as they are
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

impl Get {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let args = json!({ "job": job, "category": self.category, "key": hex(&self.key.0) });
        let payload = match store.call("storage.kv.get", args).await? {
            Json::String(payload) => payload,
            Json::Null => {
                let message = format!(
                    "there is no key {} in {:?} of job {job:?}",
                    shown(&self.key.0),
                    self.category
                );
                return Err(Failure::failed(message));
            }
            other => return Err(unexpected(&other)),
        };
        if global.json {
            return print_json(&payload.into());
        }
        let payload = unhex(&payload).map_err(|_| unexpected(&Json::String(payload)))?;
        match self.raw {
            true => Ok(std::io::stdout().write_all(&payload)?),
            false => print(&shown(&payload)),
        }
    }
}
