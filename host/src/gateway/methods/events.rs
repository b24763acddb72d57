//! Following events: `events.subscribe`, `events.unsubscribe`.

use super::Done;
use crate::gateway::connection::Connection;
use crate::gateway::subscriptions::write_events;
use crate::gateway::{RpcError, limits};
use backplane_descriptor::Overflow;
use serde::Deserialize;
use serde_json::json;

/// Which events.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscribe {
    #[serde(default = "everything")]
    pattern: String,
}

fn everything() -> String {
    "*".to_owned()
}

/// Which subscription.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unsubscribe {
    subscription: u64,
}

pub(super) fn subscribe(connection: &Connection, wanted: Subscribe) -> Result<Done, RpcError> {
    let out = connection.out.clone();
    let subscription = connection.subscriptions.add(|number| {
        // Events count from now on; they wait in the queue until the client knows the number.
        let host = &connection.service.host;
        let stream = host.events(&wanted.pattern, Overflow::DropNewest, limits::EVENTS);
        write_events(number, stream, out)
    })?;
    Ok(Done {
        result: json!({ "subscription": subscription.number }),
        begin: Some(subscription.begin),
    })
}

pub(super) fn unsubscribe(connection: &Connection, ended: &Unsubscribe) -> Result<Done, RpcError> {
    connection.subscriptions.end(ended.subscription)?;
    super::done(true)
}
