//! The REST API and the metrics, asked over HTTP as scripts and dashboards ask them, of nodes that are processes of their
//! own. What is expected is what nwaku answers: statuses, media types, shapes and texts.
#![cfg(target_os = "linux")]

mod admin;
mod cache;
mod filter;
mod lightpush;
mod metrics;
mod node;
mod rates;
mod relay;
mod sharding;
mod starting;
mod store;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value as Json, json};
use support::{
    Wakunode,
    http::{Http, encoded},
    until,
};

/// `hello` in Base64.
const HELLO: &str = "aGVsbG8=";

/// Another peer that never was there.
const STRANGER: &str = "/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAm2eqzqp6xn32fzgGi8K4BuF88W4Xy6yxsmDcW8h1gj6ie";

/// A message as it is sent.
fn message(content_topic: &str, timestamp: i64) -> Json {
    json!({ "payload": HELLO, "contentTopic": content_topic, "timestamp": timestamp })
}

/// The same as it is read.
fn read(content_topic: &str, timestamp: i64) -> Json {
    json!({
        "payload": HELLO, "contentTopic": content_topic, "version": 0, "timestamp": timestamp,
        "ephemeral": false, "proof": "",
    })
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_nanos()).unwrap()
}

/// `/relay/v1/messages/` of a shard.
fn of_shard(topic: &str) -> String {
    format!("/relay/v1/messages/{}", encoded(topic))
}

/// `/relay/v1/auto/messages/` of a content topic.
fn of_content(topic: &str) -> String {
    format!("/relay/v1/auto/messages/{}", encoded(topic))
}

/// Waits until a node has a peer in the mesh of a shard.
async fn meshed(node: &Wakunode, topic: &str) {
    until("there is a neighbour in the mesh", || async {
        let info = node.info().await;
        let shards = info["shards"].as_array().unwrap();
        shards
            .iter()
            .any(|shard| shard["pubsub_topic"] == topic && shard["mesh"] != 0)
    })
    .await;
}

/// Has a node connect to another, and waits until it knows what that one serves.
async fn connect(node: &Wakunode, other: &Wakunode, protocol: &str) {
    let address = other.address().await;
    node.call("waku.node.connect", json!({ "address": address }))
        .await;
    until("the peer says what it serves", || async {
        let peers = node.call("waku.node.peers", json!({})).await;
        peers.as_array().unwrap().iter().any(|peer| {
            let spoken = peer["protocols"].as_array().unwrap();
            spoken.iter().any(|it| it == protocol)
        })
    })
    .await;
}

/// Bodies that a message is not made of, and what is said of them behind what is said of any.
fn no_messages() -> Vec<(String, &'static str)> {
    let text = |body: Json| body.to_string();
    vec![
        (
            text(json!({ "contentTopic": "/a/1/b/c" })),
            "missing field `payload`",
        ),
        (
            text(json!({ "payload": " ", "contentTopic": "/a/1/b/c" })),
            "Field `payload` is missing or empty",
        ),
        (text(json!({ "payload": HELLO })), "missing field `contentTopic`"),
        (
            text(json!({ "payload": HELLO, "contentTopic": "" })),
            "Field `contentTopic` is missing or empty",
        ),
        (
            text(json!({ "payload": HELLO, "contentTopic": "/a/1/b/c", "version": -1 })),
            "invalid value",
        ),
        (
            text(json!({ "payload": HELLO, "contentTopic": "/a/1/b/c", "timestamp": "now" })),
            "invalid type",
        ),
        (
            format!(r#"{{"payload":"{HELLO}","payload":"{HELLO}","contentTopic":"/a/1/b/c"}}"#),
            "duplicate field `payload`",
        ),
    ]
}

/// Posts whatever is no message to a path, within what `wrap` puts around it. It is refused with a text.
async fn refuses_no_messages(http: &Http, path: &str, wrap: fn(String) -> String) {
    for (body, why) in no_messages() {
        let body = wrap(body);
        let reply = http.say("POST", path, "application/json", &body).await;
        reply.text_from(400, "Invalid content body, could not decode. ");
        assert!(reply.body.contains(why), "{body}: {}", reply.body);
    }
    let broken = http.say("POST", path, "application/json", "{").await;
    broken.text_from(400, "Invalid content body, could not decode. ");
    let empty = http.say("POST", path, "application/json", "").await;
    empty.text(400, "Missing content body");
    let wrong = http.say("POST", path, "application/xml", "<a/>").await;
    wrong.text(400, "Wrong Content-Type, expected application/json or text/plain");
}
