//! How nodes find each other.

mod support;

use support::dns::{NameServer, Tree};
use support::{CONTENT_TOPIC, TCP, WS, address, config, light, message, next, start, until, until_peers};
use waku_plugin::{DnsConfig, Node, NodeConfig, NodeRecord, PublishError, ServiceError, WakuMessage};

async fn record(node: &Node) -> NodeRecord {
    node.info().await.unwrap().record
}

fn exchanging() -> NodeConfig {
    NodeConfig {
        peer_exchange: true,
        ..config(TCP)
    }
}

#[tokio::test]
async fn a_record_leads_to_a_connection_and_follows_the_shards() {
    let (node, other) = (start(config(TCP)).await, start(config(TCP)).await);
    let told = record(&other).await;
    assert_eq!(told.addresses()[0], address(&other).await);
    assert_eq!(told.shards().unwrap().shards.len(), 8);
    node.learn(vec![told]).await.unwrap();
    until_peers(&node, 1).await;

    let one = start(NodeConfig {
        shards: vec![5],
        ..config(TCP)
    })
    .await;
    let before = record(&one).await;
    one.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let after = record(&one).await;
    assert_eq!(before.shards().unwrap().shards, [5].into());
    let shard = one.sharding().of_text(CONTENT_TOPIC).unwrap().shard();
    assert_eq!(after.shards().unwrap().shards, [shard, 5].into());
    assert!(after.seq() > before.seq());
}

#[tokio::test]
async fn peers_are_told_on_request_and_then_dialled() {
    let service = start(exchanging()).await;
    let hidden = start(config(TCP)).await;
    service.learn(vec![record(&hidden).await]).await.unwrap();
    until_peers(&service, 1).await;

    let node = start(config(TCP)).await;
    node.connect(address(&service).await).await.unwrap();
    let told = node.exchange_peers(service.peer_id(), 60).await.unwrap();
    assert_eq!(told, [record(&hidden).await]);
    until_peers(&node, 2).await;

    node.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = node.messages().unwrap();
    hidden.publish(None, message("found")).await.unwrap();
    assert_eq!(next(&mut messages).await.message.payload, b"found");
    assert_eq!(
        node.exchange_peers(hidden.peer_id(), 1).await,
        Err(ServiceError::Unsupported(hidden.peer_id()))
    );
}

#[tokio::test]
async fn a_node_that_lacks_peers_asks_by_itself() {
    let service = start(exchanging()).await;
    let hidden = start(config(TCP)).await;
    service.learn(vec![record(&hidden).await]).await.unwrap();
    until_peers(&service, 1).await;
    let node = start(exchanging()).await;
    node.connect(address(&service).await).await.unwrap();
    until_peers(&node, 2).await;
}

#[tokio::test]
async fn a_light_node_looks_for_services() {
    let service = start(NodeConfig {
        lightpush: true,
        filter: Some(Default::default()),
        ..config(TCP)
    })
    .await;
    let plain = start(config(TCP)).await;
    let node = start(light()).await;
    node.learn(vec![record(&service).await, record(&plain).await])
        .await
        .unwrap();
    until("the service is connected", async || {
        let peers = node.peers().await.unwrap();
        peers.iter().any(|peer| peer.peer_id == Some(service.peer_id()))
    })
    .await;
    assert_eq!(
        node.info().await.unwrap().connected_peers,
        1,
        "the other serves nothing"
    );
}

#[tokio::test]
async fn a_known_peer_is_found_again_after_it_was_lost() {
    let (node, other) = (start(config(TCP)).await, start(config(TCP)).await);
    node.learn(vec![record(&other).await]).await.unwrap();
    until_peers(&node, 1).await;
    node.disconnect(address(&other).await).await.unwrap();
    let patience = 2 * waku_plugin::limits::SEEK_PERIOD;
    tokio::time::sleep(patience).await;
    assert_eq!(
        node.info().await.unwrap().connected_peers,
        0,
        "the user has disconnected it"
    );
    node.connect(address(&other).await).await.unwrap();
    until_peers(&node, 1).await;
}

fn with_discv5(bootstrap: &[NodeRecord]) -> NodeConfig {
    NodeConfig {
        discv5: Some("127.0.0.1:0".parse().unwrap()),
        bootstrap: bootstrap.to_vec(),
        ..config(TCP)
    }
}

