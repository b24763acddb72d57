//! `backplane call`

use crate::args::Global;
use crate::connect::ask;
use crate::exit::Failure;
use crate::output::{print, print_json};
use backplane_host::gateway::limits;
use serde_json::{Value as Json, json};
use std::io::Read as _;

/// Call a method of a module, and print what it answers
///
/// The arguments are a JSON object with the parameters; a list gives them in their order, and any other value is
/// the one parameter of a method that has one. A secret belongs on the standard input, not on the command line,
/// which other users of the machine can see.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane call chat.room.send '{\"text\": \"hello\"}'
  backplane call chat.room.send '\"hello\"'
  backplane call waku.node.info
  backplane call wallet.profile.login - < login.json
  backplane call --deadline 500 waku.node.info")]
pub(crate) struct Call {
    /// The method
    #[arg(value_name = "IFACE.METHOD")]
    target: String,
    /// The arguments; - reads them from the standard input
    #[arg(value_name = "JSON", default_value = "{}", hide_default_value = true)]
    args: String,
    /// When to give up and cancel the call, in milliseconds, instead of the method's own deadline
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..))]
    deadline: Option<u64>,
}

impl Call {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let text = if self.args == "-" {
            standard_input()?
        } else {
            self.args
        };
        // What stands there may be secret: the message tells the place alone.
        let args: Json = serde_json::from_str(&text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::usage(format!(
                "the arguments are not JSON ({place}); a text needs quotes, as in '\"hello\"'"
            ))
        })?;
        let mut params = json!({ "target": self.target, "args": args });
        if let Some(deadline) = self.deadline {
            params["deadline_ms"] = deadline.into();
        }
        let answer = ask(global, "call", params).await?;
        if global.json {
            return print_json(&answer);
        }
        match &answer {
            Json::Null => Ok(()),
            Json::String(text) => print(text),
            other => print(&format!("{other:#}")),
        }
    }
}

fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let limit = limits::LINE as u64;
    std::io::stdin()
        .take(limit + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("the standard input cannot be read: {error}")))?;
    if text.len() as u64 > limit {
        let message = format!("the arguments are longer than {limit} bytes");
        return Err(Failure::usage(message));
    }
    Ok(text)
}
