//! Golden bytes: what js-waku's own packages write in this very run is what our node reads, and writes.

#![cfg(target_os = "linux")]

mod support;

use serde_json::{Value, json};
use support::{CONTENT_TOPIC, TCP, config, start};
use test_peers::{LightNode, Options};
use waku_plugin::{Again, Capabilities, Decoder, Multiaddr, NodeKey, NodeRecord, Shards, WakuMessage};

const SHARD: &str = "/waku/2/rs/99/3";

async fn js() -> LightNode {
    LightNode::start(Options::TCP_YAMUX).await.unwrap()
}

/// A message in the fields of @waku/proto, with every one of them set.
fn full() -> Value {
    json!({
        "payload": {"bytes": "010203045445535405060708"},
        "contentTopic": CONTENT_TOPIC,
        "version": 1,
        "timestamp": {"int": "1795234830000000001"},
        "meta": {"bytes": "00ff".repeat(32)},
        "ephemeral": true,
    })
}

/// The least that a message has.
fn bare() -> Value {
    json!({ "payload": {"bytes": "01"}, "contentTopic": CONTENT_TOPIC })
}

/// Every request and response as js-waku has it, with the type that it has in @waku/proto.
fn values(record: &str) -> Vec<(Decoder, &'static str, Value)> {
    use Decoder as D;
    let hash = |byte: u8| json!({ "bytes": hex::encode([byte; 32]) });
    let filter = |kind: &str, topics: &[&str]| json!({ "requestId": "r1", "filterSubscribeType": kind, "pubsubTopic": SHARD, "contentTopics": topics });
    let bare_filter =
        |kind: &str| json!({ "requestId": "r1", "filterSubscribeType": kind, "contentTopics": [] });
    vec![
        (D::Message, "proto_message.WakuMessage", full()),
        (D::Message, "proto_message.WakuMessage", bare()),
        (
            D::StoreRequest,
            "proto_store.StoreQueryRequest",
            json!({
                "requestId": "r1", "includeData": true, "pubsubTopic": SHARD,
                "contentTopics": [CONTENT_TOPIC, "/never/1/sent/proto"],
                "timeStart": {"int": "-1"}, "timeEnd": {"int": "1795234830000000002"},
                "messageHashes": [hash(7), hash(8)], "paginationCursor": hash(9),
                "paginationForward": true, "paginationLimit": {"int": "100"},
            }),
        ),
        (
            D::StoreResponse,
            "proto_store.StoreQueryResponse",
            json!({
                "requestId": "1", "statusCode": 200, "statusDesc": "OK",
                "messages": [
                    {"messageHash": hash(7), "message": full(), "pubsubTopic": SHARD},
                    {"messageHash": hash(8)},
                ],
                "paginationCursor": hash(8),
            }),
        ),
        (
            D::FilterRequest,
            "proto_filter_v2.FilterSubscribeRequest",
            filter("SUBSCRIBE", &[CONTENT_TOPIC, "/a"]),
        ),
        (
            D::FilterRequest,
            "proto_filter_v2.FilterSubscribeRequest",
            filter("UNSUBSCRIBE", &[CONTENT_TOPIC]),
        ),
        (
            D::FilterRequest,
            "proto_filter_v2.FilterSubscribeRequest",
            bare_filter("UNSUBSCRIBE_ALL"),
        ),
        (
            D::FilterResponse,
            "proto_filter_v2.FilterSubscribeResponse",
            json!({ "requestId": "1", "statusCode": 200, "statusDesc": "OK" }),
        ),
        (
            D::FilterPush,
            "proto_filter_v2.MessagePush",
            json!({ "wakuMessage": full(), "pubsubTopic": SHARD }),
        ),
        (
            D::LightpushRequest,
            "proto_lightpush.LightPushRequestV3",
            json!({ "requestId": "r1", "pubsubTopic": SHARD, "message": full() }),
        ),
        (
            D::LightpushRequest,
            "proto_lightpush.LightPushRequestV3",
            json!({ "requestId": "r1", "message": bare() }),
        ),
        (
            D::LightpushResponse,
            "proto_lightpush.LightPushResponseV3",
            json!({ "requestId": "1", "statusCode": 200, "relayPeerCount": 300 }),
        ),
        (
            D::LegacyLightpushRequest,
            "proto_lightpush.PushRpc",
            json!({ "requestId": "r1", "request": {"pubsubTopic": SHARD, "message": full()} }),
        ),
        (
            D::LegacyLightpushResponse,
            "proto_lightpush.PushRpc",
            json!({ "requestId": "1", "response": {"isSuccess": true, "info": "OK"} }),
        ),
        (
            D::PeerExchangeRequest,
            "proto_peer_exchange.PeerExchangeRPC",
            json!({ "query": {"numPeers": {"int": "60"}} }),
        ),
        (
            D::PeerExchangeResponse,
            "proto_peer_exchange.PeerExchangeRPC",
            json!({ "query": {}, "response": {"peerInfos": [{"enr": {"bytes": record}}]} }),
        ),
        (
            D::Metadata,
            "proto_metadata.WakuMetadataRequest",
            json!({ "clusterId": 99, "shards": [] }),
        ),
        (
            D::Metadata,
            "proto_metadata.WakuMetadataResponse",
            json!({ "clusterId": 99, "shards": [0, 7, 1023] }),
        ),
    ]
}

