//! `/lightpush/v1` and `/lightpush/v3`: a light node, a relay that publishes for it, and another that hears of it.

use serde_json::{Value as Json, json};

use super::{
    connect, meshed, message, no_messages, of_content, read, refuses_no_messages,
    support::{
        CONTENT_TOPIC, SHARD,
        http::{Http, NOWHERE, served},
    },
};

const LEGACY: &str = "/lightpush/v1/message";
const CURRENT: &str = "/lightpush/v3/message";
const NO_PEER: &str = "No suitable service peer & no discovery method";

fn push(timestamp: i64) -> Json {
    json!({ "message": message(CONTENT_TOPIC, timestamp) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_published_by_a_peer_that_has_somebody_to_relay_it_to() {
    let root = tempfile::tempdir().unwrap();
    let (light, http) = served(&root.path().join("light"), &["--relay=false"]).await;
    http.post(LEGACY, &push(1)).await.text(503, NO_PEER);
    let none = http.post(CURRENT, &push(1)).await;
    assert_eq!(none.json(503), json!({ "statusDesc": NO_PEER }));

    let (service, _) = served(&root.path().join("service"), &[]).await;
    connect(&light, &service, "/vac/waku/lightpush/3.0.0").await;
    let lonely = http.post(CURRENT, &push(1)).await;
    assert_eq!(
        lonely.json(505),
        json!({ "statusDesc": "No peers for topic, skipping publish" })
    );
    http.post(LEGACY, &push(1))
        .await
        .text(503, "Failed to request a message push: not_published_to_any_peer");

    let (relay, reading) = served(&root.path().join("relay"), &[]).await;
    reading
        .post("/relay/v1/auto/subscriptions", &json!([CONTENT_TOPIC]))
        .await
        .ok();
    connect(&relay, &service, "/vac/waku/relay/2.0.0").await;
    meshed(&service, SHARD).await;
    let pushed = http.post(CURRENT, &push(2)).await;
    assert_eq!(pushed.json(200), json!({ "relayPeerCount": 1 }));
    assert_eq!(
        reading.drained(&of_content(CONTENT_TOPIC)).await,
        [read(CONTENT_TOPIC, 2)]
    );
    let mut named = push(3);
    named["pubsubTopic"] = json!(SHARD);
    http.post(LEGACY, &named).await.ok();
    assert_eq!(
        reading.drained(&of_content(CONTENT_TOPIC)).await,
        [read(CONTENT_TOPIC, 3)]
    );
    refuses(&http).await;
    refuses_legacy(&http).await;
    for (method, path) in [
        ("GET", CURRENT),
        ("PUT", LEGACY),
        ("POST", "/lightpush/v2/message"),
        ("POST", "/lightpush/v3"),
    ] {
        http.ask(method, path, &[], String::new())
            .await
            .text(400, NOWHERE);
    }
}

/// Messages that no peer is asked about: the body, the status, and how the text begins. HTTP knows nothing of 420.
fn unpublishable() -> Vec<(Json, u16, &'static str)> {
    let large = json!({ "payload": "A".repeat(204_800), "contentTopic": CONTENT_TOPIC });
    let mut foreign = push(4);
    foreign["pubsubTopic"] = json!("/waku/2/rs/7/0");
    vec![
        (
            json!({ "message": large }),
            500,
            "Message size exceeded maximum of 153600 bytes",
        ),
        (
            json!({ "message": message("none", 4) }),
            500,
            "Invalid content-topic:invalid format: content-topic 'none' must start with slash",
        ),
        (
            json!({ "message": message("/1/a/1/b/c", 4) }),
            500,
            "Auto-sharding error: Generation > 0 are not supported yet",
        ),
        (foreign, 421, "the pubsub topic is of cluster 7"),
    ]
}

async fn refuses(http: &Http) {
    for (body, _) in no_messages() {
        let reply = http
            .say("POST", CURRENT, "application/json", &wrapped(body))
            .await;
        denied(&reply.json(400), "Invalid push request! Invalid content body");
    }
    for body in ["", "{", "{}", "[]"] {
        let reply = http.say("POST", CURRENT, "application/json", body).await;
        denied(&reply.json(400), "Invalid push request! ");
    }
    let no_base64 = json!({ "message": { "payload": "!", "contentTopic": CONTENT_TOPIC } });
    let reply = http.post(CURRENT, &no_base64).await;
    denied(&reply.json(400), "Invalid message! Incorrect base64 string");
    for (body, status, text) in unpublishable() {
        denied(&http.post(CURRENT, &body).await.json(status), text);
    }
}

fn wrapped(message: String) -> String {
    format!(r#"{{"message":{message}}}"#)
}

#[track_caller]
fn denied(outcome: &Json, start: &str) {
    let text = outcome["statusDesc"].as_str().unwrap();
    assert!(text.starts_with(start), "{text}");
    assert_eq!(outcome.as_object().unwrap().len(), 1, "{outcome}");
}

async fn refuses_legacy(http: &Http) {
    refuses_no_messages(http, LEGACY, wrapped).await;
    let no_base64 = json!({ "message": { "payload": "!", "contentTopic": CONTENT_TOPIC } });
    let reply = http.post(LEGACY, &no_base64).await;
    reply.text(400, "Invalid message: Incorrect base64 string");
    for (body, _, text) in unpublishable() {
        let start = format!("Failed to request a message push: {text}");
        http.post(LEGACY, &body).await.text_from(503, &start);
    }
}
