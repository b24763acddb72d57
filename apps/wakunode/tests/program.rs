//! The program by itself: what it prints, how it starts, stops and refuses.
#![cfg(target_os = "linux")]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value as Json, json};
use support::{CONTENT_TOPIC, Wakunode, output, program, until};

#[test]
fn a_wrong_flag_ends_it_with_code_1_and_a_sentence_that_helps() {
    let refused = |arguments: &[&str]| {
        let (status, out, error) = output(program().args(arguments));
        assert_eq!((status.code(), &*out), (Some(1), ""), "{error}");
        error
    };
    assert!(refused(&["--tcp-prt=1"]).contains("'--tcp-port'"));
    assert!(refused(&["--quic-support"]).contains("--quic-support: there is no QUIC; leave the flag out"));
    assert!(refused(&["--tcp-port=x"]).contains("--tcp-port: \"x\" is not a number"));
    assert!(refused(&["generateRlnKeystore"]).contains("cannot be registered"));
    let hush = "1".repeat(63) + "z";
    let (status, _, error) = output(
        program()
            .env("WAKUNODE2_NODEKEY_FILE", "k")
            .arg(format!("--nodekey={hush}")),
    );
    assert_eq!(status.code(), Some(1));
    assert!(
        error.contains("it excludes --nodekey") && !error.contains(&hush),
        "{error}"
    );
}

#[test]
fn version_help_and_completions_are_printed_without_a_node() {
    let printed = |arguments: &[&str]| {
        let (status, out, error) = output(program().args(arguments));
        assert_eq!((status.code(), &*error), (Some(0), ""));
        out
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        printed(&["--version"]),
        format!("version / git commit hash: backplane-v{version}\n")
    );
    let named = printed(&["--version", "--version-string=v0.38.1"]);
    assert_eq!(named, "version / git commit hash: v0.38.1\n");
    assert!(printed(&["--help"]).contains("--discv5-bootstrap-node"));
    assert!(printed(&["--completions=bash"]).contains("--store-message-retention-policy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_where_it_is_keeps_its_key_and_stops_when_asked() {
    let root = tempfile::tempdir().unwrap();
    let mut node = Wakunode::start(
        root.path(),
        &[
            "--log-format=json",
            "--agent-string=me",
            "--websocket-support",
            "--websocket-port=0",
        ],
    );
    let info = node.info().await;
    assert_eq!(
        (&info["cluster"], &info["shard_count"], &info["agent"]),
        (&json!(99), &json!(8), &json!("me"))
    );
    let said = |message: &str, field: &str| {
        let lines = node.log.lock().unwrap();
        let lines = lines
            .iter()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        let mut found = lines
            .filter(|line| line["msg"] == message)
            .map(|line| line[field].as_str().unwrap().to_owned());
        found.next().unwrap()
    };
    assert_eq!(said("PeerInfo", "peerId"), info["peer_id"]);
    assert_eq!(said("DNS: discoverable ENR", "enr"), info["enr"]);
    let listening = said("Listening on", "full");
    for address in info["listen_addresses"].as_array().unwrap() {
        assert!(
            listening.contains(&format!("[{}]", address.as_str().unwrap())),
            "{listening}"
        );
    }
    assert_eq!(info["listen_addresses"].as_array().unwrap().len(), 2);
    let key = root.path().join("modules/waku/nodekey");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(node.terminate().code(), Some(0));
    assert!(node.said("Shutting down after receiving SIGTERM"));

    let again = Wakunode::start(root.path(), &[]);
    assert_eq!(again.info().await["peer_id"], info["peer_id"]);
    let (status, _, error) = output(program().arg(format!("--local-storage-path={}", root.path().display())));
    assert_eq!(status.code(), Some(1));
    assert!(
        error.contains("--local-storage-path names another folder"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_start_says_why_and_no_secret() {
    let root = tempfile::tempdir().unwrap();
    let first = Wakunode::start(&root.path().join("first"), &[]);
    let address = first.address().await;
    let port = address.split('/').nth(4).unwrap();
    let hush = "11".repeat(32);
    let mut second = program();
    second.args([
        "--listen-address=127.0.0.1",
        &format!("--tcp-port={port}"),
        "--discv5-discovery=false",
    ]);
    second.env("WAKUNODE2_NODEKEY", &hush);
    second.arg(format!(
        "--local-storage-path={}",
        root.path().join("second").display()
    ));
    let (status, out, error) = output(&mut second);
    assert_eq!(status.code(), Some(1));
    assert!(
        error.contains("the node does not start: waku is") && error.contains(port),
        "{error}"
    );
    assert!(!error.contains(&hush) && !out.contains(&hush), "{error}{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_topics_of_the_command_line_are_subscribed_to() {
    let root = tempfile::tempdir().unwrap();
    let topic = format!("--content-topic={CONTENT_TOPIC}");
    let node = Wakunode::start(&root.path().join("first"), &["--shard=0", &topic]);
    // The topic's shard is another one, which the node joins for it.
    until("the topic's shard is joined", || async {
        node.info().await["shards"].as_array().unwrap().len() == 2
    })
    .await;
}
