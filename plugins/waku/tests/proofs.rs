//! Rate limit proofs: they are carried as they are, and on The Waku Network a node without them is a light node.

mod support;

use futures::StreamExt;
use libp2p::{
    Multiaddr,
    request_response::{Event, Message},
    swarm::SwarmEvent,
};
use prost::Message as _;
use support::{
    CONTENT_TOPIC, TCP, address, config, light, message, next,
    raw::{Raw, hear, plain_of},
    start, until_peers,
};
use tokio::sync::mpsc;
use waku_plugin::{
    ConfigError, LightPushError, Node, NodeConfig, NodeError, PublishError, Refusal, ServiceError, Status,
    StoreQuery, WakuMessage,
};

const LIGHTPUSH: &str = "/vac/waku/lightpush/3.0.0";
const STORE: &str = "/vac/waku/store-query/3.0.0";
const SUBSCRIBE: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const PUSH: &str = "/vac/waku/filter-push/2.0.0-beta1";
/// Whatever a proof is made of.
const PROOF: [u8; 5] = [0xff, 0, 0x80, 7, 0];

fn of_cluster_1(config: NodeConfig) -> NodeConfig {
    NodeConfig { cluster: 1, ..config }
}

fn proved(text: &str) -> WakuMessage {
    WakuMessage {
        proof: PROOF.to_vec(),
        ..message(text)
    }
}

#[tokio::test]
async fn a_proof_arrives_as_it_was_sent() {
    let nodes = [
        start(config(TCP)).await,
        start(config(TCP)).await,
        start(config(TCP)).await,
    ];
    let [sender, middle, receiver] = &nodes;
    sender.connect(address(middle).await).await.unwrap();
    receiver.connect(address(middle).await).await.unwrap();
    until_peers(middle, 2).await;
    receiver.subscribe(vec![CONTENT_TOPIC.into()]).await.unwrap();
    let mut messages = receiver.messages().unwrap();
    let hash = sender.publish(None, proved("with a proof")).await.unwrap();
    let received = next(&mut messages).await;
    assert_eq!((&received.message.proof[..], received.hash), (&PROOF[..], hash));
}

