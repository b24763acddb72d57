//! The library in a host: as it is found, called, listened to, swapped and restarted.
#![cfg(target_os = "linux")]

mod support;

#[path = "support/host.rs"]
mod host;

use std::time::{Duration, Instant};

use backplane_descriptor::{Manifest, Overflow};
use backplane_host::Subscription;
use backplane_sdk::{
    CallError,
    plugin_api::{ENTRY_SYMBOL, MANIFEST_SECTION},
};
use host::{Hosted, library};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use support::{CONTENT_TOPIC, DEADLINE, TCP, address, config, message, next, start, until, until_peers};
use tokio::time::timeout;
use waku_api::{
    ConnectError, Origin, PublishError, ReceivedMessage, SubscribeError, TopicError, WakuMessage,
    node_events::PeersChanged,
    relay_events::{Message, Started},
};
use waku_plugin::{Multiaddr, Node, NodeRecord};

fn said(text: &str) -> WakuMessage {
    WakuMessage {
        payload: text.as_bytes().into(),
        content_topic: CONTENT_TOPIC.into(),
        version: 0,
        timestamp: 0,
        meta: None,
        ephemeral: false,
        proof: None,
    }
}

async fn hear(messages: &mut Subscription<Message>) -> ReceivedMessage {
    timeout(DEADLINE, messages.next())
        .await
        .expect("no event in time")
        .unwrap()
        .body
}

async fn addresses(hosted: &Hosted) -> Vec<String> {
    hosted.node.info().await.unwrap().listen_addresses
}

/// Waits until the hosted node is connected to as many peers in its shards.
async fn until_connected(hosted: &Hosted, count: u32) {
    until(&format!("{count} peers in every shard"), || async {
        let info = hosted.node.info().await.unwrap();
        info.connected_peers == count && info.shards.iter().all(|shard| shard.peers == count)
    })
    .await;
}

