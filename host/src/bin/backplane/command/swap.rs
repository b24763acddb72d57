//! `backplane swap`

use super::load::{Object, object};
use crate::args::Global;
use crate::bundle::absolute;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{micros, print, print_json, printable, text};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// Put another version in the place of a module while it serves
///
/// Calls and events wait for a moment, the state crosses, and nothing is lost. When the new version does not come
/// up, the old one goes on as if nothing had happened.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane swap chat ./libchat_plugin.so
  backplane rollback chat                   puts the earlier version back")]
pub(crate) struct Swap {
    /// The module
    name: String,
    /// The plugin file
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    plugin: PathBuf,
    /// The configuration of the new version, as a JSON object; without it that of the old one
    #[arg(long, value_name = "JSON", value_parser = object)]
    config: Option<Object>,
}

impl Swap {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut params = json!({ "name": self.name, "plugin": absolute(&self.plugin)? });
        if let Some(config) = self.config {
            params["config"] = config.into();
        }
        let report = ask(global, "swap", params).await?;
        show(&report, global.json)
    }
}

/// Shows what a swap came to.
pub(super) fn show(report: &Json, as_json: bool) -> Result<(), Failure> {
    match as_json {
        true => print_json(report),
        false => print(&line(report)),
    }
}

/// The same as a line.
pub(super) fn line(report: &Json) -> String {
    let mut shown = format!(
        "{}: {} -> {}, generation {}, callers waited {}",
        text(report, "module"),
        text(report, "from"),
        text(report, "to"),
        text(report, "generation"),
        micros(report["pause_us"].as_u64().unwrap_or(0)),
    );
    if report["abandoned"].as_u64().unwrap_or(0) > 0 {
        shown += &format!(", {} calls given up", text(report, "abandoned"));
    }
    printable(&shown)
}
