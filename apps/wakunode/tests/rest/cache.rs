//! How many messages wait to be read.

use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::{
    message, of_content, of_shard, read,
    support::{
        PAUSE, SHARD,
        http::{Http, served},
    },
};

const OTHER_SHARD: &str = "/waku/2/rs/99/4";
const TOPIC: &str = "/a/1/b/c";
const LAST: &str = "/last/1/b/c";

/// The messages of the topic that the last message alone has, once it is there: whatever gives way has done so by then.
async fn last(http: &Http) -> Json {
    for _ in 0..200 {
        let reply = http.get(&of_content(LAST)).await;
        if reply.status == 200 {
            return reply.json(200);
        }
        reply.text(404, LAST);
        sleep(PAUSE).await;
    }
    panic!("the last message does not come");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_topics_share_the_room_and_the_smallest_timestamp_gives_way() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served(root.path(), &["--rest-relay-cache-capacity=3"]).await;
    for (shard, topic, timestamp) in [
        (SHARD, TOPIC, 5),
        (OTHER_SHARD, TOPIC, 9),
        (SHARD, TOPIC, 7),
        (SHARD, LAST, 8),
    ] {
        http.post(&of_shard(shard), &message(topic, timestamp)).await.ok();
    }
    assert_eq!(last(&http).await, json!([read(LAST, 8)]));
    assert_eq!(
        http.get(&of_shard(SHARD)).await.json(200),
        json!([read(TOPIC, 7)])
    );
    let of_other = http.get(&of_shard(OTHER_SHARD)).await;
    assert_eq!(of_other.json(200), json!([read(TOPIC, 9)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_messages_wait_unless_the_command_line_says_otherwise() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served(root.path(), &[]).await;
    for timestamp in 1..=51 {
        http.post(&of_shard(SHARD), &message(TOPIC, timestamp)).await.ok();
    }
    http.post(&of_shard(SHARD), &message(LAST, 52)).await.ok();
    assert_eq!(last(&http).await, json!([read(LAST, 52)]));
    let messages = http.get(&of_shard(SHARD)).await.list(200);
    let times: Vec<i64> = messages
        .iter()
        .map(|it| it["timestamp"].as_i64().unwrap())
        .collect();
    assert_eq!(times, (3..=51).collect::<Vec<_>>());
}
