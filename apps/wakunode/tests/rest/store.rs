//! `/store/v3/messages`: of the own archive, of a peer that is named, and of one that is connected.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use super::{
    HELLO, STRANGER, connect, message, now, of_shard, read,
    support::{
        CONTENT_TOPIC, SHARD,
        http::{Http, NOWHERE, encoded, served},
        until,
    },
};

const STORE: &str = "/store/v3/messages";
const OTHER_SHARD: &str = "/waku/2/rs/99/4";
const OTHER_TOPIC: &str = "/toychat/2/other/proto";

/// Messages of the shard and its topic; then there are two others.
const MANY: usize = 105;

/// The content topic, the shard and the timestamp of each message of the archive, the oldest first.
fn archived(since: i64) -> Vec<(&'static str, &'static str, i64)> {
    let many = (0..MANY).map(|_| (CONTENT_TOPIC, SHARD));
    let others = [(OTHER_TOPIC, SHARD), (CONTENT_TOPIC, OTHER_SHARD)];
    let times = (0..).map(|number| since + number * 1000);
    many.chain(others)
        .zip(times)
        .map(|((topic, shard), time)| (topic, shard, time))
        .collect()
}

/// A page, which is whole.
async fn page(http: &Http, query: &str) -> Json {
    let page = http.get(&format!("{STORE}?{query}")).await.json(200);
    let told = (&page["statusCode"], &page["statusDesc"]);
    assert_eq!(told, (&json!(200), &json!("OK")), "{query}");
    assert!(page["requestId"].is_string(), "{query}: {page}");
    page
}

/// The timestamps of a page.
fn times(page: &Json) -> Vec<i64> {
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|it| it["message"]["timestamp"].as_i64().unwrap())
        .collect()
}

fn hashes(page: &Json) -> Vec<String> {
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|it| it["messageHash"].as_str().unwrap().to_owned())
        .collect()
}

/// All pages, one after the other.
async fn pages(http: &Http, query: &str) -> Vec<Vec<i64>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(http, &format!("includeData=true&{query}&cursor={cursor}")).await;
        all.push(times(&page));
        match page.get("paginationCursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_the_archive_is_read_by_every_parameter() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(&root.path().join("archive"), &["--store"]).await;
    let all = archived(now());
    for (topic, shard, time) in &all {
        http.post(&of_shard(shard), &message(topic, *time)).await.ok();
    }
    until("everything is stored", || async {
        node.stored().await.len() == all.len()
    })
    .await;
    let expected: Vec<i64> = all.iter().map(|(_, _, time)| *time).collect();

    shapes(&http, &all).await;
    selects(&http, &expected).await;
    turns_pages(&http, &expected).await;
    refuses_nonsense(&http).await;

    let (client, asking) = served(&root.path().join("client"), &[]).await;
    let nobody = asking.get(STORE).await;
    nobody.text(412, "No suitable service peer & no discovery method");
    of_peers(&asking, &node.address().await, &expected).await;
    connect(&client, &node, "/vac/waku/store-query/3.0.0").await;
    let connected = page(&asking, "includeData=true&pageSize=2").await;
    assert_eq!(times(&connected), expected[..2]);
}

