//! What an interface or a module looks like: `inspect`.

use super::{Done, done};
use crate::gateway::RpcError;
use crate::gateway::message::INVALID_PARAMS;
use crate::gateway::service::{Service, blocking};
use crate::host::ModuleReport;
use crate::library;
use backplane_descriptor::{Interface, nearest};
use backplane_plugin_api::status;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::path::Path;

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subject {
    interface: Option<String>,
    module: Option<String>,
}

pub(super) async fn run(service: &Service, subject: Subject) -> Result<Done, RpcError> {
    match (subject.interface, subject.module) {
        (Some(id), None) => interface(service, &id),
        (None, Some(name)) => module(service, &name).await,
        _ => Err(RpcError::new(
            INVALID_PARAMS,
            "either interface or module must be there",
        )),
    }
}

/// The highest version of an interface, and who provides it.
fn interface(service: &Service, id: &str) -> Result<Done, RpcError> {
    let all = service.host.interfaces();
    let providers = all.iter().filter(|it| it.interface.id == id);
    let modules: Vec<&str> = providers.clone().map(|it| &*it.module).collect();
    let Some(found) = providers.max_by(|a, b| a.interface.version.cmp(&b.interface.version)) else {
        let known = nearest(id, all.iter().map(|it| it.interface.id.as_str()));
        let hint = known.map_or_else(String::new, |known| format!("; did you mean {known}?"));
        let message = format!("no module provides {id}{hint}");
        return Err(RpcError::of_status(status::NOT_FOUND, message));
    };
    done(json!({ "interface": found.interface, "modules": modules }))
}

async fn module(service: &Service, name: &str) -> Result<Done, RpcError> {
    let report = service
        .host
        .module(name)
        .map_err(|error| RpcError::of_status(status::NOT_FOUND, error.to_string()))?;
    let interfaces: Vec<Interface> = service
        .host
        .interfaces()
        .into_iter()
        .filter(|it| it.module == name)
        .map(|it| it.interface)
        .collect();
    let of_module = report.clone();
    let manifest = blocking(move || manifest(&of_module)).await?;
    done(json!({ "report": report, "manifest": manifest, "interfaces": interfaces }))
}

/// The manifest as it stands in the module's file; null when the file is another one by now.
fn manifest(report: &ModuleReport) -> Json {
    match library::inspect(Path::new(&report.path)) {
        Ok(file) if hex::encode(file.sha256) == report.sha256 => {
            serde_json::from_str(&file.manifest_json).unwrap_or_default()
        }
        _ => Json::Null,
    }
}
