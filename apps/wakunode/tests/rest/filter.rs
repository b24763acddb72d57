//! `/filter/v2`: a light node, and a relay that pushes to it.

use serde_json::{Value as Json, json};

use super::{
    connect, message, of_shard, read,
    support::{
        CONTENT_TOPIC, SHARD,
        http::{Http, NOWHERE, encoded, served},
    },
};

const FILTER: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const SUBSCRIPTIONS: &str = "/filter/v2/subscriptions";
const ALL: &str = "/filter/v2/subscriptions/all";
const OTHER_TOPIC: &str = "/toychat/2/other/proto";

fn outcome(id: &str, text: &str) -> Json {
    json!({ "requestId": id, "statusDesc": text })
}

fn criteria(id: &str, topics: &[&str]) -> Json {
    json!({ "requestId": id, "contentFilters": topics })
}

fn pushed(topic: &str) -> String {
    format!("/filter/v2/messages/{}", encoded(topic))
}

async fn ping(http: &Http, id: &str) -> (u16, Json) {
    let reply = http.get(&format!("{SUBSCRIPTIONS}/{id}")).await;
    (reply.status, reply.json(reply.status))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_subscribed_to_is_pushed_until_it_is_taken_back() {
    let root = tempfile::tempdir().unwrap();
    let (relay, relaying) = served(&root.path().join("relay"), &[]).await;
    let (light, http) = served(&root.path().join("light"), &["--relay=false"]).await;
    serves_nobody(&http).await;
    connect(&light, &relay, FILTER).await;
    let none = outcome("1", "NOT_FOUND: peer has no subscriptions");
    assert_eq!(ping(&http, "1").await, (404, none));

    let mut wanted = criteria("2", &[CONTENT_TOPIC]);
    wanted["pubsubTopic"] = json!(SHARD);
    let subscribed = http.post(SUBSCRIPTIONS, &wanted).await;
    assert_eq!(subscribed.json(200), outcome("2", "OK"));
    // Without a shard it follows from the topic.
    let more = http
        .send("PUT", SUBSCRIPTIONS, &criteria("3", &[OTHER_TOPIC]))
        .await;
    assert_eq!(more.json(200), outcome("3", "OK"));
    assert_eq!(ping(&http, "4").await, (200, outcome("4", "OK")));
    assert_eq!(http.get(&pushed(CONTENT_TOPIC)).await.json(200), json!([]));

    for topic in [CONTENT_TOPIC, OTHER_TOPIC] {
        relaying.post(&of_shard(SHARD), &message(topic, 7)).await.ok();
        assert_eq!(http.drained(&pushed(topic)).await, [read(topic, 7)]);
        assert_eq!(http.get(&pushed(topic)).await.json(200), json!([]));
    }
    takes_back(&http).await;
    refuses_bad_bodies(&http).await;
    has_nothing_else(&http).await;
}

async fn serves_nobody(http: &Http) {
    let text = "SERVICE_UNAVAILABLE: No suitable service peer & no discovery method";
    for (method, path, body) in [
        ("POST", SUBSCRIPTIONS, criteria("a", &[CONTENT_TOPIC])),
        ("PUT", SUBSCRIPTIONS, criteria("a", &[CONTENT_TOPIC])),
        ("DELETE", SUBSCRIPTIONS, criteria("a", &[CONTENT_TOPIC])),
        ("DELETE", ALL, json!({ "requestId": "a" })),
    ] {
        let reply = http.send(method, path, &body).await;
        assert_eq!(reply.json(503), outcome("a", text), "{method} {path}");
    }
    assert_eq!(ping(http, "b").await, (503, outcome("b", text)));
    let unknown = http.get(&pushed(CONTENT_TOPIC)).await;
    unknown.text(400, &format!("Not subscribed to topic: {CONTENT_TOPIC}"));
}

async fn takes_back(http: &Http) {
    let one = http
        .send("DELETE", SUBSCRIPTIONS, &criteria("5", &[OTHER_TOPIC]))
        .await;
    assert_eq!(one.json(200), outcome("5", "OK"));
    let gone = http.get(&pushed(OTHER_TOPIC)).await;
    gone.text(400, &format!("Not subscribed to topic: {OTHER_TOPIC}"));
    let again = http
        .send("DELETE", SUBSCRIPTIONS, &criteria("6", &[OTHER_TOPIC]))
        .await;
    let none = "NOT_FOUND: peer has no subscriptions";
    assert_eq!(again.json(404), outcome("6", none));
    assert_eq!(ping(http, "7").await, (200, outcome("7", "OK")));

    let all = http.send("DELETE", ALL, &json!({ "requestId": "8" })).await;
    assert_eq!(all.json(200), outcome("8", "OK"));
    let gone = http.get(&pushed(CONTENT_TOPIC)).await;
    gone.text(400, &format!("Not subscribed to topic: {CONTENT_TOPIC}"));
    assert_eq!(ping(http, "9").await, (404, outcome("9", none)));
}

async fn refuses_bad_bodies(http: &Http) {
    for (method, path) in [
        ("POST", SUBSCRIPTIONS),
        ("PUT", SUBSCRIPTIONS),
        ("DELETE", SUBSCRIPTIONS),
        ("DELETE", ALL),
    ] {
        for (media_type, body) in [
            ("application/json", "{"),
            ("application/json", ""),
            ("application/json", "{}"),
            ("application/json", r#"{"requestId":1,"contentFilters":["/a"]}"#),
            // The other groups take text, this one does not.
            (
                "text/plain",
                r#"{"requestId":"a","contentFilters":["/toychat/2/a/proto"]}"#,
            ),
        ] {
            let reply = http.say(method, path, media_type, body).await.json(400);
            let text = reply["statusDesc"].as_str().unwrap();
            assert_eq!(reply["requestId"], "unknown", "{method} {path} {body}");
            assert!(
                text.starts_with("BAD_REQUEST: Failed to decode request"),
                "{method} {path} {body}: {text}"
            );
        }
    }
    let empty = http.post(SUBSCRIPTIONS, &criteria("a", &[])).await.json(400);
    assert_eq!(empty["requestId"], "unknown");
    let mut nowhere = criteria("b", &[CONTENT_TOPIC]);
    nowhere["pubsubTopic"] = json!("/nowhere");
    let reply = http.post(SUBSCRIPTIONS, &nowhere).await.json(400);
    assert_eq!(reply["requestId"], "b");
    let text = reply["statusDesc"].as_str().unwrap();
    assert!(text.starts_with("BAD_REQUEST: "), "{text}");
}

async fn has_nothing_else(http: &Http) {
    for (method, path) in [
        ("GET", SUBSCRIPTIONS),
        ("POST", ALL),
        ("POST", "/filter/v2/messages/a"),
        ("GET", "/filter/v1/messages/a"),
        ("OPTIONS", SUBSCRIPTIONS),
    ] {
        http.ask(method, path, &[], String::new())
            .await
            .text(400, NOWHERE);
    }
}
