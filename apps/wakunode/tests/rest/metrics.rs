//! `/metrics` of a node that has done something: both families of names.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    message, of_shard,
    support::{
        CONTENT_TOPIC, SHARD,
        http::{Http, served},
        until,
    },
};

/// Without the prefix.
const WAKU: [&str; 30] = [
    "version",
    "node_messages_total",
    "histogram_message_size_bucket",
    "histogram_message_size_sum",
    "histogram_message_size_count",
    "connected_peers",
    "connected_peers_per_shard",
    "connected_peers_per_agent",
    "peer_store_size",
    "total_unique_peers",
    "peers_dials_total",
    "service_peers",
    "store_peers",
    "filter_peers",
    "lightpush_peers",
    "px_peers",
    "relay_network_bytes_total",
    "relay_total_msg_bytes_per_shard",
    "store_queries_total",
    "archive_messages",
    "archive_insert_duration_seconds_count",
    "archive_query_duration_seconds_count",
    "filter_subscriptions",
    "filter_handle_message_duration_seconds_count",
    "service_requests_total",
    "service_network_bytes_total",
    "reconciliation_roundtrips_count",
    "reconciliation_differences_count",
    "total_bytes_exchanged_total",
    "total_transfer_messages_exchanged_total",
];

const OTHERS: [&str; 15] = [
    "libp2p_peers",
    "libp2p_pubsub_peers",
    "libp2p_pubsub_topics",
    "libp2p_pubsub_subscriptions_total",
    "libp2p_pubsub_unsubscriptions_total",
    "libp2p_pubsub_validation_success_total",
    "libp2p_pubsub_validation_failure_total",
    "libp2p_pubsub_validation_ignore_total",
    "libp2p_gossipsub_peers_per_topic_mesh",
    "libp2p_total_dial_attempts_total",
    "libp2p_successful_dials_total",
    "libp2p_failed_dials_total",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
];

/// The lines of values: the name with its labels, and the value.
async fn scraped(http: &Http) -> Vec<(String, f64)> {
    let reply = http.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let values = reply.body.lines().filter(|line| !line.starts_with('#'));
    values
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?}"));
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn value(all: &[(String, f64)], name: &str) -> Option<f64> {
    all.iter().find(|(it, _)| it == name).map(|(_, value)| *value)
}

/// The names that begin so, with what follows.
fn names<'a>(all: &'a [(String, f64)], prefix: &str) -> BTreeSet<&'a str> {
    all.iter()
        .filter_map(|(name, _)| name.strip_prefix(prefix))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_measured_has_its_name_of_both_families() {
    let root = tempfile::tempdir().unwrap();
    let (archive, _) = served(&root.path().join("archive"), &["--store"]).await;
    let static_node = format!("--staticnode={}", archive.address().await);
    let flags = [
        "--metrics-server",
        "--metrics-server-port=0",
        "--store",
        "--store-sync",
        &static_node,
    ];
    let (node, rest) = served(&root.path().join("node"), &flags).await;
    let metrics = node.server("the metrics server listens");
    until("the peer and what it serves are measured", || async {
        !names(&scraped(&metrics).await, "waku_service_peers").is_empty()
    })
    .await;
    super::meshed(&node, SHARD).await;
    rest.post(&of_shard(SHARD), &message(CONTENT_TOPIC, super::now()))
        .await
        .ok();
    rest.get("/store/v3/messages").await.json(200);
    // A query of a peer.
    let peer = node.info().await["peer_id"].as_str().unwrap().to_owned();
    let query = json!({ "query": { "include_data": false }, "peer_id": peer });
    archive.call("waku.store.query", query).await;
    until("the message is measured", || async {
        value(
            &scraped(&metrics).await,
            r#"waku_archive_messages{type="stored"}"#,
        ) == Some(1.0)
    })
    .await;

    let all = scraped(&metrics).await;
    assert_eq!(names(&all, "waku_"), names(&all, "logos_delivery_"));
    let bare: BTreeSet<&str> = all
        .iter()
        .map(|(name, _)| name.split_once('{').map_or(&**name, |(name, _)| name))
        .collect();
    for prefix in ["waku_", "logos_delivery_"] {
        for name in WAKU {
            let name = format!("{prefix}{name}");
            assert!(bare.contains(&*name), "{name} of {bare:?}");
        }
    }
    for name in OTHERS {
        assert!(bare.contains(name), "{name} of {bare:?}");
    }
    for (name, expected) in [
        (r#"waku_node_messages_total{type="relay"}"#, 1.0),
        (r#"logos_delivery_node_messages_total{type="relay"}"#, 1.0),
        ("waku_histogram_message_size_count", 1.0),
        ("waku_store_queries_total", 1.0),
        ("waku_store_peers", 1.0),
        ("libp2p_peers", 1.0),
        ("libp2p_pubsub_peers", 1.0),
        ("libp2p_pubsub_topics", 8.0),
    ] {
        assert_eq!(value(&all, name), Some(expected), "{name}");
    }
    let id = archive.info().await["peer_id"].as_str().unwrap().to_owned();
    let store: Vec<&str> = names(&all, "waku_service_peers")
        .into_iter()
        .filter(|it| it.starts_with(r#"{protocol="/vac/waku/store-query/3.0.0",peerId="/"#))
        .collect();
    assert!(matches!(store[..], [one] if one.contains(&id)), "{store:?}");
}
