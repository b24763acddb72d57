//! Light nodes at one service: what their connections cost, and how soon all of them have a message.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use waku_plugin::{MessageReceiver, Node, WakuMessage};

use crate::{
    quantiles,
    service::Service,
    support::{CONTENT_TOPIC, TCP, config, light, next, start, until_peers},
};

const SUBSCRIBERS: usize = 1000;
const ROUNDS: u64 = 50;
/// Connections that are made at once.
const AT_ONCE: usize = 20;

pub(crate) async fn to_a_thousand() {
    let service = Service::start();
    let relay = start(config(TCP)).await;
    relay.connect(service.address.clone()).await.unwrap();
    until_peers(&relay, 1).await;
    let before = service.resident();
    let mut nodes = Vec::new();
    while nodes.len() < SUBSCRIBERS {
        let connecting: JoinSet<Node> = (0..AT_ONCE).map(|_| connected(service.address.clone())).collect();
        nodes.extend(connecting.join_all().await);
    }
    let each = (service.resident() - before) / SUBSCRIBERS;
    println!(
        "\nmemory for each of {SUBSCRIBERS} idle connections: {} KiB",
        each / 1024
    );

    let mut receivers = Vec::new();
    for node in &nodes {
        let peer = node.peers().await.unwrap()[0].peer_id.unwrap();
        node.filter_subscribe(peer, None, vec![CONTENT_TOPIC.into()])
            .await
            .unwrap();
        receivers.push(node.messages().unwrap());
    }
    push(&relay, &mut receivers, 0).await;
    let (mut all, mut last) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let times = push(&relay, &mut receivers, round).await;
        last.push(times.iter().max().copied().unwrap_or_default());
        all.extend(times);
    }
    let total: Duration = last.iter().sum();
    println!(
        "a message of 1 KiB to {SUBSCRIBERS} filter subscribers: p50 and p99, ms{}; the last of them{}; {:.0} pushed a second",
        quantiles(&mut all),
        quantiles(&mut last),
        all.len() as f64 / total.as_secs_f64()
    );
}

async fn connected(service: waku_plugin::Multiaddr) -> Node {
    let node = start(light()).await;
    node.connect(service).await.unwrap();
    node
}

/// Publishes a message; how long it took to each.
async fn push(relay: &Node, receivers: &mut Vec<MessageReceiver>, round: u64) -> Vec<Duration> {
    let mut payload = vec![0x5a; 1024];
    payload[..8].copy_from_slice(&round.to_be_bytes());
    let message = WakuMessage {
        payload,
        content_topic: CONTENT_TOPIC.into(),
        ..WakuMessage::default()
    };
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for mut receiver in receivers.drain(..) {
        waiting.spawn(async move {
            next(&mut receiver).await;
            (start.elapsed(), receiver)
        });
    }
    relay.publish(None, message).await.unwrap();
    let mut times = Vec::new();
    for (time, receiver) in waiting.join_all().await {
        times.push(time);
        receivers.push(receiver);
    }
    times
}
