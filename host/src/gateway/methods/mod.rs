//! The methods of the control socket.

mod call;
mod events;
mod inspect;
mod lifecycle;
mod logs;
mod report;

pub use lifecycle::STOP_REASON;

use super::connection::Connection;
use super::message::{METHOD_NOT_FOUND, RpcError, params};
use backplane_descriptor::nearest;
use backplane_plugin_api::status;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::oneshot;

const METHODS: [&str; 17] = [
    "version",
    "modules",
    "module",
    "interfaces",
    "inspect",
    "call",
    "events.subscribe",
    "events.unsubscribe",
    "load",
    "unload",
    "swap",
    "rollback",
    "logs",
    "permissions",
    "audit",
    "states",
    "stop",
];

/// What a method comes to.
pub(super) struct Done {
    pub(super) result: Json,
    /// What begins when the client has the result.
    pub(super) begin: Option<oneshot::Sender<()>>,
}

/// No parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A module by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// A module by its name, or all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    module: Option<String>,
}

fn done(result: impl Serialize) -> Result<Done, RpcError> {
    let result = serde_json::to_value(result)
        .map_err(|error| RpcError::of_status(status::INTERNAL, error.to_string()))?;
    Ok(Done { result, begin: None })
}

/// Runs the method `name`.
pub(super) async fn dispatch(connection: &Connection, name: &str, json: Json) -> Result<Done, RpcError> {
    let service = &*connection.service;
    tracing::trace!(
        "the control socket is asked for {}",
        METHODS.iter().find(|it| **it == name).unwrap_or(&"?")
    );
    match name {
        "version" => params(json).and_then(report::version),
        "modules" => params(json).and_then(|it| report::modules(service, it)),
        "module" => params(json).and_then(|it| report::module(service, &it)),
        "interfaces" => params(json).and_then(|it| report::interfaces(service, it)),
        "states" => params(json).and_then(|it| report::states(service, it)),
        "permissions" => params(json).and_then(|it| report::permissions(service, &it)),
        "audit" => params(json).and_then(|it| report::audit(service, &it)),
        "inspect" => inspect::run(service, params(json)?).await,
        "call" => call::run(service, params(json)?).await,
        "events.subscribe" => params(json).and_then(|it| events::subscribe(connection, it)),
        "events.unsubscribe" => params(json).and_then(|it| events::unsubscribe(connection, &it)),
        "logs" => params(json).and_then(|it| logs::run(connection, it)),
        "load" => lifecycle::load(service, params(json)?).await,
        "unload" => lifecycle::unload(service, params(json)?).await,
        "swap" => lifecycle::swap(service, params(json)?).await,
        "rollback" => lifecycle::rollback(service, params(json)?).await,
        "stop" => params(json).and_then(|it| lifecycle::stop(service, it)),
        unknown => {
            let hint = nearest(unknown, METHODS)
                .map_or_else(String::new, |known| format!("; did you mean {known:?}?"));
            let message = format!("there is no method {unknown:?}{hint}");
            Err(RpcError::new(METHOD_NOT_FOUND, message))
        }
    }
}
