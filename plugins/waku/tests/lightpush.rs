//! Light nodes that publish through a service node, and peers that speak only one version.

mod support;

use libp2p::{
    Multiaddr,
    request_response::{Event, Message},
    swarm::SwarmEvent,
};
use support::{
    CONTENT_TOPIC, TCP, address, config, light, message, next,
    raw::{Raw, hear, plain, raw_request},
    relay_behind, start, until,
};
use waku_plugin::{
    LightPushError, Node, NodeConfig, Origin, PeerId, Refusal, ServiceError, Status, WakuMessage,
};

const LEGACY: &str = "/vac/waku/lightpush/2.0.0-beta1";
const V3: &str = "/vac/waku/lightpush/3.0.0";

fn service() -> NodeConfig {
    NodeConfig {
        lightpush: true,
        ..config(TCP)
    }
}

/// A light node that is connected to a service.
async fn light_node(service: &Node) -> Node {
    let node = start(light()).await;
    node.connect(address(service).await).await.unwrap();
    node
}

fn refused(error: LightPushError) -> Refusal {
    match error {
        LightPushError::Service(ServiceError::Refused(refusal)) => refusal,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_light_node_publishes_through_a_service_and_hears_how_far_it_got() {
    let service = start(service()).await;
    let relay = relay_behind(&service).await;
    relay.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = relay.messages().unwrap();
    let light = light_node(&service).await;
    let receipt = light
        .lightpush(service.peer_id(), None, message("hi"))
        .await
        .unwrap();
    assert_eq!(receipt.relay_peers, Some(1));
    let received = next(&mut messages).await;
    assert_eq!(
        (received.hash, &*received.message.payload),
        (receipt.hash, &b"hi"[..])
    );
    assert!(received.message.timestamp > 0, "the light node filled it in");
    assert!(light.info().await.unwrap().shards.is_empty());
}

#[tokio::test]
async fn consumers_of_the_service_get_what_light_nodes_publish() {
    let service = start(service()).await;
    service.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = service.messages().unwrap();
    let _relay = relay_behind(&service).await;
    let light = light_node(&service).await;
    light
        .lightpush(service.peer_id(), None, message("hi"))
        .await
        .unwrap();
    assert_eq!(next(&mut messages).await.origin, Origin::Peer(light.peer_id()));
}

#[tokio::test]
async fn a_service_says_why_it_does_not_publish() {
    let service = start(NodeConfig {
        max_message_size: 200,
        ..service()
    })
    .await;
    let light = light_node(&service).await;
    let push = async |message: WakuMessage| {
        refused(
            light
                .lightpush(service.peer_id(), None, message)
                .await
                .unwrap_err(),
        )
    };
    assert_eq!(
        push(message("nobody there")).await,
        Refusal {
            status: Status::NO_PEERS_TO_RELAY,
            text: "No peers for topic, skipping publish".into()
        }
    );
    let _relay = relay_behind(&service).await;
    assert_eq!(
        push(message(&"x".repeat(200))).await,
        Refusal {
            status: Status::INVALID_MESSAGE,
            text: "Message size exceeded maximum of 200 bytes".into()
        }
    );
    let again = WakuMessage {
        timestamp: 7,
        ..message("again")
    };
    light
        .lightpush(service.peer_id(), None, again.clone())
        .await
        .unwrap();
    assert_eq!(push(again).await.text, "Dropping already-seen message");
}

#[tokio::test]
async fn who_serves_no_lightpush_or_is_not_there_is_named() {
    let (other, light) = (start(config(TCP)).await, start(light()).await);
    let peer = other.peer_id();
    let push = async || light.lightpush(peer, None, message("hi")).await.unwrap_err();
    assert_eq!(push().await, ServiceError::NotConnected(peer).into());
    light.connect(address(&other).await).await.unwrap();
    assert_eq!(push().await, ServiceError::Unsupported(peer).into());
}

#[tokio::test]
async fn both_versions_answer_in_the_bytes_of_their_specification() {
    let service = start(service()).await;
    let topic = hex::encode("/waku/2/rs/99/0");
    let message = "0a02010212082f612f312f622f63";
    let v3 = format!("0a027231a2010f{topic}aa010e{message}");
    let none = hex::encode("No peers for topic, skipping publish");
    assert_eq!(
        raw_request(&service, V3, &v3).await,
        format!("0a02723150f9035a24{none}")
    );
    let legacy = format!("0a02723112210a0f{topic}120e{message}");
    let info = hex::encode("not_published_to_any_peer");
    assert_eq!(
        raw_request(&service, LEGACY, &legacy).await,
        format!("0a0272311a1d08001219{info}")
    );
    let undecodable = raw_request(&service, V3, "ff").await;
    let answer = format!("0a03{}5090035a", hex::encode("N/A"));
    assert!(undecodable.starts_with(&answer), "{undecodable}");
    let other_cluster = v3.replace(&topic, &hex::encode("/waku/2/rs/98/0"));
    let answer = raw_request(&service, V3, &other_cluster).await;
    assert!(answer.starts_with("0a02723150a5035a"), "421: {answer}");
}

#[tokio::test]
async fn a_service_of_version_2_alone_is_asked_in_version_2() {
    let mut old = plain(LEGACY, Raw);
    old.listen_on(TCP.parse::<Multiaddr>().unwrap()).unwrap();
    let address = hear(&mut old, |event| match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    })
    .await;
    let peer: PeerId = *old.local_peer_id();
    let answering = tokio::spawn(async move {
        let (request, channel) = hear(&mut old, |event| match event {
            SwarmEvent::Behaviour(Event::Message {
                message: Message::Request { request, channel, .. },
                ..
            }) => Some((request, channel)),
            _ => None,
        })
        .await;
        // The id, then success and "OK".
        let mut response = request[..2 + usize::from(request[1])].to_vec();
        response.extend(hex::decode("1a06080112024f4b").unwrap());
        old.behaviour_mut().send_response(channel, response).unwrap();
        hear(&mut old, |_| None::<()>).await;
    });
    let light = start(light()).await;
    light.connect(address).await.unwrap();
    until("the connection", async || {
        light.info().await.unwrap().connected_peers == 1
    })
    .await;
    let receipt = light.lightpush(peer, None, message("hi")).await.unwrap();
    assert_eq!(receipt.relay_peers, None);
    answering.abort();
}
