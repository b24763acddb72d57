//! `backplane logs`

use super::follow::follow;
use crate::args::Global;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, text, time_of_day};
use serde_json::{Value as Json, json};

/// Show what the modules have logged
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane logs
  backplane logs --follow --module waku
  backplane logs --json | jq -r 'select(.level == \"error\").message'")]
pub(crate) struct Logs {
    /// Go on with new lines, until Ctrl-C or the end of the host
    #[arg(long, short)]
    follow: bool,
    /// Only the lines of this module
    #[arg(long, short, value_name = "M")]
    module: Option<String>,
}

impl Logs {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut host = Connection::open(global).await?;
        let mut params = json!({ "follow": self.follow });
        if let Some(module) = self.module {
            params["module"] = module.into();
        }
        let answer = host.request("logs", params).await?;
        let json = global.json;
        let write = |line: &Json| {
            if json {
                print_json(line)
            } else {
                print(&show(line))
            }
        };
        for line in answer["lines"].as_array().into_iter().flatten() {
            write(line)?;
        }
        match self.follow {
            true => follow(host, |log| write(&log["line"])).await,
            false => Ok(()),
        }
    }
}

fn show(line: &Json) -> String {
    let time = time_of_day(line["time_ms"].as_u64().unwrap_or(0));
    let (level, module) = (text(line, "level").to_uppercase(), text(line, "module"));
    let shown = format!(
        "{time} {level:<5} {module}: {} {}",
        text(line, "message"),
        text(line, "fields")
    );
    printable(shown.trim_end())
}
