//! `backplane unload`

use crate::args::Global;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::json;

/// Stop a module and take it away
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane unload chat
  backplane unload storage --force      though others need it: their calls fail from then on")]
pub(crate) struct Unload {
    /// The module
    name: String,
    /// Also when other modules need it
    #[arg(long)]
    force: bool,
}

impl Unload {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let params = json!({ "name": self.name, "force": self.force });
        let answer = ask(global, "unload", params).await?;
        if global.json {
            return print_json(&answer);
        }
        print(&format!("{} is unloaded", self.name))
    }
}
