//! Processes on the loopback interface, five of which know one record alone: what a network of nodes does.
#![cfg(target_os = "linux")]

mod support;

use std::{collections::HashSet, path::Path, time::Duration};

use serde_json::{Value as Json, json};
use support::{
    CONTENT_TOPIC, DEADLINE, Wakunode, folder,
    http::{Http, served},
    message, until,
};
use tokio::time::{sleep, timeout};

/// Peers in the mesh of each shard, at least.
async fn meshed(node: &Wakunode, peers: u64) -> bool {
    let info = node.info().await;
    let shards = info["shards"].as_array().unwrap();
    shards.len() == 8
        && shards
            .iter()
            .all(|shard| shard["mesh"].as_u64().unwrap() >= peers)
}

/// Publishes by the relay; answers the hash.
async fn publish(node: &Wakunode, text: &str) -> String {
    let hash = node.call("waku.relay.publish", message(text)).await;
    hash.as_str().unwrap().to_owned()
}

async fn until_stored(node: &Wakunode, hashes: &[String]) {
    until(&format!("{} messages are stored", hashes.len()), || async {
        let stored: HashSet<String> = node.stored().await.into_iter().collect();
        hashes.iter().all(|hash| stored.contains(hash))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_that_know_one_record_make_a_network() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    // Nodes shall find each other by discv5 alone.
    let first = Wakunode::start(&folder(root, "first"), &["--peer-exchange=false"]);
    let bootstrap = format!("--discv5-bootstrap-node={}", first.enr().await);
    let join = |name: &str, more: &[&str]| {
        let arguments = [&["--peer-exchange=false", &bootstrap], more].concat();
        Wakunode::start(&folder(root, name), &arguments)
    };
    let relay = join("relay", &[]);
    let archive = join("archive", &["--store", "--store-resume"]);
    let other = join("other", &["--store", "--store-resume"]);
    let light = join("light", &["--relay=false"]);
    for node in [&first, &relay, &archive, &other] {
        until("each relay has all others in its mesh", || meshed(node, 3)).await;
    }

    through_a_service(&light, &relay).await;
    let archive = is_resumed(root, archive, &relay, &other, &bootstrap).await;
    keeps_what_it_has_shown(root, archive, &relay).await;
}

/// A light node publishes and receives through whichever relays it has found.
async fn through_a_service(light: &Wakunode, relay: &Wakunode) {
    until("the light node is connected", || async {
        light.info().await["connected_peers"].as_u64().unwrap() > 0
    })
    .await;
    let mut events = light.client().await;
    events
        .request("events.subscribe", json!({ "pattern": "waku.relay.message" }))
        .await
        .unwrap();
    light
        .call("waku.filter.follow", json!({ "content_topics": [CONTENT_TOPIC] }))
        .await;
    // Following answers before it is subscribed anywhere: messages are sent until one is pushed.
    let sent = async {
        loop {
            publish(relay, "to the light node").await;
            sleep(Duration::from_millis(500)).await;
        }
    };
    let pushed = timeout(DEADLINE, async {
        tokio::select! { event = events.notification() => event.unwrap(), never = sent => never }
    });
    let event = pushed
        .await
        .expect("no message is pushed in time")
        .expect("the node runs")
        .params;
    let event = event["body"].to_string();
    assert!(event.contains(CONTENT_TOPIC), "{event}");

    relay
        .call(
            "waku.relay.subscribe",
            json!({ "content_topics": [CONTENT_TOPIC] }),
        )
        .await;
    let before = relay.info().await["stats"]["delivered"].as_u64().unwrap();
    let receipt = light
        .call("waku.lightpush.publish_anywhere", message("from the light node"))
        .await;
    assert!(receipt["relay_peers"].as_u64().unwrap() > 0, "{receipt}");
    until("what the light node has sent is relayed", || async {
        relay.info().await["stats"]["delivered"].as_u64().unwrap() > before
    })
    .await;
}

/// An archive that was away fetches from another what was sent meanwhile.
async fn is_resumed(
    root: &Path,
    mut archive: Wakunode,
    relay: &Wakunode,
    other: &Wakunode,
    bootstrap: &str,
) -> Wakunode {
    let mut sent = Vec::new();
    for number in 0..20 {
        sent.push(publish(relay, &format!("before {number}")).await);
    }
    until_stored(&archive, &sent).await;
    assert_eq!(archive.terminate().code(), Some(0));
    drop(archive);
    for number in 0..20 {
        sent.push(publish(relay, &format!("meanwhile {number}")).await);
    }
    until_stored(other, &sent).await;
    let arguments = ["--peer-exchange=false", bootstrap, "--store", "--store-resume"];
    let archive = Wakunode::start(&folder(root, "archive"), &arguments);
    until_stored(&archive, &sent).await;
    until("the archive is in the mesh again", || meshed(&archive, 3)).await;
    archive
}

/// What an archive has once shown is there after `kill -9` in the middle of writing.
async fn keeps_what_it_has_shown(root: &Path, archive: Wakunode, relay: &Wakunode) {
    let mut publishing = relay.client().await;
    let publishing = tokio::spawn(async move {
        for number in 0.. {
            let call = json!({ "target": "waku.relay.publish", "args": message(&format!("storm {number}")) });
            // Refused while the queues to all peers are full.
            let _ = publishing.request("call", call).await;
        }
    });
    let before = archive.stored().await.len();
    let shown = timeout(DEADLINE, async {
        loop {
            let shown = archive.stored().await;
            if shown.len() > before + 200 {
                return shown;
            }
        }
    });
    let shown = shown
        .await
        .expect("no few hundred messages of the storm are shown in time");
    archive.kill();
    publishing.abort();
    assert!(
        publishing.await.is_err_and(|error| error.is_cancelled()),
        "messages came until the end"
    );

    // It knows nobody: what it shows now is its own.
    let alone = Wakunode::start(&folder(root, "archive"), &["--store", "--discv5-discovery=false"]);
    let kept: HashSet<String> = alone.stored().await.into_iter().collect();
    let lost: Vec<&String> = shown.iter().filter(|hash| !kept.contains(*hash)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), shown.len());
    let figures: Json = alone.call("waku.store.archive", json!({})).await;
    assert_eq!(figures["messages"].as_u64().unwrap(), kept.len() as u64);
}

/// Twenty messages more than a page has.
const APART: usize = 120;

/// The hashes of all messages of an archive, as REST tells them.
async fn history(http: &Http) -> HashSet<String> {
    let (mut all, mut cursor) = (HashSet::new(), String::new());
    loop {
        let path = format!("/store/v3/messages?pageSize=100&cursor={cursor}");
        let page = http.get(&path).await.json(200);
        let hashes = page["messages"].as_array().unwrap().iter();
        all.extend(hashes.map(|it| it["messageHash"].as_str().unwrap().to_owned()));
        match page["paginationCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_archives_that_missed_each_others_messages_become_equal() {
    let root = tempfile::tempdir().unwrap();
    // Nothing is left to the relay, which has carried none of these messages.
    let flags = [
        "--store",
        "--store-sync",
        "--store-sync-interval=1",
        "--store-sync-relay-jitter=0",
    ];
    let (one, of_one) = served(&folder(root.path(), "one"), &flags).await;
    let (other, of_other) = served(&folder(root.path(), "other"), &flags).await;
    let mut apart = Vec::new();
    for (http, payload) in [(&of_one, "b25l"), (&of_other, "b3RoZXI=")] {
        for number in 0..APART {
            let shard = format!("/relay/v1/messages/%2Fwaku%2F2%2Frs%2F99%2F{}", number % 8);
            let message = json!({ "payload": payload, "contentTopic": CONTENT_TOPIC });
            http.post(&shard, &message).await.ok();
        }
        until("each has its own messages", || async {
            history(http).await.len() == APART
        })
        .await;
        apart.push(history(http).await);
    }
    let all: HashSet<String> = apart.iter().flatten().cloned().collect();
    assert_eq!(all.len(), 2 * APART, "they have nothing in common");

    let address = other.address().await;
    one.call("waku.node.connect", json!({ "address": address })).await;
    until("both have all messages", || async {
        history(&of_one).await == all && history(&of_other).await == all
    })
    .await;
    for node in [&one, &other] {
        until("it is counted what came by store sync", || async {
            let sync = &node.info().await["stats"]["sync"];
            sync["sessions"] != 0 && sync["messages_fresh"] == APART
        })
        .await;
    }
}
