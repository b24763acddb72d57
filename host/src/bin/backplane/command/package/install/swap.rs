//! Swapping the modules of the running host to what is installed.

use super::apply::Placed;
use crate::args::Global;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::output::text;
use crate::site::Site;
use serde_json::{Value as Json, json};

/// The way to the host whose modules are swapped.
pub(super) struct Swap<'a> {
    host: Connection<'a>,
}

impl<'a> Swap<'a> {
    /// Connects to the host of the bundle.
    pub(super) async fn open(global: &'a Global, site: &Site) -> Result<Self, Failure> {
        let socket = global.socket.as_ref().unwrap_or(&site.bundle.host.socket);
        let host = Connection::at(global, socket).await;
        let host = host.map_err(|failure| {
            failure.and("; without --swap, what is installed runs from the next start on")
        })?;
        Ok(Self { host })
    }

    /// Swaps each module that is another version of what was placed; all of them or none.
    pub(super) async fn run(mut self, site: &Site, placed: &Placed) -> Result<Vec<Json>, Failure> {
        let modules = self.host.request("modules", json!({})).await?;
        let modules = modules.as_array().cloned().unwrap_or_default();
        let mut swapped: Vec<(String, Json)> = Vec::new();
        for (name, locked) in placed.packages() {
            let library = site.store.library(name, locked);
            let sha256 = locked.sha256.to_string();
            let is_other = |it: &&Json| it["plugin"] == name && it["sha256"] != sha256.as_str();
            for module in modules.iter().filter(is_other) {
                let module = text(module, "name");
                let params = json!({ "name": module, "plugin": library });
                match self.host.request("swap", params).await {
                    Ok(report) => swapped.push((module, report)),
                    Err(failure) => return Err(self.roll_back(&swapped, failure).await),
                }
            }
        }
        Ok(swapped.into_iter().map(|(_, report)| report).collect())
    }

    /// Puts back what was swapped before `failure`, which says so.
    async fn roll_back(&mut self, swapped: &[(String, Json)], failure: Failure) -> Failure {
        let mut failure = failure.and("; nothing is installed");
        for (module, _) in swapped.iter().rev() {
            let back = self.host.request("rollback", json!({ "name": module })).await;
            failure = match back {
                Ok(_) => failure.and(&format!("; {module} is rolled back")),
                Err(_) => failure.and(&format!(
                    "; {module} could not be rolled back, and runs the new version"
                )),
            };
        }
        failure
    }
}
