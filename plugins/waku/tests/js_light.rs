//! js-waku's light node, the real package from npm, at our services.

#![cfg(target_os = "linux")]

mod support;

#[path = "support/archive.rs"]
mod archive;

use archive::Storage;
use libp2p::{
    request_response::{Event, Message},
    swarm::SwarmEvent,
};
use serde_json::json;
use support::{
    TCP, WS, address, config, light, message, next,
    raw::{Raw, hear, plain, raw_request},
    relay_behind, start, until, until_peers,
};
use test_peers::{LightNode, LightQuery, LightReceived, Options};
use waku_plugin::{
    ArchiveConfig, FilterConfig, Node, NodeConfig, PubsubTopic, Retention, StoreQuery, WakuMessage,
};

const TOPIC: &str = "/toychat/2/huilong/proto";
const STORE: &str = "/vac/waku/store-query/3.0.0";

fn service(listen: &str) -> NodeConfig {
    NodeConfig {
        filter: Some(FilterConfig::default()),
        lightpush: true,
        ..config(listen)
    }
}

async fn connected(options: Options<'_>, service: &Node) -> LightNode {
    let mut js = LightNode::start(options).await.unwrap();
    let peer = js.connect(&address(service).await.to_string()).await.unwrap();
    let muxer = match options.muxer {
        "mplex" => "/mplex/6.7.0",
        _ => "/yamux/1.0.0",
    };
    assert_eq!((peer.muxer.as_deref(), peer.cluster_id), (Some(muxer), Some(99)));
    for protocol in [
        "/vac/waku/lightpush/3.0.0",
        "/vac/waku/lightpush/2.0.0-beta1",
        "/vac/waku/filter-subscribe/2.0.0-beta1",
    ] {
        assert!(peer.protocols.iter().any(|it| it == protocol), "{protocol}");
    }
    js
}

/// Pushes in both versions, subscribes, receives and unsubscribes.
async fn serve(options: Options<'_>, listen: &str) {
    let service = start(service(listen)).await;
    let mut js = connected(options, &service).await;
    let refused = js.push(TOPIC, "nobody there", false).await.unwrap();
    assert_eq!(refused.as_deref(), Some("Remote peer rejected"));
    let relay = relay_behind(&service).await;
    relay.subscribe(vec![TOPIC.into()]).await.unwrap();
    let mut messages = relay.messages().unwrap();
    for legacy in [false, true] {
        let text = format!("hello from js, legacy {legacy}");
        assert_eq!(js.push(TOPIC, &text, legacy).await.unwrap(), None);
        assert_eq!(next(&mut messages).await.message.payload, text.as_bytes());
    }

    assert!(js.ping().await.unwrap().is_some(), "it has no subscription");
    assert!(js.subscribe(TOPIC).await.unwrap());
    assert_eq!(js.ping().await.unwrap(), None);
    for number in 0..5u64 {
        let millis = 1_700_000_000_000 + number;
        let sent = WakuMessage {
            timestamp: millis as i64 * 1_000_000,
            ..message(&format!("hello js, ünïcode € {number}"))
        };
        let hash = relay.publish(None, sent).await.unwrap();
        let got = js.received().await.unwrap();
        assert_eq!((&*got.topic, got.timestamp), (TOPIC, Some(millis)));
        assert_eq!(got.payload, format!("hello js, ünïcode € {number}"));
        assert_eq!(got.hash.trim_start_matches("0x"), &hash.to_string()[2..]);
    }
    assert!(js.unsubscribe(TOPIC).await.unwrap());
    // js-waku does not wait for the answer.
    while js.ping().await.unwrap().is_none() {}
    let pushed = service.stats().pushed;
    let relayed = service.stats().relayed;
    relay.publish(None, message("after the end")).await.unwrap();
    until("the last message", async || service.stats().relayed > relayed).await;
    assert_eq!((service.stats().pushed, service.stats().push_missed), (pushed, 0));
    js.stop().await.unwrap();
}

#[tokio::test]
async fn a_stock_light_node_over_ws_and_mplex() {
    serve(Options::WS_MPLEX, WS).await;
}

#[tokio::test]
async fn a_light_node_over_tcp_and_yamux() {
    serve(Options::TCP_YAMUX, TCP).await;
}

