//! Changing what runs: `load`, `unload`, `swap`, `rollback`, `stop`.

use super::{Done, Named, Nothing, done};
use crate::bundle::{Grant, Grants};
use crate::gateway::RpcError;
use crate::gateway::message::INVALID_PARAMS;
use crate::gateway::service::{FRONT_END, Service};
use backplane_descriptor::is_module_name;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Why the host is to stop when a client asks for it.
pub const STOP_REASON: &str = "the control socket asks for it";

/// A module that is to be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    name: String,
    plugin: PathBuf,
    #[serde(default)]
    grants: Vec<String>,
    #[serde(default)]
    config: Map<String, Json>,
}

/// A module that is to go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unload {
    name: String,
    #[serde(default)]
    force: bool,
}

/// A module that is to be another version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    name: String,
    plugin: PathBuf,
    config: Option<Map<String, Json>>,
}

pub(super) async fn load(service: &Service, module: Load) -> Result<Done, RpcError> {
    if !is_module_name(&module.name) {
        let message = format!(
            "name: {:?} is not a module name: lower-case letters, digits and '-', beginning with a letter, at most 64 bytes",
            module.name
        );
        return Err(RpcError::new(INVALID_PARAMS, message));
    }
    if module.name == FRONT_END {
        let message = format!("name: {FRONT_END} is the name of those who call through the control socket");
        return Err(RpcError::new(INVALID_PARAMS, message));
    }
    let plugin = absolute(module.plugin)?;
    let grants = grants(&module.grants)?;
    let config = Json::Object(module.config);
    let name = module.name;
    done(
        service
            .operate(move |host| host.load(&name, &plugin, grants, &config))
            .await?,
    )
}

/// The host does not know the folder that the client is in.
fn absolute(plugin: PathBuf) -> Result<PathBuf, RpcError> {
    if plugin.is_absolute() {
        return Ok(plugin);
    }
    let message = format!("plugin: {} is not an absolute path", plugin.display());
    Err(RpcError::new(INVALID_PARAMS, message))
}

fn grants(texts: &[String]) -> Result<Grants, RpcError> {
    let grant = |text: &String| {
        text.parse::<Grant>()
            .map_err(|error| RpcError::new(INVALID_PARAMS, format!("grants: {text:?}: {error}")))
    };
    texts.iter().map(grant).collect::<Result<_, _>>().map(Grants)
}

pub(super) async fn unload(service: &Service, module: Unload) -> Result<Done, RpcError> {
    service
        .operate(move |host| host.unload(&module.name, module.force))
        .await?;
    done(true)
}

pub(super) async fn swap(service: &Service, module: Swap) -> Result<Done, RpcError> {
    let plugin = absolute(module.plugin)?;
    done(
        service
            .operate(move |host| host.swap(&module.name, &plugin, module.config.as_ref()))
            .await?,
    )
}

pub(super) async fn rollback(service: &Service, module: Named) -> Result<Done, RpcError> {
    done(service.operate(move |host| host.rollback(&module.name)).await?)
}

/// The host may end at once: it is asked to when the client has its answer, or is gone.
pub(super) fn stop(service: &Service, _: Nothing) -> Result<Done, RpcError> {
    let host = Arc::clone(&service.host);
    let (begin, answered) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let _ = answered.await;
        host.request_stop(STOP_REASON);
    });
    Ok(Done {
        result: true.into(),
        begin: Some(begin),
    })
}
