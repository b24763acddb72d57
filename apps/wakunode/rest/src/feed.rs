//! From the node to the caches: subscribing when it begins, and taking in what it tells.

use std::sync::Arc;

use backplane_descriptor::Overflow;
use backplane_sdk::CallError;
use waku_api::{
    HealthState, NodeInfo, RelayClient, TopicError,
    relay_events::{Message, Started},
};

use crate::{limits::MESSAGE_QUEUE, rest::State, waku::Waku};

/// Runs until it is aborted. Whenever the node begins, everything is subscribed to anew: a node that has failed has
/// forgotten it.
pub(crate) async fn feed(state: Arc<State>, waku: Arc<Waku>) {
    let messages = waku
        .front
        .subscribe::<Message>(Overflow::DropOldest, MESSAGE_QUEUE);
    let started = waku.front.subscribe::<Started>(Overflow::DropOldest, 1);
    let (mut messages, mut started) = match (messages, started) {
        (Ok(messages), Ok(started)) => (messages, started),
        (Err(error), _) | (_, Err(error)) => {
            return tracing::error!(%error, "the REST API hears nothing of the node");
        }
    };
    loop {
        tokio::select! {
            // A beginning is heard of before the messages that follow it.
            biased;
            _ = started.next() => match subscribe(&state, &waku).await {
                Ok(relays) => waku.ready(relays),
                Err(error) => tracing::warn!(%error, "the REST API is not subscribed to the shards"),
            },
            event = messages.next() => match event {
                Ok(event) => {
                    let missed = event.lost + event.body.missed_before;
                    if missed > 0 {
                        tracing::warn!(missed, "the REST API was slower than the network, messages were left out");
                    }
                    let received = &event.body;
                    state.relay().add(&received.pubsub_topic, &received.message);
                    state.filter().add(&received.pubsub_topic, &received.message);
                }
                Err(error) => tracing::warn!(%error, "a message could not be read"),
            },
        }
    }
}

/// Subscribes to the shards of the configuration and to what was subscribed to before; whether the node relays.
async fn subscribe(state: &State, waku: &Waku) -> Result<bool, String> {
    let text = |error: CallError| error.to_string();
    let clients = waku.clients().map_err(text)?;
    let health = clients.node.health().await.map_err(|error| error.to_string())?;
    let is_relay = |it: &waku_api::ProtocolHealth| it.protocol == "Relay";
    let relay = health.protocols.iter().find(|it| is_relay(it));
    let relays = relay.is_some_and(|relay| relay.state != HealthState::NotMounted);
    if relays {
        if !waku.is_ready() {
            let info = clients.node.info().await.map_err(|error| error.to_string())?;
            configure(state, &clients.relay, info).await?;
        }
        let (shards, contents) = {
            let mut cache = state.relay();
            (cache.shards().subscribed(), cache.contents().subscribed())
        };
        let subscribed = clients.relay.subscribe_shards(&shards).await;
        subscribed.map_err(|error| error.to_string())?;
        let subscribed = clients.relay.subscribe(&contents).await;
        subscribed.map_err(|error| error.to_string())?;
    }
    Ok(relays)
}

/// Has the cache take in what the configuration subscribes to: the shards, and the content topics that shards follow
/// from.
async fn configure(state: &State, relay: &RelayClient, info: NodeInfo) -> Result<(), String> {
    let shards: Vec<String> = info.shards.into_iter().map(|it| it.pubsub_topic).collect();
    let mut contents = Vec::new();
    for topic in &state.config.content_topics {
        match relay.pubsub_topic(topic).await {
            Ok(_) => contents.push(topic.clone()),
            // With static sharding they come by their shards, as with nwaku.
            Err(CallError::Interface(TopicError::StaticSharding)) => {}
            Err(error) => tracing::warn!(%error, topic, "a content topic is not subscribed to"),
        }
    }
    let mut cache = state.relay();
    let subscribed = cache.shards().subscribe(&shards);
    let subscribed = subscribed.and_then(|()| cache.contents().subscribe(&contents));
    subscribed.map_err(|error| error.to_string())
}
