//! Learning that somebody wants the host to stop.

use super::limits::STOP_WATCH;
use crate::host::Host;
use std::sync::Arc;
use tokio::{sync::oneshot, task::spawn_blocking};

/// Why a module or a client wants the host to stop, once one does: [`STOP_REASON`](super::STOP_REASON) if a client of the
/// control socket asked for it. Whoever serves the socket awaits this beside it. Needs a tokio runtime; when the future
/// is dropped, a thread of it that blocks is free again within half a second.
pub async fn stop_wanted(host: &Arc<Host>) -> String {
    let (asked, wanted) = oneshot::channel();
    let host = Arc::clone(host);
    spawn_blocking(move || {
        while !asked.is_closed() {
            if let Some(reason) = host.stop_requested(STOP_WATCH) {
                // Whoever waited for it has ended otherwise.
                let _ = asked.send(reason);
                return;
            }
        }
    });
    wanted
        .await
        .unwrap_or_else(|_| "the watch over it broke".to_owned())
}
