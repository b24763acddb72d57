//! Following what a host tells, until Ctrl-C or the end of the host.

use crate::connect::Connection;
use crate::exit::Failure;
use serde_json::Value as Json;

/// Hands the parameters of each notification to `show`.
pub(super) async fn follow(
    mut host: Connection<'_>,
    mut show: impl FnMut(&Json) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            notification = host.client.notification() => match notification? {
                Some(notification) => show(&notification.params)?,
                None => return Ok(()),
            },
            _ = &mut interrupted => return Ok(()),
        }
    }
}