/// js-waku asks for peers and reads what our nodes have signed.
#[tokio::test]
async fn js_is_told_of_peers_and_reads_their_records() {
    let asked = start(NodeConfig {
        peer_exchange: true,
        ..service(WS)
    })
    .await;
    let other = start(service(WS)).await;
    let record = other.info().await.unwrap().record;
    asked.learn(vec![record.clone()]).await.unwrap();
    until_peers(&asked, 1).await;

    let mut js = connected(Options::WS_MPLEX, &asked).await;
    let told = js.exchange(10).await.unwrap().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0], js.read_record(&record.to_string()).await.unwrap());
    assert_eq!(told[0].peer_id, other.peer_id().to_string());
    assert_eq!(
        (told[0].cluster_id, &told[0].shards),
        (Some(99), &(0..8).collect())
    );
    assert!(told[0].light_push && told[0].filter);
    let dialled = address(&other).await.to_string();
    let dialled = dialled.split("/p2p/").next().unwrap();
    assert!(
        told[0].addresses.iter().any(|it| it.starts_with(dialled)),
        "{told:?}"
    );
    js.stop().await.unwrap();
}

/// One pushes, the other gets it.
#[tokio::test]
async fn two_js_light_nodes_talk_through_our_node() {
    let service = start(service(WS)).await;
    let _relay = relay_behind(&service).await;
    let mut sender = connected(Options::WS_MPLEX, &service).await;
    let mut receiver = connected(Options::WS_MPLEX, &service).await;
    assert!(receiver.subscribe(TOPIC).await.unwrap());
    assert_eq!(sender.push(TOPIC, "from js to js", false).await.unwrap(), None);
    assert_eq!(receiver.received().await.unwrap().payload, "from js to js");
}