/// One bootstrap record is all that the nodes know of each other.
#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_find_each_other_by_discv5_and_relay() {
    let first = start(with_discv5(&[])).await;
    let bootstrap = [record(&first).await];
    assert!(bootstrap[0].udp4().is_some());
    let mut nodes = vec![first];
    for _ in 1..5 {
        nodes.push(start(with_discv5(&bootstrap)).await);
    }
    for node in &nodes {
        until_peers(node, 4).await;
    }
    let last = nodes.pop().unwrap();
    last.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = last.messages().unwrap();
    for (number, node) in nodes.iter().enumerate() {
        let text = format!("from node {number}");
        node.publish(None, message(&text)).await.unwrap();
        assert_eq!(next(&mut messages).await.message.payload, text.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discv5_frees_its_port_and_finds_nobody_of_another_cluster() {
    let first = start(with_discv5(&[])).await;
    let bootstrap = [record(&first).await];
    let other = start(NodeConfig {
        cluster: 98,
        ..with_discv5(&bootstrap)
    })
    .await;
    let same = start(with_discv5(&bootstrap)).await;
    until_peers(&same, 1).await;
    assert_eq!(other.info().await.unwrap().connected_peers, 0);
    assert_eq!(first.stats().refused_peers, 0, "it was not even dialled");

    let listen = first.discv5().unwrap();
    let taken = Node::start(NodeConfig {
        discv5: Some(listen),
        ..config(TCP)
    })
    .await;
    assert_eq!(
        taken.unwrap_err().to_string(),
        format!(
            "cannot listen on /ip4/127.0.0.1/udp/{}: Address already in use (os error 98)",
            listen.port()
        )
    );
    first.shutdown().await;
    std::net::UdpSocket::bind(listen).unwrap();
}

fn with_dns(url: &str, server: &NameServer) -> NodeConfig {
    NodeConfig {
        dns: DnsConfig {
            trees: vec![url.parse().unwrap()],
            name_servers: vec![server.address],
        },
        ..config(TCP)
    }
}

#[tokio::test]
async fn peers_are_read_from_a_signed_list_in_dns_and_from_those_it_links_to() {
    let one = start(NodeConfig {
        listen: [TCP, WS, WS].map(|text| text.parse().unwrap()).to_vec(),
        ..config(TCP)
    })
    .await;
    let two = start(config(TCP)).await;
    let linked = Tree::new("more.example.org", &[record(&two).await], &[]);
    let tree = Tree::new("nodes.example.org", &[record(&one).await], &[&linked.url()]);
    assert!(record(&one).await.to_string().len() > 255, "a text of two parts");
    let url = tree.url();
    let server = NameServer::start([tree, linked]).await;
    let node = start(with_dns(&url, &server)).await;
    until_peers(&node, 2).await;
}

#[tokio::test]
async fn a_list_that_another_has_signed_is_not_believed() {
    let one = start(config(TCP)).await;
    let tree = Tree::new("nodes.example.org", &[record(&one).await], &[]);
    let other_key = "AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O";
    let good = Tree::new("good.example.org", &[record(&one).await], &[]).url();
    let server = NameServer::start([tree]).await;
    let url = format!("enrtree://{other_key}@nodes.example.org");
    let node = start(with_dns(&url, &server)).await;
    let missing = start(with_dns(&good, &server)).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    for node in [node, missing] {
        assert_eq!(node.info().await.unwrap().connected_peers, 0);
    }
}

/// A list leads into discv5, which finds the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_dns_begins_discv5() {
    let first = start(with_discv5(&[])).await;
    let second = start(with_discv5(&[record(&first).await])).await;
    until_peers(&second, 1).await;
    let tree = Tree::new("nodes.example.org", &[record(&first).await], &[]);
    let url = tree.url();
    let server = NameServer::start([tree]).await;
    let node = start(NodeConfig {
        discv5: with_discv5(&[]).discv5,
        ..with_dns(&url, &server)
    })
    .await;
    until_peers(&node, 2).await;
}

#[tokio::test]
async fn a_light_node_of_the_waku_network_connects_and_publishes_nothing_without_a_proof() {
    let of_network = |listen: bool| NodeConfig {
        cluster: 1,
        listen: listen.then(|| TCP.parse().unwrap()).into_iter().collect(),
        ..light()
    };
    let (node, other) = (start(of_network(false)).await, start(of_network(true)).await);
    node.connect(address(&other).await).await.unwrap();
    let refused = node.publish(None, message("no proof")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "/waku/2/rs/1/3: messages of its cluster need a rate limit proof (RLN), and this one has none"
    );
    let proven = WakuMessage {
        proof: vec![1],
        ..message("with a proof")
    };
    let outcome = node.publish(None, proven).await;
    assert!(matches!(outcome, Err(PublishError::NoPeers(_))), "{outcome:?}");
    let relay = NodeConfig {
        relay: true,
        ..of_network(false)
    };
    assert!(
        relay
            .check()
            .unwrap_err()
            .to_string()
            .starts_with("relay: messages of cluster 1 need")
    );
}
