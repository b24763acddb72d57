//! `backplane events`

use super::follow::follow;
use crate::args::Global;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::output::{print, print_json, printable, text};
use serde_json::{Value as Json, json};

/// Show the events of the modules as they happen, until Ctrl-C or the end of the host
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane events
  backplane events 'chat.*'
  backplane events chat.room.message --json | jq .body

A line has the event, its publisher and number, and its body. Events that came faster than they were read are
counted in front of the next one.")]
pub(crate) struct Events {
    /// Which events, as INTERFACE.EVENT; * stands for any text
    #[arg(default_value = "*")]
    pattern: String,
}

impl Events {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut host = Connection::open(global).await?;
        host.request("events.subscribe", json!({ "pattern": self.pattern }))
            .await?;
        let json = global.json;
        follow(host, |event| {
            if json {
                print_json(event)
            } else {
                print(&show(event))
            }
        })
        .await
    }
}

fn show(event: &Json) -> String {
    let lost = match event["lost"].as_u64() {
        Some(lost) if lost > 0 => format!("... {lost} lost ...\n"),
        _ => String::new(),
    };
    let body = match event.get("body") {
        Some(body) => body.to_string(),
        None => format!("(not readable: {})", printable(&text(event, "error"))),
    };
    let (interface, name, publisher) = (
        text(event, "interface"),
        text(event, "event"),
        text(event, "publisher"),
    );
    format!(
        "{lost}{interface}.{name} {publisher}#{} {body}",
        text(event, "sequence")
    )
}