/// Queries an archive of 45 messages in pages of ten, both ways, within times, and by hash.
async fn keep(options: Options<'_>, listen: &str) {
    let storage = Storage::start();
    let kept = ArchiveConfig {
        retention: Retention::NONE,
        ..ArchiveConfig::default()
    };
    let archive = storage.archive(kept).await;
    let service = start(NodeConfig {
        store: Some(archive.clone()),
        ..config(listen)
    })
    .await;
    let mut js = LightNode::start(options).await.unwrap();
    let peer = js.connect(&address(&service).await.to_string()).await.unwrap();
    assert!(peer.protocols.iter().any(|it| it == STORE));

    let shard: PubsubTopic = service.sharding().of_text(TOPIC).unwrap();
    let message = |number: i64| WakuMessage {
        payload: format!("{number}").into(),
        content_topic: TOPIC.into(),
        timestamp: (1_700_000_000_000 + 10 * number) * 1_000_000,
        ..WakuMessage::default()
    };
    let all: Vec<_> = (0..45).map(message).collect();
    let noise = (0..20).map(|number| WakuMessage {
        content_topic: "/toychat/2/other/proto".into(),
        ..message(number)
    });
    let kept = all.iter().cloned().chain(noise).map(|it| (shard, it));
    archive.take_in(kept.collect()).await.unwrap();

    let numbers = |pages: &[Vec<LightReceived>]| -> Vec<Vec<i64>> {
        let number = |it: &LightReceived| it.payload.parse().unwrap();
        pages
            .iter()
            .map(|page| page.iter().map(number).collect())
            .collect()
    };
    let query = LightQuery {
        topic: TOPIC,
        forward: true,
        limit: 10,
        time: None,
    };
    let pages = js.query(query).await.unwrap();
    let range = |range: std::ops::Range<i64>| range.collect::<Vec<_>>();
    let forward = [
        range(0..10),
        range(10..20),
        range(20..30),
        range(30..40),
        range(40..45),
    ];
    assert_eq!(numbers(&pages), forward);
    for (stored, found) in all.iter().zip(pages.concat()) {
        let hash = stored.hash(&shard.to_string()).to_string();
        assert_eq!(found.hash.trim_start_matches("0x"), &hash[2..]);
        assert_eq!(found.timestamp, Some(stored.timestamp as u64 / 1_000_000));
    }
    // The newest page comes first, its messages in the order of time.
    let pages = js
        .query(LightQuery {
            forward: false,
            ..query
        })
        .await
        .unwrap();
    let backward = [
        range(35..45),
        range(25..35),
        range(15..25),
        range(5..15),
        range(0..5),
    ];
    assert_eq!(numbers(&pages), backward);
    // js-waku's times are rounded: numbers of JavaScript do not have that many digits.
    let time = Some((1_700_000_000_095, 1_700_000_000_215));
    let pages = js.query(LightQuery { time, ..query }).await.unwrap();
    assert_eq!(numbers(&pages), [range(10..20), range(20..22)]);

    let hash = |number: usize| hex::encode(all[number].hash(&shard.to_string()).as_bytes());
    let found = js
        .lookup(TOPIC, &[hash(44), "07".repeat(32), hash(3)])
        .await
        .unwrap();
    assert_eq!(numbers(&[found]), [[3, 44]]);
    js.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_light_node_reads_our_store() {
    keep(Options::WS_MPLEX, WS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_node_reads_our_store_over_tcp_and_yamux() {
    keep(Options::TCP_YAMUX, TCP).await;
}

/// What @waku/proto writes in this very run is what our store reads and writes.
#[tokio::test(flavor = "multi_thread")]
async fn store_requests_and_responses_are_those_of_js_waku() {
    let storage = Storage::start();
    let archive = storage
        .archive(ArchiveConfig {
            retention: Retention::NONE,
            ..ArchiveConfig::default()
        })
        .await;
    let service = start(NodeConfig {
        store: Some(archive.clone()),
        ..config(TCP)
    })
    .await;
    let shard: PubsubTopic = "/waku/2/rs/99/3".parse().unwrap();
    let stored = WakuMessage {
        payload: vec![1, 2, 3],
        content_topic: TOPIC.into(),
        version: 1,
        timestamp: 1_795_234_830_000_000_001,
        meta: vec![4, 5],
        ..WakuMessage::default()
    };
    let later = WakuMessage {
        timestamp: stored.timestamp + 1,
        ..stored.clone()
    };
    archive
        .take_in(vec![(shard, stored.clone()), (shard, later.clone())])
        .await
        .unwrap();
    let hash = |it: &WakuMessage| it.hash(&shard.to_string());
    let hex = |it: &WakuMessage| json!({ "bytes": hex::encode(hash(it).as_bytes()) });
    let mut js = LightNode::start(Options::TCP_YAMUX).await.unwrap();
    let query = StoreQuery {
        pubsub_topic: Some(shard.to_string()),
        content_topics: vec![TOPIC.into(), "/never/1/sent/proto".into()],
        time_start: Some(stored.timestamp - 1),
        time_end: Some(stored.timestamp + 1),
        hashes: vec![hash(&later), hash(&stored)],
        limit: Some(1),
        ..StoreQuery::default()
    };
    for (cursor, found) in [(None, &stored), (Some(&stored), &later)] {
        let mut request = json!({
            "requestId": "1",
            "includeData": true,
            "pubsubTopic": shard.to_string(),
            "contentTopics": query.content_topics,
            "timeStart": {"int": "1795234830000000000"},
            "timeEnd": {"int": "1795234830000000002"},
            "messageHashes": [hex(&later), hex(&stored)],
            "paginationForward": true,
            "paginationLimit": {"int": "1"},
        });
        let mut response = json!({
            "requestId": "1",
            "statusCode": 200,
            "statusDesc": "OK",
            "messages": [{
                "messageHash": hex(found),
                "message": {
                    "payload": {"bytes": "010203"},
                    "contentTopic": TOPIC,
                    "version": 1,
                    "timestamp": {"int": found.timestamp.to_string()},
                    "meta": {"bytes": "0405"},
                },
                "pubsubTopic": shard.to_string(),
            }],
        });
        match cursor {
            Some(cursor) => request["paginationCursor"] = hex(cursor),
            None => response["paginationCursor"] = hex(found),
        }
        let request = js.encode("proto_store.StoreQueryRequest", request).await.unwrap();
        let response = js
            .encode("proto_store.StoreQueryResponse", response)
            .await
            .unwrap();
        let answered = raw_request(&service, STORE, &request).await;
        assert_eq!(answered, response);
        // The request of our client, which is a new one each time: its first id is 1.
        let query = StoreQuery {
            cursor: cursor.map(hash),
            ..query.clone()
        };
        assert_eq!(raw_query(query).await, request);
    }
    js.stop().await.unwrap();
}

/// What the client asks a peer that does not answer.
async fn raw_query(query: StoreQuery) -> String {
    let client = start(light()).await;
    let mut peer = plain(STORE, Raw);
    peer.listen_on(TCP.parse().unwrap()).unwrap();
    let listening = |event| match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    };
    let address = hear(&mut peer, listening).await;
    let asking = tokio::spawn(async move {
        let peer = client.connect(address).await.unwrap();
        let _unanswered = client.query_store(peer, query).await;
    });
    let request = hear(&mut peer, |event| match event {
        SwarmEvent::Behaviour(Event::Message {
            message: Message::Request { request, .. },
            ..
        }) => Some(request),
        _ => None,
    });
    let request = hex::encode(request.await);
    asking.abort();
    request
}
