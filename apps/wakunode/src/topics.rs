//! The content topics of `--content-topic`.

use backplane_host::Subscription;
use waku_api::{RelayClient, relay_events::Started};

/// Subscribes to content topics whenever the relay begins: also after a failure, which ends subscriptions. Never ends.
pub(crate) async fn keep(
    relay: RelayClient,
    mut started: Subscription<Started>,
    content_topics: Vec<String>,
) {
    loop {
        if let Err(error) = started.next().await {
            tracing::warn!(%error, "an event of waku.relay is not readable");
        }
        match relay.subscribe(&content_topics).await {
            Ok(()) => tracing::info!(?content_topics, "subscribed to content topics"),
            Err(error) => tracing::error!(%error, ?content_topics, "content topics are not subscribed to"),
        }
    }
}
