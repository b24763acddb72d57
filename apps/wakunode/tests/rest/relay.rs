//! `/relay/v1` with shards that are named.

use serde_json::json;

use super::{
    HELLO, message, of_content, of_shard, read, refuses_no_messages,
    support::http::{Http, NOWHERE, served, served_sharded},
};

const FIRST: &str = "/waku/2/rs/99/0";
const SECOND: &str = "/waku/2/rs/99/1";
const TOPIC: &str = "/a/1/b/c";
const SUBSCRIPTIONS: &str = "/relay/v1/subscriptions";

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_subscribed_to_read_and_taken_back() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served_sharded(root.path(), 0, &["--shard=0"]).await;
    // That of the configuration is there from the start.
    assert_eq!(http.get(&of_shard(FIRST)).await.json(200), json!([]));
    http.get(&of_shard(SECOND)).await.text(404, "");

    let both = json!([FIRST, SECOND]).to_string();
    http.say("POST", SUBSCRIPTIONS, "text/plain; charset=utf-8", &both)
        .await
        .ok();
    assert_eq!(http.get(&of_shard(SECOND)).await.json(200), json!([]));
    http.post(&of_shard(SECOND), &message(TOPIC, 7)).await.ok();
    assert_eq!(http.drained(&of_shard(SECOND)).await, [read(TOPIC, 7)]);
    assert_eq!(http.get(&of_shard(SECOND)).await.json(200), json!([]));

    http.send("DELETE", SUBSCRIPTIONS, &json!([SECOND])).await.ok();
    http.get(&of_shard(SECOND)).await.text(404, "");
    assert_eq!(http.get(&of_shard(FIRST)).await.json(200), json!([]));
    let unsubscribed = http.post(&of_shard(SECOND), &message(TOPIC, 8)).await;
    unsubscribed.text(
        400,
        &format!("Failed to publish: Node not subscribed to topic: {SECOND}"),
    );
    refuses_no_lists(&http).await;
    has_options_and_nothing_else(&http).await;
    knows_no_autosharding(&http).await;
}

async fn refuses_no_lists(http: &Http) {
    for method in ["POST", "DELETE"] {
        let topics = json!([FIRST, "/test/2/topic", "/waku/2/rs/1"]);
        let named = http.send(method, SUBSCRIPTIONS, &topics).await;
        named.text(
            400,
            r#"Invalid pubsub topic(s): @["/test/2/topic", "/waku/2/rs/1"]"#,
        );
        for body in ["{", "{}", "[1]", "\"/waku/2/rs/99/0\""] {
            let reply = http.say(method, SUBSCRIPTIONS, "application/json", body).await;
            reply.text_from(400, "Invalid content body, could not decode. ");
        }
        let empty = http.say(method, SUBSCRIPTIONS, "application/json", "").await;
        empty.text(400, "Missing content body");
    }
    let other = http.post(SUBSCRIPTIONS, &json!(["/waku/2/rs/7/0"])).await;
    other.text_from(500, "Subscribe failed:");
    http.get(&of_shard("/waku/2/rs/7/0")).await.text(404, "");
}

async fn has_options_and_nothing_else(http: &Http) {
    for path in [
        SUBSCRIPTIONS,
        &of_shard(FIRST),
        "/relay/v1/auto/subscriptions",
        &of_content(TOPIC),
        "/relay/v1/auto/messages",
    ] {
        http.ask("OPTIONS", path, &[], String::new()).await.ok();
    }
    for (method, path) in [
        ("GET", SUBSCRIPTIONS),
        ("PUT", SUBSCRIPTIONS),
        ("DELETE", &*of_shard(FIRST)),
        ("GET", "/relay/v1/messages"),
        ("GET", "/relay/v2/messages/a"),
        ("GET", "/relay"),
    ] {
        http.ask(method, path, &[], String::new())
            .await
            .text(400, NOWHERE);
    }
}

async fn knows_no_autosharding(http: &Http) {
    let subscribed = http.post("/relay/v1/auto/subscriptions", &json!([TOPIC])).await;
    subscribed.text_from(500, "Subscribe failed:");
    let published = http.post("/relay/v1/auto/messages", &message(TOPIC, 9)).await;
    published.text(400, "Failed to publish. Autosharding is disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_read_as_it_was_sent_or_refused_with_a_reason() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served_sharded(root.path(), 0, &["--shard=0"]).await;
    let path = of_shard(FIRST);
    let whole = json!({
        "payload": HELLO, "contentTopic": TOPIC, "version": 2, "timestamp": 1_700_000_000_000_000_001_i64,
        "meta": "bWV0YQ==", "ephemeral": true, "proof": "cHJvb2Y=",
    });
    let mut sent = whole.clone();
    sent["nobody knows"] = json!([1]);
    http.say("POST", &path, "text/plain", &sent.to_string())
        .await
        .ok();
    assert_eq!(http.drained(&path).await, [whole]);

    let least = json!({ "payload": HELLO, "contentTopic": TOPIC });
    http.post(&path, &least).await.ok();
    let mut read_back = http.drained(&path).await.remove(0);
    let timestamp = read_back["timestamp"].take().as_i64().unwrap();
    assert!((super::now() - timestamp).abs() < 60_000_000_000, "{timestamp}");
    let mut expected = read(TOPIC, 0);
    expected["timestamp"].take();
    assert_eq!(read_back, expected);

    // The same once more is no error, and is not read twice.
    http.post(&path, &message(TOPIC, 5)).await.ok();
    http.post(&path, &message(TOPIC, 5)).await.ok();
    http.post(&path, &message(TOPIC, 6)).await.ok();
    let mut messages = http.drained(&path).await;
    while messages.len() < 2 {
        messages.extend(http.drained(&path).await);
    }
    assert_eq!(messages, [read(TOPIC, 5), read(TOPIC, 6)]);

    refuses_no_messages(&http, &path, |body| body).await;
    let no_base64 = json!({ "payload": "!", "contentTopic": TOPIC });
    http.post(&path, &no_base64)
        .await
        .text(400, "Incorrect base64 string");
    let large = json!({ "payload": "A".repeat(204_800), "contentTopic": TOPIC });
    http.post(&path, &large).await.text(
        400,
        "Failed to publish: Message size exceeded maximum of 153600 bytes",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_the_whole_group_says_which_flag_it_lacks() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served(root.path(), &["--relay=false"]).await;
    for (method, path) in [
        ("GET", &*of_shard(FIRST)),
        ("POST", SUBSCRIPTIONS),
        ("OPTIONS", SUBSCRIPTIONS),
        ("GET", "/relay/nothing"),
    ] {
        http.ask(method, path, &[], String::new()).await.text(
            404,
            "/relay endpoints are not available. Please check your configuration: --relay",
        );
    }
}
