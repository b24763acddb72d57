//! What is there: `version`, `modules`, `module`, `interfaces`, `states`, `permissions`, `audit`.

use super::{Done, Named, Nothing, Whose, done};
use crate::gateway::service::Service;
use crate::gateway::{PROTOCOL, RpcError};
use backplane_plugin_api::{ABI_LEVEL, status};
use serde_json::json;

pub(super) fn version(_: Nothing) -> Result<Done, RpcError> {
    done(json!({
        "backplane": env!("CARGO_PKG_VERSION"),
        "protocol": PROTOCOL,
        "abi": ABI_LEVEL,
        "pid": std::process::id(),
    }))
}

pub(super) fn modules(service: &Service, _: Nothing) -> Result<Done, RpcError> {
    done(service.host.modules())
}

pub(super) fn module(service: &Service, module: &Named) -> Result<Done, RpcError> {
    let report = service.host.module(&module.name);
    done(report.map_err(|error| RpcError::of_status(status::NOT_FOUND, error.to_string()))?)
}

pub(super) fn interfaces(service: &Service, _: Nothing) -> Result<Done, RpcError> {
    done(service.host.interfaces())
}

pub(super) fn states(service: &Service, _: Nothing) -> Result<Done, RpcError> {
    done(service.host.state_changes())
}

pub(super) fn permissions(service: &Service, whose: &Whose) -> Result<Done, RpcError> {
    let report = service.host.permissions(whose.module.as_deref());
    done(report.map_err(|error| RpcError::of_status(status::NOT_FOUND, error.to_string()))?)
}

pub(super) fn audit(service: &Service, whose: &Whose) -> Result<Done, RpcError> {
    done(service.host.audit(whose.module.as_deref()))
}
