//! What a node tells others of its addresses.

mod support;

use support::{TCP, WS, config, start, until};
use waku_plugin::{Multiaddr, Node, NodeConfig};

fn both(change: impl FnOnce(&mut NodeConfig)) -> NodeConfig {
    let mut config = config(TCP);
    config.listen.push(WS.parse().unwrap());
    change(&mut config);
    config
}

/// The port of each listener.
fn ports(node: &Node) -> Vec<String> {
    let text = |it: &Multiaddr| it.to_string();
    node.bound()
        .iter()
        .map(|it| text(it).split('/').nth(4).unwrap().to_owned())
        .collect()
}

/// What a node is announced as, and what a peer of it hears.
async fn heard_of(config: NodeConfig) -> (Node, Vec<String>, Vec<String>) {
    let node = start(config).await;
    let own = format!("/p2p/{}", node.peer_id());
    let announced = node.info().await.unwrap().announced;
    let announced = announced
        .iter()
        .map(|it| it.to_string().replace(&own, ""))
        .collect();
    // The node dials, so that its peer knows nothing but what it is told.
    let peer = start(support::config(TCP)).await;
    node.connect(support::address(&peer).await).await.unwrap();
    let dial = async || -> Vec<String> {
        let peers = peer.peers().await.unwrap();
        let all = peers.into_iter().flat_map(|it| it.dial);
        all.map(|it| it.to_string().replace(&own, "")).collect()
    };
    until("identified", async || !dial().await.is_empty()).await;
    let mut heard = dial().await;
    heard.sort();
    (node, announced, heard)
}

#[tokio::test]
async fn a_name_takes_the_place_of_the_listeners_and_the_record_has_its_address() {
    let (node, announced, heard) = heard_of(both(|it| it.domain = Some("localhost".into()))).await;
    let [tcp, ws] = &ports(&node)[..] else {
        panic!("two listeners")
    };
    let named = [
        format!("/dns4/localhost/tcp/{tcp}"),
        format!("/dns4/localhost/tcp/{ws}/ws"),
    ];
    assert_eq!(announced, named);
    let mut sorted = named.to_vec();
    sorted.sort();
    assert_eq!(heard, sorted);
    let record = node.info().await.unwrap().record.addresses();
    let own = format!("/p2p/{}", node.peer_id());
    let record: Vec<String> = record.iter().map(|it| it.to_string().replace(&own, "")).collect();
    assert_eq!(record[0], format!("/ip4/127.0.0.1/tcp/{tcp}"));
    assert_eq!(record[1..], named);
}

#[tokio::test]
async fn an_external_address_takes_their_place_too() {
    let (node, announced, heard) =
        heard_of(both(|it| it.external_ip = Some("203.0.113.7".parse().unwrap()))).await;
    let [tcp, ws] = &ports(&node)[..] else {
        panic!("two listeners")
    };
    let outside = [
        format!("/ip4/203.0.113.7/tcp/{tcp}"),
        format!("/ip4/203.0.113.7/tcp/{ws}/ws"),
    ];
    assert_eq!(announced, outside);
    let mut sorted = outside.to_vec();
    sorted.sort();
    assert_eq!(heard, sorted);
}

#[tokio::test]
async fn only_the_addresses_of_the_configuration_are_told_if_it_says_so() {
    let (_node, announced, heard) = heard_of(both(|it| {
        it.external = vec!["/dns4/node.example/tcp/443/wss".parse().unwrap()];
        it.external_only = true;
    }))
    .await;
    assert_eq!(announced, ["/dns4/node.example/tcp/443/wss"]);
    assert_eq!(heard, announced);
}