#[test]
fn the_library_exports_its_entry_and_nothing_else() {
    let library = std::fs::read(library()).unwrap();
    let file = object::File::parse(&*library).unwrap();
    let names: Vec<_> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .map(|symbol| symbol.name().unwrap())
        .collect();
    assert_eq!(names, [ENTRY_SYMBOL]);

    let section = file.section_by_name(MANIFEST_SECTION).unwrap();
    let manifest = Manifest::parse(section.data().unwrap()).unwrap();
    let provides: Vec<_> = manifest.provides.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(
        (&*manifest.name, &provides[..]),
        (
            "waku",
            &[
                "waku.relay",
                "waku.node",
                "waku.lightpush",
                "waku.filter",
                "waku.store",
                "waku.messaging"
            ][..]
        )
    );
    assert_eq!(manifest.exclusive, ["tcp, websocket and udp ports"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways_between_a_hosted_node_and_another() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    let mut started = hosted
        .front
        .subscribe::<Started>(Overflow::DropOldest, 4)
        .unwrap();
    let mut counts = hosted
        .front
        .subscribe::<PeersChanged>(Overflow::DropOldest, 16)
        .unwrap();
    let began = timeout(DEADLINE, started.next()).await.unwrap().unwrap().body;
    assert_eq!((began.cluster, began.shard_count), (99, 8));
    let info = hosted.node.info().await.unwrap();
    let record: NodeRecord = info.enr.unwrap().parse().unwrap();
    assert_eq!(record.peer_id().to_string(), info.peer_id);
    let told: Vec<String> = record.addresses().iter().map(Multiaddr::to_string).collect();
    assert_eq!(told, info.listen_addresses);

    let peer = start(config(TCP)).await;
    peer.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut received = peer.messages().unwrap();
    let id = hosted
        .node
        .connect(&address(&peer).await.to_string())
        .await
        .unwrap();
    assert_eq!(id, peer.peer_id().to_string());
    while timeout(DEADLINE, counts.next())
        .await
        .unwrap()
        .unwrap()
        .body
        .connected
        != 1
    {}
    until_connected(&hosted, 1).await;
    until_peers(&peer, 1).await;

    hosted
        .relay
        .subscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    let hash = hosted.relay.publish(&said("out"), &None).await.unwrap();
    let own = hear(&mut messages).await;
    assert_eq!((own.hash, own.origin), (hash, Origin::Local));
    let out = next(&mut received).await;
    assert_eq!(
        (&*out.message.payload, out.hash.to_string()),
        (&b"out"[..], hash.to_string())
    );

    let hash = peer.publish(None, message("in")).await.unwrap();
    let heard = hear(&mut messages).await;
    assert_eq!(heard.hash.to_string(), hash.to_string());
    assert_eq!(heard.origin, Origin::Peer(peer.peer_id().to_string()));
    assert_eq!((&*heard.message.payload, heard.missed_before), (&b"in"[..], 0));
    assert_eq!(
        heard.pubsub_topic,
        hosted
            .relay
            .pubsub_topic(&CONTENT_TOPIC.to_owned())
            .await
            .unwrap()
    );
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_typed_and_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let alone = hosted.relay.publish(&said("alone"), &None).await;
    assert!(
        matches!(alone, Err(CallError::Interface(PublishError::NoPeers { .. }))),
        "{alone:?}"
    );
    let text = |error: CallError<PublishError>| error.to_string();
    let other_cluster = Some("/waku/2/rs/98/0".to_owned());
    assert_eq!(
        text(
            hosted
                .relay
                .publish(&said("x"), &other_cluster)
                .await
                .unwrap_err()
        ),
        "the pubsub topic is of cluster 98, the node is of cluster 99"
    );
    let large = WakuMessage {
        payload: vec![1; 153_600].into(),
        ..said("")
    };
    assert_eq!(
        text(hosted.relay.publish(&large, &None).await.unwrap_err()),
        "the message is larger than 153600 bytes"
    );
    assert_eq!(
        hosted.relay.subscribe(&vec!["/1/a/b/c/d".to_owned()]).await,
        Err(CallError::Interface(SubscribeError::Topic(
            TopicError::Generation {
                topic: "/1/a/b/c/d".to_owned()
            }
        )))
    );
    let connected = hosted.node.connect(&"nowhere".to_owned()).await;
    assert!(
        matches!(
            connected,
            Err(CallError::Interface(ConnectError::InvalidAddress { .. }))
        ),
        "{connected:?}"
    );
    hosted.stop().await;
}

/// The hosted node was swapped or restarted: it is the same node in the same place, connected again, and hears `peer`.
async fn is_back(
    hosted: &Hosted,
    before: &[String],
    peer: &Node,
    messages: &mut Subscription<Message>,
    text: &str,
) {
    assert_eq!(addresses(hosted).await, before, "the same peer id and ports");
    until_connected(hosted, 1).await;
    until_peers(peer, 1).await;
    let hash = peer.publish(None, message(text)).await.unwrap();
    let heard = hear(messages).await;
    assert_eq!(
        (&*heard.message.payload, heard.hash.to_string()),
        (text.as_bytes(), hash.to_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_node_is_the_same_node_and_keeps_subscriptions_and_peers() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    hosted
        .relay
        .subscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    let before = addresses(&hosted).await;
    assert_eq!(before.len(), 2);

    // One that the node has dialled, and which does not dial back.
    let peer = start(config(TCP)).await;
    hosted
        .node
        .connect(&address(&peer).await.to_string())
        .await
        .unwrap();
    is_back(&hosted, &before, &peer, &mut messages, "first").await;

    for name in ["one", "two"] {
        let report = hosted.swap(folder.path(), name).await;
        let begun = Instant::now();
        let dialled: Multiaddr = before[1].parse().unwrap();
        let newcomer = start(config(TCP)).await;
        newcomer.connect(dialled).await.unwrap();
        let reached = begun.elapsed();
        println!(
            "pause {} ms, reachable {reached:?} after it",
            report.pause_us / 1000
        );
        assert!(reached < Duration::from_secs(1));
        newcomer.shutdown().await;
        is_back(&hosted, &before, &peer, &mut messages, name).await;
    }

    // What one caller took back it does not get after the swap either.
    hosted
        .relay
        .unsubscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    hosted.swap(folder.path(), "three").await;
    until_connected(&hosted, 1).await;
    until_peers(&peer, 1).await;
    peer.publish(None, message("unheard")).await.unwrap();
    until("the message is relayed", || async {
        hosted.node.info().await.unwrap().stats.relayed == 1
    })
    .await;
    assert!(
        timeout(Duration::from_millis(100), messages.next())
            .await
            .is_err()
    );
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_had_dialled_the_node_is_dialled_back() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    hosted
        .relay
        .subscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    let before = addresses(&hosted).await;
    let peer = start(config(TCP)).await;
    peer.connect(before[0].parse().unwrap()).await.unwrap();
    is_back(&hosted, &before, &peer, &mut messages, "first").await;
    until("the peer is identified", || async {
        hosted.node.peers().await.unwrap()[0].agent.is_some()
    })
    .await;
    hosted.swap(folder.path(), "other").await;
    is_back(&hosted, &before, &peer, &mut messages, "second").await;
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_after_a_swap_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 64).unwrap();
    hosted
        .relay
        .subscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    let address = addresses(&hosted).await.remove(0);
    let same = waku_plugin::WakuMessage {
        timestamp: 1_700_000_000_000_000_000,
        ..message("same")
    };
    let tell = async || {
        let peer = start(config(TCP)).await;
        peer.connect(address.parse().unwrap()).await.unwrap();
        until_peers(&peer, 1).await;
        peer.publish(None, same.clone()).await.unwrap();
        until("it is relayed", || async {
            hosted.node.info().await.unwrap().stats.relayed == 1
        })
        .await;
        peer
    };
    let first = tell().await;
    assert_eq!(&*hear(&mut messages).await.message.payload, b"same");
    first.shutdown().await;
    hosted.swap(folder.path(), "other").await;
    let second = tell().await;
    second.publish(None, message("next")).await.unwrap();
    assert_eq!(&*hear(&mut messages).await.message.payload, b"next");
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_subscriber_misses_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(folder.path(), "message-queue = 1");
    let mut messages = hosted.front.subscribe::<Message>(Overflow::Block, 1).unwrap();
    hosted
        .relay
        .subscribe(&vec![CONTENT_TOPIC.to_owned()])
        .await
        .unwrap();
    let publish = async |text: &str| {
        // Nobody is connected, and it is delivered here all the same.
        let outcome = hosted.relay.publish(&said(text), &None).await;
        assert!(
            matches!(outcome, Err(CallError::Interface(PublishError::NoPeers { .. }))),
            "{outcome:?}"
        );
    };
    for number in 0..20 {
        publish(&number.to_string()).await;
    }
    let stats = hosted.node.info().await.unwrap().stats;
    assert_eq!(stats.delivered + stats.missed, 20);
    assert!(stats.missed > 0);
    let mut heard = 0;
    while heard < stats.delivered {
        assert_eq!(hear(&mut messages).await.missed_before, 0);
        heard += 1;
    }
    publish("after the gap").await;
    assert_eq!(hear(&mut messages).await.missed_before, stats.missed);
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_host_has_the_same_node_unless_its_port_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let config = "discv5-address = \"/ip4/127.0.0.1/udp/0\"";
    let udp = async |hosted: &Hosted| {
        let record = hosted.node.info().await.unwrap().enr.unwrap();
        record.parse::<NodeRecord>().unwrap().udp4().unwrap()
    };
    let hosted = Hosted::start(folder.path(), config);
    let before = addresses(&hosted).await;
    let udp_before = udp(&hosted).await;
    hosted.stop().await;
    let hosted = Hosted::start(folder.path(), config);
    assert_eq!(addresses(&hosted).await, before);
    assert_eq!(udp(&hosted).await, udp_before);
    hosted.stop().await;

    let port: u16 = before[0].split('/').nth(4).unwrap().parse().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let udp_taken = std::net::UdpSocket::bind(udp_before).unwrap();
    let hosted = Hosted::start(folder.path(), config);
    assert_ne!(udp(&hosted).await, udp_before);
    let after = addresses(&hosted).await;
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
    drop((taken, udp_taken));
    hosted.stop().await;
}

#[test]
fn a_configuration_that_is_out_of_bounds_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let modules = format!(
        "[modules.waku]\nplugin = {:?}\non-failure = \"stop-host\"\n[modules.waku.config]\nshards = [8]\n",
        library()
    );
    let error = backplane_tests::host(folder.path(), &modules)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("shards must be between 0 and 7, found 8"),
        "{error}"
    );
}
