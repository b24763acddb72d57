//! Light nodes to which services push messages.

mod support;

use std::{io, time::Duration};

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    StreamProtocol, Swarm, SwarmBuilder, noise,
    request_response::{self, Codec, Event, Message, ProtocolSupport},
    swarm::{NetworkBehaviour, SwarmEvent},
    tcp, yamux,
};
use support::{
    CONTENT_TOPIC, DEADLINE, TCP, address, config, light, message, next,
    raw::{Raw, hear, raw_request},
    relay_behind, start, until, until_peers,
};
use tokio::time::timeout;
use waku_plugin::{
    FilterConfig, FilterError, Node, NodeConfig, NodeKey, Origin, PubsubTopic, Refusal, ServiceError, Status,
};

const SUBSCRIBE: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const PUSH: &str = "/vac/waku/filter-push/2.0.0-beta1";

fn service() -> NodeConfig {
    NodeConfig {
        filter: Some(FilterConfig::default()),
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

fn topics() -> Vec<String> {
    vec![CONTENT_TOPIC.into()]
}

fn refused(outcome: Result<(), FilterError>) -> Refusal {
    match outcome {
        Err(FilterError::Service(ServiceError::Refused(refusal))) => refusal,
        other => panic!("{other:?}"),
    }
}

fn not_found() -> Refusal {
    Refusal {
        status: Status::NOT_FOUND,
        text: "peer has no subscriptions".into(),
    }
}

#[tokio::test]
async fn a_light_node_gets_what_it_subscribed_to_until_it_unsubscribes() {
    let service = start(service()).await;
    let relay = relay_behind(&service).await;
    let light = light_node(&service).await;
    let peer = service.peer_id();
    assert_eq!(refused(light.filter_ping(peer).await), not_found());
    let mut messages = light.messages().unwrap();
    light.filter_subscribe(peer, None, topics()).await.unwrap();
    light.filter_ping(peer).await.unwrap();
    for text in ["one", "two", "three"] {
        let hash = relay.publish(None, message(text)).await.unwrap();
        let received = next(&mut messages).await;
        assert_eq!((received.hash, received.origin), (hash, Origin::Peer(peer)));
        assert_eq!(received.pubsub_topic.to_string(), "/waku/2/rs/99/3");
    }
    until("the count", async || service.stats().pushed == 3).await;
    light.filter_unsubscribe(peer, None, topics()).await.unwrap();
    assert_eq!(refused(light.filter_ping(peer).await), not_found());
    let relayed = service.stats().relayed;
    relay.publish(None, message("four")).await.unwrap();
    until("the last message", async || service.stats().relayed > relayed).await;
    assert_eq!(service.stats().pushed, 3);
    assert!(messages.try_recv().is_none());
}

#[tokio::test]
async fn light_nodes_talk_through_a_service_alone() {
    let service = start(service()).await;
    let _relay = relay_behind(&service).await;
    let (sender, receiver) = (light_node(&service).await, light_node(&service).await);
    let mut messages = receiver.messages().unwrap();
    let peer = service.peer_id();
    receiver.filter_subscribe(peer, None, topics()).await.unwrap();
    let receipt = sender.lightpush(peer, None, message("hi")).await.unwrap();
    assert_eq!(next(&mut messages).await.hash, receipt.hash);
}

#[tokio::test]
async fn subscribing_at_two_services_gives_each_message_once() {
    let (a, b) = (start(service()).await, start(service()).await);
    b.connect(address(&a).await).await.unwrap();
    until_peers(&a, 1).await;
    until_peers(&b, 1).await;
    let light = light_node(&a).await;
    light.connect(address(&b).await).await.unwrap();
    let mut messages = light.messages().unwrap();
    for service in [&a, &b] {
        light
            .filter_subscribe(service.peer_id(), None, topics())
            .await
            .unwrap();
    }
    let hash = a.publish(None, message("hi")).await.unwrap();
    assert_eq!(next(&mut messages).await.hash, hash);
    until("both pushes", async || {
        (a.stats().pushed, b.stats().pushed) == (1, 1)
    })
    .await;
    light.filter_unsubscribe_all(a.peer_id()).await.unwrap();
    let hash = a.publish(None, message("again")).await.unwrap();
    let received = next(&mut messages).await;
    assert_eq!(
        (received.hash, received.origin),
        (hash, Origin::Peer(b.peer_id())),
        "the other service goes on, and the first message came once"
    );
}

#[tokio::test]
async fn a_service_that_has_forgotten_a_subscriber_gets_the_subscription_again() {
    let service = start(NodeConfig {
        filter: Some(FilterConfig {
            subscription_timeout: Duration::from_millis(10),
            ..FilterConfig::default()
        }),
        ..service()
    })
    .await;
    let light = light_node(&service).await;
    let mut messages = light.messages().unwrap();
    let peer = service.peer_id();
    light.filter_subscribe(peer, None, topics()).await.unwrap();
    until("the end of the subscription", async || {
        light.filter_ping(peer).await.is_err_and(|error| {
            assert_eq!(refused(Err(error)), not_found());
            true
        })
    })
    .await;
    let heard = async {
        for number in 0.. {
            // Nobody else is there; subscribers get it all the same.
            let _no_peers = service.publish(None, message(&number.to_string())).await;
            let _expired = light.filter_ping(peer).await;
            if messages.try_recv().is_some() {
                break;
            }
        }
    };
    timeout(DEADLINE, heard).await.expect("no message in time");
}

#[tokio::test]
async fn a_service_that_comes_back_gets_the_subscription_again() {
    let key = NodeKey::random();
    let with_key = |listen| NodeConfig {
        key: key.clone(),
        listen: vec![listen],
        ..service()
    };
    let first = start(with_key(TCP.parse().unwrap())).await;
    let place = first.bound()[0].clone();
    let light = start(NodeConfig {
        static_peers: vec![address(&first).await],
        ..light()
    })
    .await;
    let connected = async |count| {
        until("the connection", async || {
            light.info().await.unwrap().connected_peers == count
        })
        .await;
    };
    connected(1).await;
    let mut messages = light.messages().unwrap();
    let peer = first.peer_id();
    light.filter_subscribe(peer, None, topics()).await.unwrap();
    // More shards than requests go on one connection at once.
    let shard = |number| Some(PubsubTopic::new(99, number).unwrap());
    for number in 0..40 {
        light
            .filter_subscribe(peer, shard(number), topics())
            .await
            .unwrap();
    }
    first.shutdown().await;
    connected(0).await;
    let second = start(with_key(place)).await;
    connected(1).await;
    for number in 0..40 {
        let heard = async {
            for round in 0.. {
                let text = format!("{number}, {round}");
                let _no_peers = second.publish(shard(number), message(&text)).await;
                let _known = light.filter_ping(peer).await;
                let mut shards = std::iter::from_fn(|| Some(messages.try_recv()?.pubsub_topic));
                if shards.any(|heard| Some(heard) == shard(number)) {
                    break;
                }
            }
        };
        timeout(DEADLINE, heard).await.expect("no message in time");
    }
}

#[tokio::test]
async fn many_topics_take_several_requests_and_too_many_are_refused() {
    let service = start(NodeConfig {
        filter: Some(FilterConfig {
            max_criteria: 250,
            ..FilterConfig::default()
        }),
        ..service()
    })
    .await;
    let light = light_node(&service).await;
    let mut messages = light.messages().unwrap();
    let peer = service.peer_id();
    let numbered = |range: std::ops::Range<u32>| range.map(|n| format!("/toychat/2/{n}/proto")).collect();
    light
        .filter_subscribe(peer, None, numbered(0..250))
        .await
        .unwrap();
    let _no_peers = service
        .publish(
            None,
            waku_plugin::WakuMessage {
                content_topic: "/toychat/2/249/proto".into(),
                ..message("the last topic")
            },
        )
        .await;
    assert_eq!(next(&mut messages).await.message.payload, b"the last topic");
    let refusal = refused(light.filter_subscribe(peer, None, numbered(250..251)).await);
    assert_eq!(
        refusal.to_string(),
        "503 SERVICE_UNAVAILABLE: peer has reached maximum number of filter criteria"
    );
    let error = light.filter_subscribe(peer, None, numbered(0..1001)).await;
    assert!(error.is_err(), "more than this node asks of one service");
}

#[tokio::test]
async fn the_service_answers_in_the_bytes_of_its_specification() {
    let service = start(service()).await;
    let text = hex::encode("NOT_FOUND: peer has no subscriptions");
    assert_eq!(
        raw_request(&service, SUBSCRIBE, "0a0272311000").await,
        format!("0a0272315094035a24{text}")
    );
    let topic = hex::encode("/waku/2/rs/99/0");
    let subscribe = format!("0a0272311001520f{topic}5a022f61");
    assert_eq!(
        raw_request(&service, SUBSCRIBE, &subscribe).await,
        "0a02723150c8015a024f4b"
    );
}

/// Takes streams and never reads them.
#[derive(Clone)]
struct Stuck;

impl Codec for Stuck {
    type Protocol = StreamProtocol;
    type Request = ();
    type Response = ();

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
    ) -> io::Result<()> {
        std::future::pending().await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
    ) -> io::Result<()> {
        Ok(())
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        (): (),
    ) -> io::Result<()> {
        Ok(())
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        (): (),
    ) -> io::Result<()> {
        Ok(())
    }
}

#[derive(NetworkBehaviour)]
struct StuckSubscriber {
    subscribe: request_response::Behaviour<Raw>,
    push: request_response::Behaviour<Stuck>,
}

/// A peer that subscribes and then stops reading what is pushed to it.
async fn stuck_subscriber(service: &Node) -> Swarm<StuckSubscriber> {
    let protocols = |name| [(StreamProtocol::new(name), ProtocolSupport::Full)];
    let config = || request_response::Config::default().with_request_timeout(2 * DEADLINE);
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| StuckSubscriber {
            subscribe: request_response::Behaviour::with_codec(Raw, protocols(SUBSCRIBE), config()),
            push: request_response::Behaviour::with_codec(Stuck, protocols(PUSH), config()),
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(DEADLINE))
        .build();
    swarm.dial(address(service).await).unwrap();
    hear(&mut swarm, |event| {
        matches!(event, SwarmEvent::ConnectionEstablished { .. }).then_some(())
    })
    .await;
    let topic = hex::encode("/waku/2/rs/99/3");
    let content = hex::encode(CONTENT_TOPIC);
    let request = format!("0a0272311001520f{topic}5a{:02x}{content}", CONTENT_TOPIC.len());
    let peer = service.peer_id();
    let request = hex::decode(request).unwrap();
    swarm.behaviour_mut().subscribe.send_request(&peer, request);
    let answer = hear(&mut swarm, |event| match event {
        SwarmEvent::Behaviour(StuckSubscriberEvent::Subscribe(Event::Message {
            message: Message::Response { response, .. },
            ..
        })) => Some(hex::encode(response)),
        _ => None,
    })
    .await;
    assert_eq!(answer, "0a02723150c8015a024f4b");
    swarm
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_costs_nobody_but_itself() {
    const COUNT: u64 = 60;
    let service = start(service()).await;
    let relay = relay_behind(&service).await;
    let mut stuck = stuck_subscriber(&service).await;
    let running = tokio::spawn(async move { hear(&mut stuck, |_| None::<()>).await });
    let light = light_node(&service).await;
    let mut messages = light.messages().unwrap();
    let peer = service.peer_id();
    light.filter_subscribe(peer, None, topics()).await.unwrap();
    let payload = "x".repeat(100 * 1024);
    for number in 0..COUNT {
        let hash = relay
            .publish(None, message(&format!("{number}{payload}")))
            .await
            .unwrap();
        assert_eq!(next(&mut messages).await.hash, hash);
    }
    let stats = service.stats();
    assert_eq!(stats.relayed, COUNT);
    assert!(stats.push_missed > 0, "6 MB do not fit into its queue: {stats:?}");
    assert!(stats.pushed >= COUNT, "{stats:?}");
    running.abort();
}
