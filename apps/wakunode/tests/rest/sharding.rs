//! `/relay/v1/auto`: content topics, whose shards follow from them.

use serde_json::json;

use super::{
    connect, meshed, message, of_content, of_shard, read, refuses_no_messages,
    support::{
        CONTENT_TOPIC, SHARD,
        http::{Http, served},
    },
};

const SUBSCRIPTIONS: &str = "/relay/v1/auto/subscriptions";
const MESSAGES: &str = "/relay/v1/auto/messages";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_comes_by_its_content_topic_or_its_shard_once() {
    let root = tempfile::tempdir().unwrap();
    let (sender, sending) = served(&root.path().join("sender"), &[]).await;
    let alone = sending.post(MESSAGES, &message(CONTENT_TOPIC, 1)).await;
    alone.text(
        400,
        "Failed to publish: publish failed in relay: NoPeersToPublish",
    );

    let (reader, reading) = served(&root.path().join("reader"), &[]).await;
    reading
        .get(&of_content(CONTENT_TOPIC))
        .await
        .text(404, CONTENT_TOPIC);
    reading.post(SUBSCRIPTIONS, &json!([CONTENT_TOPIC])).await.ok();
    assert_eq!(reading.get(&of_content(CONTENT_TOPIC)).await.json(200), json!([]));
    connect(&reader, &sender, "/vac/waku/relay/2.0.0").await;
    meshed(&sender, SHARD).await;

    sending.post(MESSAGES, &message(CONTENT_TOPIC, 2)).await.ok();
    assert_eq!(
        reading.drained(&of_content(CONTENT_TOPIC)).await,
        [read(CONTENT_TOPIC, 2)]
    );
    assert_eq!(reading.get(&of_shard(SHARD)).await.json(200), json!([]));
    sending.post(MESSAGES, &message(CONTENT_TOPIC, 3)).await.ok();
    assert_eq!(reading.drained(&of_shard(SHARD)).await, [read(CONTENT_TOPIC, 3)]);
    assert_eq!(reading.get(&of_content(CONTENT_TOPIC)).await.json(200), json!([]));

    reading
        .send("DELETE", SUBSCRIPTIONS, &json!([CONTENT_TOPIC]))
        .await
        .ok();
    reading
        .get(&of_content(CONTENT_TOPIC))
        .await
        .text(404, CONTENT_TOPIC);
    refuses_what_has_no_shard(&sending).await;
}

async fn refuses_what_has_no_shard(http: &Http) {
    for (topic, why) in [
        (
            "invalid",
            "Autosharding error: invalid format: content-topic 'invalid' must start with slash",
        ),
        ("/a/1//c", "Autosharding error: missing part: topic-name"),
        (
            "/1/a/1/b/c",
            "Autosharding error: Generation > 0 are not supported yet",
        ),
    ] {
        let published = http.post(MESSAGES, &message(topic, 4)).await;
        published.text(400, &format!("Failed to publish. {why}"));
        let subscribed = http.post(SUBSCRIPTIONS, &json!([topic])).await;
        subscribed.text_from(500, "Subscribe failed:");
    }
    for method in ["POST", "DELETE"] {
        let reply = http.say(method, SUBSCRIPTIONS, "application/json", "[1]").await;
        reply.text_from(400, "Invalid content body, could not decode. ");
    }
    refuses_no_messages(http, MESSAGES, |body| body).await;
    let large = json!({ "payload": "A".repeat(204_800), "contentTopic": CONTENT_TOPIC });
    http.post(MESSAGES, &large).await.text(
        400,
        "Failed to publish: Message size exceeded maximum of 153600 bytes",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn content_topics_of_the_command_line_can_be_read_from_the_start() {
    let root = tempfile::tempdir().unwrap();
    let topic = format!("--content-topic={CONTENT_TOPIC}");
    // Their shard is another than the one that is named.
    let (_node, http) = served(root.path(), &["--shard=0", &topic]).await;
    assert_eq!(http.get(&of_content(CONTENT_TOPIC)).await.json(200), json!([]));
    http.post(&of_shard(SHARD), &message(CONTENT_TOPIC, 1)).await.ok();
    assert_eq!(
        http.drained(&of_content(CONTENT_TOPIC)).await,
        [read(CONTENT_TOPIC, 1)]
    );
}
