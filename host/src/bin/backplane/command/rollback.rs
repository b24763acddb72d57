//! `backplane rollback`

use crate::args::Global;
use crate::connect::ask;
use crate::exit::Failure;
use serde_json::json;

/// Put the version back that ran before the last swap
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane rollback chat")]
pub(crate) struct Rollback {
    /// The module
    name: String,
}

impl Rollback {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let report = ask(global, "rollback", json!({ "name": self.name })).await?;
        super::swap::show(&report, global.json)
    }
}
