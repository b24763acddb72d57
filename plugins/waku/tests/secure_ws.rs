//! WebSocket over TLS.

mod support;

use std::path::Path;

use backplane_test_support::certificates::Authority;
use support::{
    CONTENT_TOPIC, TCP, WS, address,
    certificates::{certify, files},
    config, message, next, start, until, until_peers,
};
use tempfile::TempDir;
use test_peers::{Options, ToyChat};
use waku_plugin::{ConfigError, Multiaddr, Node, NodeConfig, NodeError, TlsConfig};

const WSS: &str = "/ip4/127.0.0.1/tcp/0/wss";
const ROOM: &str = "/toy-chat/2/huilong/proto";
const TLS_WS: &str = "/ip4/127.0.0.1/tcp/0/tls/ws";

/// A node with the certificate in the folder.
fn secure(folder: &TempDir, listen: &str) -> NodeConfig {
    NodeConfig {
        tls: TlsConfig {
            identity: Some(files(folder.path())),
            trust: None,
        },
        ..config(listen)
    }
}

/// A node that trusts an authority and listens nowhere.
async fn trusting(authority: &Path) -> Node {
    start(NodeConfig {
        listen: vec![],
        tls: TlsConfig {
            identity: None,
            trust: Some(authority.to_owned()),
        },
        ..config(TCP)
    })
    .await
}

fn by_name(address: &Multiaddr) -> Multiaddr {
    let text = address.to_string().replace("/ip4/127.0.0.1/", "/dns4/localhost/");
    text.parse().unwrap()
}

#[tokio::test]
async fn a_node_is_dialled_by_wss_and_by_tls_ws_at_its_name_and_its_address() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    certify(&authority, &files(folder.path()));
    for (listen, other) in [(WSS, "/tls/ws"), (TLS_WS, "/wss")] {
        let node = start(secure(&folder, listen)).await;
        let as_listened = address(&node).await;
        let own = listen.split("/tcp/0").nth(1).unwrap();
        let in_other_words: Multiaddr = as_listened.to_string().replace(own, other).parse().unwrap();
        for address in [as_listened.clone(), in_other_words, by_name(&as_listened)] {
            let dialer = trusting(authority.file()).await;
            assert_eq!(dialer.connect(address).await, Ok(node.peer_id()));
        }
        let stranger = start(config(TCP)).await;
        let refused = stranger.connect(as_listened).await.unwrap_err().to_string();
        assert!(
            refused.contains("invalid peer certificate: UnknownIssuer"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_a_connection_stands() {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    let (first, second) = (
        Authority::new(folder.path(), "first"),
        Authority::new(folder.path(), "second"),
    );
    certify(&first, &files);
    let node = start(secure(&folder, WSS)).await;
    let listens = address(&node).await;
    let early = trusting(first.file()).await;
    early.connect(listens.clone()).await.unwrap();

    // What makes no sense is not taken.
    std::fs::write(&files.certificate, "no certificate").unwrap();
    tokio::time::sleep(2 * waku_plugin::limits::TLS_LOOK).await;
    let still = trusting(first.file()).await;
    still.connect(listens.clone()).await.unwrap();

    certify(&second, &files);
    until("the new certificate", async || {
        let late = trusting(second.file()).await;
        let outcome = late.connect(listens.clone()).await;
        late.shutdown().await;
        outcome.is_ok()
    })
    .await;
    let outdated = trusting(first.file()).await;
    outdated.connect(listens).await.unwrap_err();

    early.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = early.messages().unwrap();
    until_peers(&early, 1).await;
    until_peers(&node, 2).await;
    node.publish(None, message("over the old one")).await.unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"over the old one");
}

/// js-libp2p dials the node and says something.
async fn js_converses(folder: &TempDir, authority: &Path, listen: &str, at: fn(&Multiaddr) -> Multiaddr) {
    let node = start(secure(folder, listen)).await;
    let mut js = ToyChat::start_trusting(Options::WS_MPLEX, authority)
        .await
        .unwrap();
    let address = at(&address(&node).await);
    let peer = js.connect(&address.to_string()).await.unwrap();
    assert_eq!(peer.peer_id, node.peer_id().to_string());
    node.subscribe(vec![ROOM.into()]).await.unwrap();
    let mut messages = node.messages().unwrap();
    until_peers(&node, 1).await;
    let sent = js.send("js", "hello over tls").await.unwrap();
    assert_eq!(sent.recipients, 1);
    assert_eq!(next(&mut messages).await.message.content_topic, ROOM);
    js.stop().await.unwrap();
}

#[tokio::test]
async fn js_libp2p_converses_over_tls_at_a_name_and_at_an_address() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    certify(&authority, &files(folder.path()));
    js_converses(&folder, authority.file(), WSS, Multiaddr::clone).await;
    js_converses(&folder, authority.file(), TLS_WS, by_name).await;
}

#[tokio::test]
async fn bad_files_and_missing_ones_are_told_at_the_start() {
    let without = NodeConfig {
        tls: TlsConfig::default(),
        ..config(WSS)
    };
    let error = Node::start(without).await.unwrap_err();
    assert!(
        matches!(error, NodeError::Config(ConfigError::NeedsCertificate { .. })),
        "{error}"
    );
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("key.pem");
    let error = Node::start(secure(&folder, WS)).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "secure websocket: {}: No such file or directory (os error 2)",
            missing.display()
        )
    );
    let authority = Authority::new(folder.path(), "authority");
    certify(&authority, &files(folder.path()));
    std::fs::write(&missing, "no key").unwrap();
    let error = Node::start(secure(&folder, WS)).await.unwrap_err().to_string();
    assert!(error.contains("holds no private key"), "{error}");
}
