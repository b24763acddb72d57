//! Watches as streams.

use backplane_sdk::Stream;
use storage_api as api;
use tokio::time::timeout;

use super::convert;
use crate::{Watch, limits};

/// What a watch tells, until the job is closed or nobody reads any more.
pub(super) fn stream(mut watch: Watch) -> Stream<api::Change> {
    Stream::produce(|mut sender| async move {
        loop {
            let change = match timeout(limits::WATCH_QUIET, watch.next()).await {
                Ok(Some(change)) => convert::change(change),
                Ok(None) => break,
                Err(_) => api::Change::Quiet,
            };
            if sender.send(&change).await.is_err() {
                break;
            }
        }
    })
}
