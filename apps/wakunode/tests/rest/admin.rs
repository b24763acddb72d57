//! `/admin/v1`.

use serde_json::{Value as Json, json};

use super::{
    STRANGER, connect, meshed,
    support::{
        CONTENT_TOPIC, SHARD, Wakunode,
        http::{Http, NOWHERE, served},
        until,
    },
};

const RELAY: &str = "/vac/waku/relay/2.0.0";
const FILTER: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const PEERS: &str = "/admin/v1/peers";
const SUBSCRIBERS: &str = "/admin/v1/filter/subscriptions";

/// The fields of a peer, by their names.
const FIELDS: [&str; 7] = [
    "agent",
    "connected",
    "multiaddr",
    "origin",
    "protocols",
    "score",
    "shards",
];

async fn id(node: &Wakunode) -> String {
    node.info().await["peer_id"].as_str().unwrap().to_owned()
}

/// The peer of this id, which has every field and no other.
fn peer<'a>(peers: &'a Json, id: &str) -> &'a Json {
    let mut peers = peers.as_array().unwrap().iter();
    let found = peers.find(|it| it["multiaddr"].as_str().unwrap().ends_with(&format!("/p2p/{id}")));
    let peer = found.unwrap();
    let mut fields: Vec<&String> = peer.as_object().unwrap().keys().collect();
    fields.sort_unstable();
    assert_eq!(fields, FIELDS, "{peer}");
    peer
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_flag_the_group_says_which_it_is() {
    let root = tempfile::tempdir().unwrap();
    let (_node, http) = served(root.path(), &[]).await;
    for path in [PEERS, SUBSCRIBERS, "/admin/v1/nothing"] {
        http.get(path).await.text(
            404,
            "/admin endpoints are not available. Please check your configuration: --rest-admin=true",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_are_connected_to_and_listed_in_every_way() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(&root.path().join("node"), &["--rest-admin"]).await;
    let (other, _) = served(
        &root.path().join("other"),
        &["--agent-string=the other", "--store"],
    )
    .await;
    assert_eq!(http.get(PEERS).await.json(200), json!([]));
    connects(&http, &other.address().await).await;
    meshed(&node, SHARD).await;
    let other = id(&other).await;
    until("the peer is known", || async {
        let all = http.get(PEERS).await.json(200);
        let peer = peer(&all, &other);
        peer["shards"] == json!([0, 1, 2, 3, 4, 5, 6, 7]) && peer["agent"] == "the other"
    })
    .await;

    lists(&http, &other).await;
    lists_shards(&http, &other).await;
    counts(&http).await;
    for (method, path) in [
        ("DELETE", PEERS),
        ("GET", "/admin/v1/peers/nobody"),
        ("GET", "/admin/v2/peers"),
        ("GET", "/admin/v1/log-level/DEBUG"),
        ("GET", "/admin"),
    ] {
        http.ask(method, path, &[], String::new())
            .await
            .text(400, NOWHERE);
    }
}

async fn connects(http: &Http, address: &str) {
    http.post(PEERS, &json!([])).await.ok();
    http.post(PEERS, &json!([address])).await.ok();
    // It is connected already, and the second cannot be reached.
    let second = http.post(PEERS, &json!([address, STRANGER])).await;
    second.text(
        400,
        &format!("Failed to connect to peer at index: 1 - {STRANGER}"),
    );
    for nobody in ["nonsense", "/ip4/127.0.0.1/tcp/1", "/nothing/p2p/1"] {
        let reply = http.post(PEERS, &json!([nobody])).await;
        reply.text_from(400, "Couldn't parse remote peer info: ");
    }
    for body in ["", "{", "[1]"] {
        let reply = http.say("POST", PEERS, "application/json", body).await;
        reply.text_from(400, "Failed to decode request: ");
    }
}

async fn lists(http: &Http, other: &str) {
    let all = http.get(PEERS).await.json(200);
    let known = peer(&all, other);
    assert_eq!(
        (&known["connected"], &known["score"]),
        (&json!("Connected"), &Json::Null)
    );
    assert!(known["origin"].is_string(), "{known}");
    let protocols = known["protocols"].as_array().unwrap();
    assert!(protocols.contains(&json!(RELAY)), "{known}");
    for path in ["/connected", "/connected/on/3"] {
        let listed = http.get(&format!("{PEERS}{path}")).await.json(200);
        assert_eq!(peer(&listed, other), known, "{path}");
    }
    let none = http.get(&format!("{PEERS}/connected/on/9")).await;
    assert_eq!(none.json(200), json!([]));
    let one = http.get(&format!("/admin/v1/peer/{other}")).await.json(200);
    assert_eq!(&one, known);
    let (_, stranger) = STRANGER.rsplit_once('/').unwrap();
    let unknown = http.get(&format!("/admin/v1/peer/{stranger}")).await;
    unknown.text(404, &format!("Peer with ID {stranger} not found"));
    let wrong = http.get("/admin/v1/peer/nonsense").await;
    wrong.text(400, "Invalid argument:peerid: incorrect PeerId string");

    let services = http.get(&format!("{PEERS}/service")).await.json(200);
    assert_eq!(
        peer(&services, other)["protocols"],
        json!([
            RELAY,
            FILTER,
            "/vac/waku/store-query/3.0.0",
            "/vac/waku/lightpush/2.0.0-beta1",
            "/vac/waku/lightpush/3.0.0",
        ])
    );
}

async fn lists_shards(http: &Http, other: &str) {
    for kind in ["relay", "mesh"] {
        let all = http.get(&format!("{PEERS}/{kind}")).await.list(200);
        let numbers: Vec<&Json> = all.iter().map(|it| &it["shard"]).collect();
        assert_eq!(json!(numbers), json!([0, 1, 2, 3, 4, 5, 6, 7]));
        let of_shard = http.get(&format!("{PEERS}/{kind}/on/3")).await.json(200);
        assert_eq!(of_shard.as_object().unwrap().len(), 2);
        assert_eq!(of_shard["shard"], 3);
        let scored = peer(&of_shard["peers"], other);
        assert!(scored["score"].is_number(), "{scored}");
        let empty = http.get(&format!("{PEERS}/{kind}/on/9")).await;
        assert_eq!(empty.json(200), json!({ "shard": 9, "peers": [] }));
    }
    for kind in ["connected", "relay", "mesh"] {
        for number in ["abc", "70000", "-1", "%20"] {
            let reply = http.get(&format!("{PEERS}/{kind}/on/{number}")).await;
            reply.text_from(400, "Invalid shardId: ");
        }
    }
}

async fn counts(http: &Http) {
    let stats = http.get(&format!("{PEERS}/stats")).await.json(200);
    assert_eq!(stats.as_object().unwrap().len(), 5);
    assert_eq!(stats["Sum"], json!({ "Total peers": 1 }));
    assert_eq!(
        stats["By Connectedness"],
        json!({ "Connected": 1, "NotConnected": 0, "CannotConnect": 0, "CanConnect": 0 })
    );
    for (group, total) in [
        ("Relay peers", "Total relay peers"),
        ("Mesh peers", "Total mesh peers"),
    ] {
        let group = stats[group].as_object().unwrap();
        assert_eq!(group.len(), 9, "{stats}");
        let shards = group.iter().filter(|(name, _)| *name != total);
        let sum: u64 = shards.map(|(_, count)| count.as_u64().unwrap()).sum();
        assert_eq!(group[total], sum);
        assert_eq!(group["3"], 1);
    }
    let protocols = stats["By Protocols"].as_object().unwrap();
    assert_eq!((protocols.len(), &protocols[RELAY]), (8, &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_of_filter_are_listed() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(&root.path().join("node"), &["--rest-admin"]).await;
    assert_eq!(http.get(SUBSCRIBERS).await.json(200), json!([]));
    let (light, asking) = served(&root.path().join("light"), &["--relay=false"]).await;
    connect(&light, &node, FILTER).await;
    let criteria = json!({ "requestId": "1", "contentFilters": [CONTENT_TOPIC] });
    asking.post("/filter/v2/subscriptions", &criteria).await.json(200);
    let criterion = json!({ "pubsubTopic": SHARD, "contentTopic": CONTENT_TOPIC });
    assert_eq!(
        http.get(SUBSCRIBERS).await.json(200),
        json!([{ "peerId": id(&light).await, "filterCriteria": [criterion] }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_mounted_is_told() {
    let root = tempfile::tempdir().unwrap();
    let flags = ["--rest-admin", "--relay=false", "--filter=false"];
    let (_node, http) = served(root.path(), &flags).await;
    for path in ["/relay", "/mesh", "/relay/on/1", "/mesh/on/1"] {
        let reply = http.get(&format!("{PEERS}{path}")).await;
        reply.text(503, "Error: Relay Protocol is not mounted to the node");
    }
    let bad = http.get(&format!("{PEERS}/relay/on/x")).await;
    bad.text_from(400, "Invalid shardId: ");
    let subscribers = http.get(SUBSCRIBERS).await;
    subscribers.text(400, "Error: Filter Protocol is not mounted to the node");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_more_or_less_from_then_on() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(root.path(), &["--rest-admin"]).await;
    let set = async |level: &str| {
        http.post(&format!("/admin/v1/log-level/{level}"), &json!(null))
            .await
    };
    let lines = |level: &str| {
        let log = node.log.lock().unwrap();
        log.iter().filter(|line| line.starts_with(level)).count()
    };
    assert_eq!(lines("DBG "), 0);
    set("DEBUG").await.ok();
    until("there are lines of that level", || async {
        // Failing to connect is told.
        http.post(PEERS, &json!([STRANGER])).await;
        lines("DBG ") > 0
    })
    .await;
    for level in ["TRACE", "debug", "Info", "NOTICE", "WARN", "ERROR", "FATAL"] {
        set(level).await.ok();
    }
    let loud = set("LOUD").await;
    loud.text(
        400,
        "Invalid log-level: LOUD. Please specify one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR or FATAL",
    );
    set("%20").await.text(400, "Invalid log-level, it can’t be empty");
}