#[tokio::test]
async fn every_request_and_response_is_written_as_js_waku_does() {
    let node = start(config(TCP)).await;
    let record = hex::encode(node.info().await.unwrap().record.encode());
    let mut js = js().await;
    for (decoder, codec, value) in values(&record) {
        let theirs = js.encode(codec, value.clone()).await.unwrap();
        let Again::Same(ours) = decoder.again(&hex::decode(&theirs).unwrap()) else {
            panic!("{decoder:?} does not read {value} in {theirs}");
        };
        let ours = hex::encode(ours);
        match decoder {
            // Deployed nodes want what js-waku does not know: a status here, and shards in one more field there.
            Decoder::PeerExchangeResponse => assert!(ours.ends_with("50c801"), "{ours}"),
            Decoder::Metadata => assert!(ours.starts_with(&theirs), "{ours} {theirs}"),
            _ => assert_eq!(ours, theirs, "{codec} {value}"),
        }
        let read = json!({ "recode": { "codec": codec, "bytes": ours } });
        assert_eq!(js.vector(read).await.unwrap(), theirs, "{codec} {value}");
    }
    js.stop().await.unwrap();
}

#[tokio::test]
async fn message_hashes_are_those_of_js_waku() {
    let mut js = js().await;
    let with = |payload: Vec<u8>, meta: Vec<u8>, timestamp: i64| WakuMessage {
        payload,
        content_topic: "/waku/2/default-content/proto".into(),
        meta,
        timestamp,
        version: 2,
        ephemeral: true,
        ..WakuMessage::default()
    };
    let now = 1_795_234_830_000_000_001;
    let messages = [
        with(vec![1, 2, 3], vec![], now),
        with(vec![], b"super-secret".to_vec(), now),
        with(vec![0xff; 5000], (0..64).collect(), i64::MAX),
        with("ünïcode €".into(), vec![0], 1),
    ];
    for (topic, message) in [SHARD, "/waku/2/rs/0/0", "/waku/2/default-waku/proto"]
        .into_iter()
        .flat_map(|topic| messages.iter().map(move |message| (topic, message)))
    {
        let value = json!({
            "payload": {"bytes": hex::encode(&message.payload)},
            "contentTopic": message.content_topic,
            "timestamp": {"int": message.timestamp.to_string()},
            "meta": {"bytes": hex::encode(&message.meta)},
            "version": message.version,
            "ephemeral": message.ephemeral,
        });
        let question = json!({ "hash": { "pubsubTopic": topic, "message": value } });
        let theirs = js.vector(question).await.unwrap();
        assert_eq!(
            hex::encode(message.hash(topic).as_bytes()),
            theirs,
            "{topic} {message:?}"
        );
    }
    js.stop().await.unwrap();
}

#[tokio::test]
async fn content_topics_have_the_shards_that_js_waku_gives_them() {
    let mut js = js().await;
    for number in 0..60u16 {
        let count = [8, 1, 7, 64, 1024][usize::from(number) % 5];
        let topic = format!("/app-{}/v{number}/name/proto", number * 7);
        let question = json!({ "shard": { "topic": topic, "count": count } });
        let theirs: u16 = js.vector(question).await.unwrap().parse().unwrap();
        let ours = Shards::new(99, count).of_text(&topic).unwrap();
        assert_eq!(ours.shard(), theirs, "{topic} of {count}");
    }
    js.stop().await.unwrap();
}

/// What js-waku has signed with a node key is read as that node's, and written again byte for byte.
#[tokio::test]
async fn node_records_that_js_waku_has_signed_are_read_and_written_again() {
    let mut js = js().await;
    let key = "07".repeat(32);
    let peer = NodeKey::from_hex(&key).unwrap().peer_id();
    let question = json!({ "record": {
        "key": key,
        "seq": 5,
        "ip": "127.0.0.1",
        "tcp": 60000,
        "udp": 9000,
        "waku2": {"relay": true, "store": false, "filter": true, "lightPush": true},
        "shards": "00630200000007",
        "multiaddrs": ["/dns4/example.org/tcp/443/wss"],
    }});
    let text = js.vector(question).await.unwrap();
    assert_eq!(
        Decoder::RecordText.again(text.as_bytes()),
        Again::Same(text.clone().into_bytes())
    );
    let record: NodeRecord = text.parse().unwrap();
    assert_eq!((record.peer_id(), record.seq()), (peer, 5));
    let shards = record.shards().unwrap();
    assert_eq!((shards.cluster, shards.shards), (99, [0, 7].into()));
    let served = [Capabilities::RELAY, Capabilities::FILTER, Capabilities::LIGHTPUSH];
    let bits = served.map(Capabilities::bits).iter().sum();
    assert_eq!(record.capabilities(), Capabilities::from_bits(bits));
    assert_eq!(record.udp4(), Some("127.0.0.1:9000".parse().unwrap()));
    let addresses: Vec<String> = record.addresses().iter().map(Multiaddr::to_string).collect();
    let dialled = ["/ip4/127.0.0.1/tcp/60000", "/dns4/example.org/tcp/443/wss"];
    assert_eq!(addresses, dialled.map(|it| format!("{it}/p2p/{peer}")));
    let theirs = js.read_record(&text).await.unwrap();
    assert_eq!(theirs.peer_id, peer.to_string());
    js.stop().await.unwrap();
}
