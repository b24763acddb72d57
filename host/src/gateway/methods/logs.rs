//! Reading and following the log: `logs`.

use super::{Done, done};
use crate::gateway::RpcError;
use crate::gateway::connection::Connection;
use crate::gateway::subscriptions::write_log;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Which lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    after: u64,
    module: Option<String>,
    #[serde(default)]
    follow: bool,
}

pub(super) fn run(connection: &Connection, wanted: Wanted) -> Result<Done, RpcError> {
    let service = Arc::clone(&connection.service);
    let lines = service.host.log(wanted.after, wanted.module.as_deref());
    if !wanted.follow {
        return done(json!({ "lines": lines }));
    }
    let after = lines.last().map_or(wanted.after, |line| line.number);
    let out = connection.out.clone();
    let following = connection
        .subscriptions
        .add(|number| write_log(number, service, after, wanted.module, out))?;
    Ok(Done {
        result: json!({ "lines": lines, "subscription": following.number }),
        begin: Some(following.begin),
    })
}
