//! The endpoints, a file for each group.

pub(crate) mod admin;
pub(crate) mod debug;
pub(crate) mod filter;
pub(crate) mod health;
pub(crate) mod lightpush;
mod peers;
pub(crate) mod relay;
pub(crate) mod store;

use std::time::Duration;

use tokio::time::timeout;

use crate::error::Refusal;

/// Waits for a call, within a bound.
async fn within<T>(limit: Duration, call: impl IntoFuture<Output = T>, late: &str) -> Result<T, Refusal> {
    timeout(limit, call).await.map_err(|_| Refusal::failed(late))
}
