//! Nodes that others cannot reach, and how they find that out.

mod support;

use support::{CONTENT_TOPIC, TCP, address, config, message, next, start, until};
use waku_plugin::{Circuits, Multiaddr, Node, NodeConfig, Reachability};

/// A node that only goes out.
fn outgoing(circuits: Circuits) -> NodeConfig {
    NodeConfig {
        listen: vec![],
        circuits,
        ..config(TCP)
    }
}

async fn circuit_relay() -> Node {
    start(NodeConfig {
        // It takes part in another shard, so that it does not hand on the messages itself.
        shards: vec![7],
        circuits: Circuits::Serve,
        ..config(TCP)
    })
    .await
}

async fn circuit_of(node: &Node) -> Multiaddr {
    let circuits = async || -> Vec<Multiaddr> {
        let announced = node.info().await.unwrap().announced;
        let circuits = announced
            .into_iter()
            .filter(|it| it.to_string().contains("p2p-circuit"));
        circuits.collect()
    };
    until("a circuit", async || !circuits().await.is_empty()).await;
    circuits().await.remove(0)
}

#[tokio::test]
async fn a_node_that_listens_nowhere_gets_a_message_through_a_relay() {
    let relay = circuit_relay().await;
    let hidden = start(outgoing(Circuits::Reserve)).await;
    hidden.connect(address(&relay).await).await.unwrap();
    let circuit = circuit_of(&hidden).await;
    let through = format!("/p2p/{}/p2p-circuit/p2p/{}", relay.peer_id(), hidden.peer_id());
    assert!(circuit.to_string().ends_with(&through), "{circuit}");
    let record = hidden.info().await.unwrap().record;
    let by_record = record.addresses();
    assert_eq!(by_record.first(), Some(&circuit), "others find it by its record");

    let other = start(outgoing(Circuits::Dial)).await;
    assert_eq!(other.connect(circuit).await, Ok(hidden.peer_id()));
    hidden.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = hidden.messages().unwrap();
    until("each knows the other in the shard", async || {
        in_shard(&other).await == 1 && in_shard(&hidden).await == 1
    })
    .await;
    let hash = other.publish(None, message("through a relay")).await.unwrap();
    let received = next(&mut messages).await;
    assert_eq!(received.hash, hash);
    assert_eq!(received.origin, waku_plugin::Origin::Peer(other.peer_id()));
    assert_eq!(relay.stats().relayed, 0, "it sees only what is encrypted");
}

/// The peers in the shard of the content topic.
async fn in_shard(node: &Node) -> usize {
    let shards = node.info().await.unwrap().shards;
    let shard = shards.iter().find(|it| it.topic.shard() == 3);
    shard.map_or(0, |it| it.peers)
}

#[tokio::test]
async fn a_lost_reservation_is_made_again_elsewhere() {
    let (first, second) = (circuit_relay().await, circuit_relay().await);
    let hidden = start(outgoing(Circuits::Reserve)).await;
    hidden.connect(address(&first).await).await.unwrap();
    let before = circuit_of(&hidden).await;
    first.shutdown().await;
    until("the end of the reservation", async || {
        !hidden.info().await.unwrap().announced.contains(&before)
    })
    .await;
    hidden.connect(address(&second).await).await.unwrap();
    let after = circuit_of(&hidden).await.to_string();
    assert!(after.contains(&second.peer_id().to_string()), "{after}");
}

#[tokio::test]
async fn two_nodes_that_meet_through_a_relay_come_to_a_direct_connection() {
    let relay = circuit_relay().await;
    // It does listen, but nobody knows where.
    let behind = start(NodeConfig {
        circuits: Circuits::Reserve,
        ..config(TCP)
    })
    .await;
    behind.connect(address(&relay).await).await.unwrap();
    let circuit = circuit_of(&behind).await;
    let other = start(config(TCP)).await;
    other.connect(circuit).await.unwrap();
    let address_at = async |node: &Node, peer: &Node| {
        let peers = node.peers().await.unwrap();
        let peer = peers.into_iter().find(|it| it.peer_id == Some(peer.peer_id()));
        peer.unwrap().address.to_string()
    };
    until("a direct connection", async || {
        !address_at(&other, &behind).await.contains("p2p-circuit")
            && address_at(&behind, &other).await.contains("/tcp/")
    })
    .await;
    relay.shutdown().await;
    let is_connected = async |node: &Node, peer: &Node| {
        let peers = node.peers().await.unwrap();
        peers
            .iter()
            .any(|it| it.peer_id == Some(peer.peer_id()) && it.direction.is_some())
    };
    until("the relay is gone", async || !is_connected(&other, &relay).await).await;
    behind.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = behind.messages().unwrap();
    let mut number = 0;
    // What is sent while the circuit breaks may be lost with it.
    until("a message without a relay", || {
        number += 1;
        let text = format!("without a relay {number}");
        let (other, received) = (&other, messages.try_recv().is_some());
        async move {
            let _may_be_lost = other.publish(None, message(&text)).await;
            received
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_learns_from_peers_whether_they_reach_it() {
    let asking = |listen: NodeConfig| NodeConfig {
        autonat: true,
        ..listen
    };
    let node = start(asking(config(TCP))).await;
    let peers = [start(asking(config(TCP))).await, start(asking(config(TCP))).await];
    assert_eq!(node.info().await.unwrap().reachability, Reachability::Unknown);
    for peer in &peers {
        node.connect(address(peer).await).await.unwrap();
    }
    until("somebody has reached it", async || {
        matches!(node.info().await.unwrap().reachability, Reachability::Public(_))
    })
    .await;
    let Reachability::Public(found) = node.info().await.unwrap().reachability else {
        unreachable!("it was public before")
    };
    let listens = address(&node).await.to_string();
    assert!(
        listens.starts_with(&found.to_string()) || found.to_string() == listens,
        "{found}"
    );
    assert_eq!(node.info().await.unwrap().connected_peers, 2);
}
