//! `backplane stop`

use crate::args::Global;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::output::{print, print_json};
use serde_json::json;
use tokio::time::timeout;

/// Stop the host: its modules end in the reverse of their order. Returns when it has ended
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  backplane stop")]
pub(crate) struct Stop {}

impl Stop {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut host = Connection::open(global).await?;
        host.request("stop", json!({})).await?;
        // Nothing was subscribed to: what comes next is the end.
        match timeout(global.timeout, host.client.notification()).await {
            Err(_) => return Err(host.late()),
            Ok(end) => drop(end?),
        }
        if global.json {
            return print_json(&json!(true));
        }
        print("the host has ended")
    }
}
