//! js-waku's light node, the real package from npm, at our services.

mod support;

use support::{TCP, WS, address, config, message, next, relay_behind, start, until, until_peers};
use test_peers::{LightNode, Options};
use waku_plugin::{FilterConfig, Node, NodeConfig, WakuMessage};

const TOPIC: &str = "/toychat/2/huilong/proto";

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
