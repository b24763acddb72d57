//! `backplane modules`

use crate::args::Global;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{lasted, list, print, print_json, table, text};
use serde_json::{Value as Json, json};

/// List the modules of the host
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane modules
  backplane modules --json | jq -r '.[] | select(.state != \"ready\").name'")]
pub(crate) struct Modules {}

impl Modules {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let modules = ask(global, "modules", json!({})).await?;
        if global.json {
            return print_json(&modules);
        }
        print(&show(modules.as_array().map_or(&[], Vec::as_slice)))
    }
}

fn show(modules: &[Json]) -> String {
    let row = |module: &Json| {
        [
            text(module, "name"),
            text(module, "version"),
            text(module, "state"),
            lasted(module["since_ms"].as_u64().unwrap_or(0)),
            text(module, "generation"),
            text(module, "calls"),
            text(module, "errors"),
            text(module, "restarts"),
            list(module, "provides"),
        ]
    };
    let rows: Vec<_> = modules.iter().map(row).collect();
    let heads = [
        "NAME",
        "VERSION",
        "STATE",
        ">FOR",
        ">GEN",
        ">CALLS",
        ">ERRORS",
        ">RESTARTS",
        "PROVIDES",
    ];
    let mut out = table(heads, &rows);
    for module in modules.iter().filter(|module| module["state"] != "ready") {
        let reason = [
            text(module, "name"),
            text(module, "state"),
            text(module, "reason"),
        ];
        out += &format!("\n{}", crate::output::printable(&reason.join(": ")));
    }
    out
}