#[tokio::test]
async fn a_relay_of_the_waku_network_is_refused_and_so_is_a_message_without_a_proof() {
    let error = Node::start(of_cluster_1(config(TCP))).await.unwrap_err();
    assert!(
        matches!(error, NodeError::Config(ConfigError::NeedsProofs)),
        "{error}"
    );
    let node = start(of_cluster_1(light())).await;
    let error = node.publish(None, message("without a proof")).await.unwrap_err();
    assert!(matches!(error, PublishError::NeedsProof(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "/waku/2/rs/1/3: messages of its cluster need a rate limit proof (RLN), and this one has none"
    );
    let error = node.publish(None, proved("with a proof")).await.unwrap_err();
    assert!(matches!(error, PublishError::NoPeers(_)), "{error}");
}

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(string, tag = "1")]
    id: String,
    /// The message of a lightpush request.
    #[prost(bytes = "vec", tag = "21")]
    message: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(uint32, optional, tag = "10")]
    status: Option<u32>,
    #[prost(string, optional, tag = "11")]
    text: Option<String>,
    #[prost(uint32, optional, tag = "12")]
    relay_peers: Option<u32>,
    /// Of a store.
    #[prost(message, repeated, tag = "20")]
    messages: Vec<Stored>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Stored {
    #[prost(bytes = "vec", optional, tag = "1")]
    hash: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    message: Option<Vec<u8>>,
    #[prost(string, optional, tag = "3")]
    topic: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Push {
    #[prost(bytes = "vec", tag = "1")]
    message: Vec<u8>,
    #[prost(string, tag = "2")]
    topic: String,
}

impl Response {
    fn ok(request: &Request) -> Self {
        Self {
            id: request.id.clone(),
            status: Some(200),
            text: Some("OK".into()),
            ..Self::default()
        }
    }
}

/// A peer that serves these protocols, as a node of The Waku Network does, until the test ends, and pushes a message
/// after each answer, if there is one to push. Its requests come out of the receiver.
async fn service(
    protocols: &[&'static str],
    answer: fn(&Request) -> Response,
    push: Option<Push>,
) -> (Multiaddr, mpsc::UnboundedReceiver<Request>) {
    let mut swarm = plain_of(protocols, Raw);
    swarm.listen_on(TCP.parse().unwrap()).unwrap();
    let (requests, received) = mpsc::unbounded_channel();
    let address = hear(&mut swarm, |event| match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    })
    .await;
    let address = address.with_p2p(*swarm.local_peer_id()).unwrap();
    tokio::spawn(async move {
        while !requests.is_closed() {
            if let SwarmEvent::Behaviour(Event::Message {
                peer,
                message: Message::Request { request, channel, .. },
                ..
            }) = swarm.select_next_some().await
            {
                let request = Request::decode(&request[..]).unwrap();
                let response = answer(&request).encode_to_vec();
                swarm.behaviour_mut().send_response(channel, response).unwrap();
                if let Some(push) = &push {
                    swarm.behaviour_mut().send_request(&peer, push.encode_to_vec());
                }
                // The test may be over.
                let _over = requests.send(request);
            }
        }
    });
    (address, received)
}

#[tokio::test]
async fn a_light_node_of_the_waku_network_pushes_what_has_a_proof() {
    let answer = |request: &Request| match WakuMessage::decode(&request.message).unwrap().proof.is_empty() {
        false => Response {
            relay_peers: Some(3),
            ..Response::ok(request)
        },
        true => Response {
            status: Some(420),
            text: Some("RLN validation failed".into()),
            ..Response::ok(request)
        },
    };
    let (service, mut requests) = service(&[LIGHTPUSH], answer, None).await;
    let node = start(of_cluster_1(light())).await;
    let peer = node.connect(service).await.unwrap();
    let receipt = node.lightpush(peer, None, proved("with a proof")).await.unwrap();
    assert_eq!(receipt.relay_peers, Some(3));
    let sent = WakuMessage::decode(&requests.recv().await.unwrap().message).unwrap();
    assert_eq!(sent.proof, PROOF);
    let refusal = node.lightpush(peer, None, message("without")).await.unwrap_err();
    let expected = Refusal {
        status: Status::INVALID_MESSAGE,
        text: "RLN validation failed".into(),
    };
    assert_eq!(refusal, LightPushError::Service(ServiceError::Refused(expected)));
}

#[tokio::test]
async fn a_light_node_of_the_waku_network_reads_the_store() {
    let answer = |request: &Request| {
        let (message, topic) = (proved("stored"), "/waku/2/rs/1/3");
        let stored = Stored {
            hash: Some(message.hash(topic).as_bytes().to_vec()),
            message: Some(message.encode()),
            topic: Some(topic.into()),
        };
        Response {
            messages: vec![stored],
            ..Response::ok(request)
        }
    };
    let (service, _requests) = service(&[STORE], answer, None).await;
    let node = start(of_cluster_1(light())).await;
    let peer = node.connect(service).await.unwrap();
    let page = node.query_store(peer, StoreQuery::default()).await.unwrap();
    assert_eq!(page.messages[0].message.as_ref().unwrap().proof, PROOF);
}

#[tokio::test]
async fn a_light_node_of_the_waku_network_subscribes_and_gets_pushes() {
    let push = Push {
        message: proved("pushed").encode(),
        topic: "/waku/2/rs/1/3".into(),
    };
    let (service, _requests) = service(&[SUBSCRIBE, PUSH], Response::ok, Some(push)).await;
    let node = start(of_cluster_1(light())).await;
    let mut messages = node.messages().unwrap();
    let peer = node.connect(service).await.unwrap();
    let topics = vec![CONTENT_TOPIC.into()];
    node.filter_subscribe(peer, None, topics).await.unwrap();
    let received = next(&mut messages).await;
    assert_eq!(received.message.proof, PROOF);
}
