//! `backplane storage scan`

use super::bytes::{Given, hex, meant, shown, unhex};
use super::store::{Store, unexpected};
use crate::args::Global;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::{Value as Json, json};

/// Rows that are asked for at once.
const PAGE: u64 = 1000;

/// List the keys of a category in their order, with their payloads
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage scan chat/history log
  backplane storage scan chat/history log --prefix 0x00026368 --reverse --limit 10
  backplane storage scan chat/history log --from 0x0001 --to 0x0009 --keys-only
  backplane storage scan chat/history log --json | jq -r .key

A line has the key and the payload, as text where that is readable and else as 0x and hexadecimal digits. With --json
both are always hexadecimal, one object a line. Rows that are written meanwhile may be missing.")]
pub(crate) struct Scan {
    /// The job, as OWNER/NAME
    #[arg(value_name = "JOB")]
    job: String,
    /// The category; may be empty
    #[arg(value_name = "CATEGORY")]
    category: String,
    /// Only this key and those that begin with it
    #[arg(long, value_name = "KEY", value_parser = meant, conflicts_with_all = ["from", "to"])]
    prefix: Option<Given>,
    /// From this key on
    #[arg(long, value_name = "KEY", value_parser = meant)]
    from: Option<Given>,
    /// Up to this key, which is left out
    #[arg(long, value_name = "KEY", value_parser = meant)]
    to: Option<Given>,
    /// From the last key to the first
    #[arg(long)]
    reverse: bool,
    /// Leave the payloads out
    #[arg(long)]
    keys_only: bool,
    /// At most so many rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl Scan {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let (mut store, job) = Store::with_job(global, &self.job).await?;
        let mut left = self.limit.unwrap_or(u64::MAX);
        let scan = json!({
            "range": self.range(),
            "limit": left.min(PAGE),
            "reverse": self.reverse,
            "keys_only": self.keys_only,
        });
        let each = |row: &Json| {
            match global.json {
                true => print_json(row)?,
                false => print(&show(row)?)?,
            }
            left -= 1;
            Ok(left > 0)
        };
        store.scan((&job, &self.category), scan, each).await
    }

    fn range(&self) -> Json {
        if let Some(prefix) = &self.prefix {
            return json!({ "prefix": hex(&prefix.0) });
        }
        let start = self.from.as_ref().map_or(&[][..], |key| &key.0);
        let stop = self.to.as_ref().map(|key| hex(&key.0));
        json!({ "between": { "start": hex(start), "stop": stop } })
    }
}

fn show(row: &Json) -> Result<String, Failure> {
    let part = |name: &str| match &row[name] {
        Json::String(text) => unhex(text)
            .map(|bytes| shown(&bytes))
            .map_err(|_| unexpected(row)),
        _ => Ok(String::new()),
    };
    let line = format!("{}  {}", part("key")?, part("payload")?);
    Ok(line.trim_end().to_owned())
}
