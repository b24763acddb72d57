//! What all connections share.

use super::{GatewayError, RpcError};
use crate::bundle::Grants;
use crate::host::{FrontEnd, Host, HostError};
use backplane_plugin_api::status;
use std::sync::Arc;

/// The name under which modules see those who call through the control socket.
pub(super) const FRONT_END: &str = "cli";

/// What all connections share.
pub(super) struct Service {
    pub(super) host: Arc<Host>,
    pub(super) front_end: Arc<FrontEnd>,
}

impl Service {
    /// The socket is its owner's, who may call everything.
    pub(super) fn new(host: Arc<Host>) -> Result<Self, GatewayError> {
        let front_end = Arc::new(host.front_end(FRONT_END, &Grants::all())?);
        Ok(Self { host, front_end })
    }

    /// Runs an operation of the host that blocks. It goes on when nobody waits for it any more.
    pub(super) async fn operate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Host) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, RpcError> {
        let host = Arc::clone(&self.host);
        blocking(move || work(&host))
            .await?
            .map_err(|error| explain(&error))
    }
}

/// Runs what blocks beside those who must not.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RpcError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| RpcError::of_status(status::INTERNAL, "the host panicked; its log has more"))
}

fn explain(error: &HostError) -> RpcError {
    let code = match error {
        HostError::NoModule(_) | HostError::NoFile { .. } => status::NOT_FOUND,
        HostError::Bundle(_) | HostError::Name(..) | HostError::TwoModules(_) => status::BAD_ARGUMENTS,
        _ => status::FAILED,
    };
    RpcError::of_status(code, error.to_string())
}
