//! From the node to the events.

use backplane_sdk::{CallError, plugin_api::status};
use tokio::sync::watch;
use waku_api::{MessagingEvents, NodeEvents, PeerCount, ReceivedMessage, RelayEvents, RelayStarted};

use super::{convert::count, subscriptions::MessagingTopics};
use crate::MessageReceiver;

/// The events of messages.
pub(super) struct MessageEvents {
    pub(super) relay: RelayEvents,
    pub(super) messaging: MessagingEvents,
    /// Whose messages the latter tell.
    pub(super) topics: MessagingTopics,
}

/// Tells of the beginning and then of every message, until the node has stopped. Waits for subscribers that block;
/// meanwhile messages wait in the receiver, which is bounded.
pub(super) async fn messages(mut receiver: MessageReceiver, events: MessageEvents, started: RelayStarted) {
    if !told("started", events.relay.started(&started).await) {
        return;
    }
    while let Some(received) = receiver.recv().await {
        if received.missed_before > 0 {
            let missed = received.missed_before;
            tracing::warn!(
                missed,
                "subscribers were slower than the network, messages were left out"
            );
        }
        let received: ReceivedMessage = received.into();
        let is_of_messaging = events.topics.contain(&received.message.content_topic);
        if !told("message", events.relay.message(&received).await)
            || (is_of_messaging && !told("message", events.messaging.message(&received).await))
        {
            return;
        }
    }
}

/// Tells how many peers are connected, now and whenever it changes.
pub(super) async fn peer_count(mut connected: watch::Receiver<usize>, events: NodeEvents) {
    loop {
        let peers = PeerCount {
            connected: count(*connected.borrow_and_update()),
        };
        if !told("peers_changed", events.peers_changed(&peers).await) || connected.changed().await.is_err() {
            return;
        }
    }
}

/// Whether there is still a host to tell.
pub(super) fn told(event: &str, outcome: Result<(), CallError>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) if error.status() == status::STOPPING => false,
        Err(error) => {
            tracing::warn!(event, %error, "a subscriber lost an event");
            true
        }
    }
}