async fn shapes(http: &Http, all: &[(&str, &str, i64)]) {
    // Twenty messages, and of them only the hashes.
    let first = page(http, "").await;
    assert_eq!(first.as_object().unwrap().len(), 5, "{first}");
    let messages = first["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 20);
    for message in messages {
        let hash = message["messageHash"].as_str().unwrap();
        let digits = hash.strip_prefix("0x").unwrap();
        assert!(
            digits.len() == 64 && digits.bytes().all(|it| it.is_ascii_hexdigit()),
            "{hash}"
        );
        assert_eq!(message.as_object().unwrap().len(), 1, "{message}");
    }
    assert_eq!(first["paginationCursor"], messages[19]["messageHash"]);
    let whole = page(http, "includeData=true&pageSize=1").await;
    let (topic, shard, time) = all[0];
    let expected = json!({
        "messageHash": messages[0]["messageHash"], "message": read(topic, time), "pubsubTopic": shard,
    });
    assert_eq!(whole["messages"], json!([expected]));
    assert_eq!(whole["messages"][0]["message"]["payload"], HELLO);
}

async fn selects(http: &Http, all: &[i64]) {
    let found = async |query: String| times(&page(http, &format!("includeData=true&{query}")).await);
    let (topic, other) = (encoded(CONTENT_TOPIC), encoded(OTHER_TOPIC));
    let of_shard = found(format!("pubsubTopic={}&pageSize=100", encoded(OTHER_SHARD))).await;
    assert_eq!(of_shard, [all[MANY + 1]]);
    assert_eq!(found(format!("contentTopics={other}")).await, [all[MANY]]);
    let both = format!(
        "contentTopics={topic},{other}&startTime={}&pageSize=100",
        all[MANY - 1]
    );
    assert_eq!(found(both).await, all[MANY - 1..]);
    let within = format!("startTime={}&endTime={}", all[3], all[5]);
    assert_eq!(found(within).await, all[3..=5], "both ends count");
    assert_eq!(
        found("startTime=-1&endTime=0&pageSize=3".to_owned()).await,
        all[..3]
    );
    assert_eq!(found("pageSize=1000".to_owned()).await, all[..100]);
    let nothing = page(http, &format!("contentTopics={}", encoded("/a/1/b/c"))).await;
    assert_eq!(nothing["messages"], json!([]));

    let known = hashes(&page(http, "pageSize=3").await);
    let by_hash = page(
        http,
        &format!("includeData=true&hashes={},{}", known[0], encoded(&known[2])),
    )
    .await;
    assert_eq!(times(&by_hash), [all[0], all[2]]);
    let unknown = page(http, &format!("hashes=0x{}", "11".repeat(32))).await;
    assert_eq!(unknown["messages"], json!([]));
}

async fn turns_pages(http: &Http, all: &[i64]) {
    let forward = pages(http, "pageSize=50").await;
    assert_eq!(
        forward,
        [all[..50].to_vec(), all[50..100].to_vec(), all[100..].to_vec()]
    );
    // The newest page first, and the oldest message first in each.
    let backward = pages(http, "pageSize=50&ascending=false").await;
    let (count, ascending) = (all.len(), "ascending=true&pageSize=100");
    assert_eq!(
        backward,
        [
            all[count - 50..].to_vec(),
            all[count - 100..count - 50].to_vec(),
            all[..count - 100].to_vec()
        ]
    );
    let once: HashSet<i64> = pages(http, ascending).await.concat().into_iter().collect();
    assert_eq!(once.len(), count);
}

async fn refuses_nonsense(http: &Http) {
    for (query, text) in [
        ("startTime=abc", "time parsing error: invalid integer: abc"),
        ("endTime=1.5", "time parsing error: invalid integer: 1.5"),
        ("pageSize=abc", "page size parsing error: invalid integer: abc"),
        (
            "includeData=perhaps",
            "include data parsing error: cannot interpret as a bool: perhaps",
        ),
        (
            "hashes=0x1234",
            "waku message hash parsing error: invalid hash length: 2",
        ),
        (
            "cursor=test",
            "Exception converting hex string to bytes: t is not a hexadecimal character",
        ),
        (
            "peerAddr=incorrect+multi+address+format",
            "Failed parsing remote peer info: MultiAddress.init [multiaddress: Invalid MultiAddress, must start with `/`]",
        ),
    ] {
        http.get(&format!("{STORE}?{query}")).await.text(400, text);
    }
    let nobody = format!("{STORE}?peerAddr={}", encoded("/ip4/127.0.0.1/tcp/1"));
    let reply = http.get(&nobody).await;
    reply.text_from(400, "Failed parsing remote peer info: ");
    let lost = http.get(&format!("{STORE}?cursor=0x{}", "11".repeat(32))).await;
    lost.text_from(500, "error in handleSelfStoreRequest: ");
    assert!(lost.body.contains("cursor not found"), "{}", lost.body);
    http.get("/store/v3/message").await.text(400, NOWHERE);
    http.post(STORE, &json!({})).await.text(400, NOWHERE);
}

async fn of_peers(http: &Http, address: &str, all: &[i64]) {
    let peer = format!("peerAddr={}", encoded(address));
    let named = page(http, &format!("{peer}&includeData=true&pageSize=2")).await;
    assert_eq!(times(&named), all[..2]);
    let cursor = named["paginationCursor"].as_str().unwrap();
    let next = page(
        http,
        &format!("{peer}&includeData=true&pageSize=2&cursor={cursor}"),
    )
    .await;
    assert_eq!(times(&next), all[2..4]);

    let lost = http
        .get(&format!("{STORE}?{peer}&cursor=0x{}", "11".repeat(32)))
        .await;
    lost.text_from(500, "Error occurred in queryFut.read() [");
    assert!(lost.body.contains("cursor not found"), "{}", lost.body);
    let away = http.get(&format!("{STORE}?peerAddr={}", encoded(STRANGER))).await;
    away.text_from(500, "Error occurred in queryFut.read() [PEER_DIAL_FAILURE");
}
