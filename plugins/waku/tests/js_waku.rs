//! A conversation with js-waku's relay, the real package from npm.

mod support;

use prost::Message as _;
use support::{TCP, WS, address, config, next, start, until, until_peers};
use test_peers::{Options, ToyChat};
use waku_plugin::{Node, NodeConfig, Origin, PeerId, WakuMessage};

const ROOM: &str = "/toy-chat/2/huilong/proto";

/// Toy chat's payload.
#[derive(Clone, PartialEq, prost::Message)]
struct Chat2 {
    #[prost(uint64, tag = "1")]
    timestamp: u64,
    #[prost(string, tag = "2")]
    nick: String,
    #[prost(bytes = "vec", tag = "3")]
    text: Vec<u8>,
}

fn say(nick: &str, text: &str, second: u64) -> WakuMessage {
    let chat = Chat2 {
        timestamp: second,
        nick: nick.into(),
        text: text.into(),
    };
    WakuMessage {
        payload: chat.encode_to_vec(),
        content_topic: ROOM.into(),
        timestamp: second as i64 * 1_000_000_000,
        ..WakuMessage::default()
    }
}

/// Messages go both ways, each once, over a connection that stands.
async fn converse(node: &Node, js: &mut ToyChat) {
    node.subscribe(vec![ROOM.into()]).await.unwrap();
    let mut messages = node.messages().unwrap();
    until_peers(node, 1).await;
    for round in 0..3u64 {
        let text = format!("{round}: hello js, ünïcode €");
        let hash = node
            .publish(None, say("rust", &text, 1_700_000_000 + round))
            .await
            .unwrap();
        let heard = js.received().await.unwrap();
        assert_eq!(
            (&*heard.nick, heard.text, heard.timestamp),
            ("rust", text, 1_700_000_000 + round)
        );
        let own = next(&mut messages).await;
        assert_eq!((own.hash, own.origin), (hash, Origin::Local));

        let text = format!("{round}: hello rust, ünïcode €");
        let sent = js.send("js", &text).await.unwrap();
        assert_eq!(sent.recipients, 1);
        let received = next(&mut messages).await;
        let chat = Chat2::decode(&received.message.payload[..]).unwrap();
        assert_eq!(
            (&*chat.nick, chat.text, chat.timestamp),
            ("js", text.into_bytes(), sent.chat.timestamp)
        );
        assert_eq!(received.message.content_topic, ROOM);
        assert_eq!(
            received.message.timestamp,
            sent.chat.timestamp as i64 * 1_000_000_000
        );
        assert_eq!(
            received.origin,
            Origin::Peer(js.peer_id().parse::<PeerId>().unwrap())
        );
    }
    assert!(messages.try_recv().is_none(), "each message comes once");
    assert_eq!((node.stats().rejected, node.stats().ignored), (0, 0));
    let peer = node.peers().await.unwrap().remove(0);
    assert_eq!(peer.agent.as_deref(), Some("js-waku"));
}

/// js-waku dials us, as it does from a browser.
async fn js_dials(options: Options<'_>, listen: &str) {
    let node = start(config(listen)).await;
    let mut js = ToyChat::start(options).await.unwrap();
    let peer = js.connect(&address(&node).await.to_string()).await.unwrap();
    let muxer = match options.muxer {
        "mplex" => "/mplex/6.7.0",
        _ => "/yamux/1.0.0",
    };
    assert_eq!(
        (peer.peer_id, peer.muxer.as_deref()),
        (node.peer_id().to_string(), Some(muxer))
    );
    let metadata = js.metadata().await.unwrap();
    assert_eq!(
        (metadata.cluster_id, metadata.shards),
        (Some(99), (0..8).collect()),
        "{:?}",
        metadata.error
    );
    converse(&node, &mut js).await;
    js.stop().await.unwrap();
    until("js-waku is gone", || async {
        node.info().await.unwrap().connected_peers == 0
    })
    .await;
}

#[tokio::test]
async fn js_waku_dials_over_ws_and_mplex() {
    js_dials(Options::WS_MPLEX, WS).await;
}

#[tokio::test]
async fn js_waku_dials_over_tcp_and_yamux() {
    js_dials(Options::TCP_YAMUX, TCP).await;
}

/// We dial js-waku as a static peer.
async fn we_dial(options: Options<'_>) {
    let mut js = ToyChat::start(options).await.unwrap();
    let node = start(NodeConfig {
        static_peers: vec![js.address().parse().unwrap()],
        ..config(TCP)
    })
    .await;
    converse(&node, &mut js).await;
}

#[tokio::test]
async fn we_dial_js_waku_over_ws_and_mplex() {
    we_dial(Options::WS_MPLEX).await;
}

#[tokio::test]
async fn we_dial_js_waku_over_tcp_and_yamux() {
    we_dial(Options::TCP_YAMUX).await;
}

/// Two nodes that know each other only through js-waku.
#[tokio::test]
async fn js_waku_relays_between_two_nodes() {
    let mut js = ToyChat::start(Options::TCP_YAMUX).await.unwrap();
    let (a, b) = (start(config(TCP)).await, start(config(TCP)).await);
    b.subscribe(vec![ROOM.into()]).await.unwrap();
    let mut messages = b.messages().unwrap();
    for node in [&a, &b] {
        node.connect(js.address().parse().unwrap()).await.unwrap();
        until_peers(node, 1).await;
    }
    // js-waku forwards only to its mesh, which each of us joins at a heartbeat.
    js.send("js", "is everybody here?").await.unwrap();
    next(&mut messages).await;
    let shard = b.sharding().of_text(ROOM).unwrap();
    until("the mesh", || async {
        b.info()
            .await
            .unwrap()
            .shards
            .iter()
            .any(|info| info.topic == shard && info.mesh == 1)
    })
    .await;
    let hash = a
        .publish(None, say("a", "through js", 1_700_000_000))
        .await
        .unwrap();
    assert_eq!(next(&mut messages).await.hash, hash);
}

#[tokio::test]
async fn js_waku_of_another_cluster_is_refused() {
    let node = start(config(WS)).await;
    let js = ToyChat::start(Options {
        cluster: 98,
        ..Options::WS_MPLEX
    })
    .await
    .unwrap();
    let error = node.connect(js.address().parse().unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "peer is of cluster 98, this node is of cluster 99"
    );
}
