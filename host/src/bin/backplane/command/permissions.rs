//! `backplane permissions`

use crate::args::Global;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, table, text, time_of_day};
use serde_json::{Value as Json, json};

/// Show what the modules may call and hear, and which line of the bundle says so
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane permissions
  backplane permissions chat
  backplane permissions --json | jq -r '.[] | select(.allowed | not).to_grant'
  backplane permissions --audit                what was granted and refused, and who used what is sensitive")]
pub(crate) struct Permissions {
    /// Of this module alone
    #[arg(value_name = "MODULE")]
    module: Option<String>,
    /// Show the audit log instead: grants, refusals, and calls of sensitive methods, never with their arguments
    #[arg(long)]
    audit: bool,
}

impl Permissions {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let params = match self.module {
            Some(module) => json!({ "module": module }),
            None => json!({}),
        };
        let method = if self.audit { "audit" } else { "permissions" };
        let found = ask(global, method, params).await?;
        if global.json {
            return print_json(&found);
        }
        let rows = found.as_array().map_or(&[][..], Vec::as_slice);
        print(&if self.audit { show_audit(rows) } else { show(rows) })
    }
}

fn show(permissions: &[Json]) -> String {
    let row = |it: &Json| {
        let allowed = match (it["allowed"].as_bool(), it["kind"].as_str()) {
            (_, Some("unused")) => "-",
            (Some(true), _) => "yes",
            _ => "no",
        };
        [
            text(it, "module"),
            text(it, "kind"),
            text(it, "target"),
            allowed.to_owned(),
            or_dash(it, "provider"),
            or_dash(it, "granted_by"),
            or_dash(it, "asked_by"),
        ]
    };
    let rows: Vec<_> = permissions.iter().map(row).collect();
    let heads = ["MODULE", "MAY", "WHAT", "ALLOWED", "OF", "GRANTED BY", "MANIFEST"];
    let mut out = table(heads, &rows);
    for it in permissions.iter().filter(|it| it["to_grant"].is_string()) {
        let (module, target, line) = (text(it, "module"), text(it, "target"), text(it, "to_grant"));
        out += &printable(&format!("to grant {target}: [modules.{module}] needs {line}"));
        out.push('\n');
    }
    out
}

fn show_audit(entries: &[Json]) -> String {
    let row = |it: &Json| {
        [
            time_of_day(it["time_ms"].as_u64().unwrap_or(0)),
            text(it, "kind"),
            text(it, "caller"),
            text(it, "target"),
            text(it, "count"),
            text(it, "why"),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(["TIME", "KIND", "CALLER", "WHAT", ">TIMES", "WHY"], &rows)
}

fn or_dash(json: &Json, key: &str) -> String {
    match json[key].is_null() {
        true => "-".to_owned(),
        false => text(json, key),
    }
}
