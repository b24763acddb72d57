//! What a service answers who asks too often.

use serde_json::json;

use super::{
    connect, message,
    support::{
        CONTENT_TOPIC,
        http::{Http, Reply, served},
    },
};

/// Asks until the service has had enough, and gives the last answer.
async fn too_often(http: &Http, method: &str, path: &str, body: &serde_json::Value) -> Reply {
    for _ in 0..10 {
        let reply = http.send(method, path, body).await;
        if reply.status == 429 {
            return reply;
        }
    }
    panic!("{method} {path} is answered ten times");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_so_in_the_words_of_each_protocol() {
    let root = tempfile::tempdir().unwrap();
    let limits = [
        "--store",
        "--rate-limit=store:2/1h",
        "--rate-limit=filter:2/1h",
        "--rate-limit=lightpush:2/1h",
    ];
    let (service, _) = served(&root.path().join("service"), &limits).await;
    let (light, http) = served(&root.path().join("light"), &["--relay=false"]).await;
    connect(&light, &service, "/vac/waku/store-query/3.0.0").await;

    let stored = too_often(&http, "GET", "/store/v3/messages", &json!(null)).await;
    stored.text(429, "Request rate limit reached");
    let filtered = too_often(&http, "GET", "/filter/v2/subscriptions/1", &json!(null)).await;
    let outcome =
        json!({ "requestId": "1", "statusDesc": "filter request rejected due rate limit exceeded" });
    assert_eq!(filtered.json(429), outcome);
    let push = json!({ "message": message(CONTENT_TOPIC, 1) });
    let pushed = too_often(&http, "POST", "/lightpush/v3/message", &push).await;
    let outcome = json!({ "statusDesc": "Request rejected due to too many requests" });
    assert_eq!(pushed.json(429), outcome);
    // The word is nwaku's.
    let pushed = too_often(&http, "POST", "/lightpush/v1/message", &push).await;
    pushed.text(429, "Request rate limmit reached");
}
