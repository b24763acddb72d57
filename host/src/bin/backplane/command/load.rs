//! `backplane load`

use crate::args::Global;
use crate::bundle::absolute;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, text};
use serde_json::{Map, Value as Json, json};
use std::path::PathBuf;

/// Load one more module into the host
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane load chat ./libchat_plugin.so --grant waku.relay --grant storage.kv
  backplane load storage ./libstorage_plugin.so --config '{\"durable\": true}'")]
pub(crate) struct Load {
    /// The name of the module
    name: String,
    /// The plugin file
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    plugin: PathBuf,
    /// An interface that it may call and hear, or one method or event of one; may be there several times
    #[arg(long = "grant", value_name = "G")]
    grants: Vec<String>,
    /// The configuration, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    config: Option<Object>,
}

/// A JSON object.
pub(super) type Object = Map<String, Json>;

/// Reads a JSON object; its contents may be secret and are not repeated.
pub(super) fn object(text: &str) -> Result<Object, String> {
    let place = |error: serde_json::Error| {
        format!(
            "not a JSON object (line {}, column {})",
            error.line(),
            error.column()
        )
    };
    serde_json::from_str(text).map_err(place)
}

impl Load {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let params = json!({
            "name": self.name,
            "plugin": absolute(&self.plugin)?,
            "grants": self.grants,
            "config": self.config.unwrap_or_default(),
        });
        let report = ask(global, "load", params).await?;
        if global.json {
            return print_json(&report);
        }
        let loaded = format!(
            "{} {} is {}",
            text(&report, "name"),
            text(&report, "version"),
            text(&report, "state")
        );
        print(&printable(&loaded))
    }
}
