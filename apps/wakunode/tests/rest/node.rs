//! `/health`, `/info` and `/version`.

use serde_json::{Value as Json, json};

use super::{
    connect,
    support::{
        http::{Http, NOWHERE, served},
        until,
    },
};

const RELAY: &str = "/vac/waku/relay/2.0.0";

/// All names.
const PROTOCOLS: [&str; 13] = [
    "Relay",
    "Lightpush",
    "Legacy Lightpush",
    "Filter",
    "Store",
    "Peer Exchange",
    "Rendezvous",
    "Mix",
    "Lightpush Client",
    "Legacy Lightpush Client",
    "Store Client",
    "Filter Client",
    "Rln Relay",
];

/// A protocol of `/health`.
fn protocol<'a>(health: &'a Json, name: &str) -> &'a Json {
    let all = health["protocolsHealth"].as_array().unwrap();
    all.iter().find(|it| it.get(name).is_some()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_what_each_protocol_lacks() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(&root.path().join("node"), &["--store"]).await;
    let health = http.get("/health").await.json(200);
    assert_eq!(health.as_object().unwrap().len(), 3);
    assert_eq!(
        (&health["nodeHealth"], &health["connectionStatus"]),
        (&json!("READY"), &json!("Disconnected"))
    );
    assert_eq!(
        health["protocolsHealth"].as_array().unwrap().len(),
        PROTOCOLS.len()
    );
    for (name, expected) in [
        (
            "Relay",
            json!({ "Relay": "NOT_READY", "desc": "No connected peers" }),
        ),
        ("Store", json!({ "Store": "READY" })),
        ("Rendezvous", json!({ "Rendezvous": "NOT_MOUNTED" })),
        (
            "Filter Client",
            json!({ "Filter Client": "NOT_READY", "desc": "No Filter service peer available yet" }),
        ),
    ] {
        assert_eq!(protocol(&health, name), &expected);
    }
    for name in PROTOCOLS {
        let state = protocol(&health, name)[name].as_str().unwrap();
        assert!(
            ["READY", "NOT_READY", "NOT_MOUNTED"].contains(&state),
            "{name}: {state}"
        );
    }

    let (other, _) = served(&root.path().join("other"), &[]).await;
    connect(&node, &other, RELAY).await;
    until("a relay peer makes a relay ready", || async {
        let health = http.get("/health").await.json(200);
        health["connectionStatus"] == "PartiallyConnected"
            && protocol(&health, "Relay") == &json!({ "Relay": "READY" })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn info_and_version_are_told_by_both_of_their_paths() {
    let root = tempfile::tempdir().unwrap();
    let (node, http) = served(root.path(), &["--version-string=v0.38.1-rc.0"]).await;
    let known = node.info().await;
    for path in ["/info", "/debug/v1/info"] {
        let info = http.get(path).await.json(200);
        let expected = json!({ "listenAddresses": known["listen_addresses"], "enrUri": known["enr"] });
        assert_eq!(info, expected);
        assert!(info["enrUri"].as_str().unwrap().starts_with("enr:"));
    }
    for path in ["/version", "/debug/v1/version"] {
        http.get(path).await.text(200, "v0.38.1-rc.0");
    }
    has_nothing_else(&http).await;
}

async fn has_nothing_else(http: &Http) {
    for path in [
        "/",
        "/debug",
        "/debug/v2/info",
        "/debug/v1/info/",
        "/healthy",
        "/store/v1/messages",
    ] {
        http.get(path).await.text(400, NOWHERE);
    }
    for path in ["/health", "/info", "/version", "/store/v3/messages"] {
        http.post(path, &json!({})).await.text(400, NOWHERE);
    }
}
