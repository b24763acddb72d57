//! Subscriptions without end, and peers of another cluster.

use libp2p::{
    request_response::{Event, Message},
    swarm::SwarmEvent,
};
use prost::Message as _;
use tokio::{task::JoinSet, time::timeout};

use super::{
    FILTER, Honest, METADATA, MIB, RELAY, Victim, assert_sound,
    attacker::{Attacker, Step, ends},
    support::{DEADLINE, raw},
};

/// Gossipsub's RPC, as far as it is flooded with.
#[derive(Clone, PartialEq, prost::Message)]
struct Rpc {
    #[prost(message, repeated, tag = "1")]
    subscriptions: Vec<Subscription>,
    #[prost(message, optional, tag = "3")]
    control: Option<Control>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Subscription {
    #[prost(bool, optional, tag = "1")]
    subscribe: Option<bool>,
    #[prost(string, optional, tag = "2")]
    topic: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Control {
    #[prost(message, repeated, tag = "1")]
    have: Vec<Have>,
    #[prost(message, repeated, tag = "2")]
    want: Vec<Want>,
    #[prost(message, repeated, tag = "3")]
    graft: Vec<Graft>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Have {
    #[prost(string, optional, tag = "1")]
    topic: Option<String>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    messages: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Want {
    #[prost(bytes = "vec", repeated, tag = "1")]
    messages: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Graft {
    #[prost(string, optional, tag = "1")]
    topic: Option<String>,
}

/// All shards there are, and as many topics of other networks.
fn topics() -> impl Iterator<Item = String> {
    let shards = (0..1024).map(|shard| format!("/waku/2/rs/99/{shard}"));
    shards.chain((0..1024).map(|number| format!("/meshsub/{number}")))
}

fn subscribing(subscribe: bool) -> Vec<u8> {
    let subscription = |topic| Subscription {
        subscribe: Some(subscribe),
        topic: Some(topic),
    };
    let rpc = Rpc {
        subscriptions: topics().map(subscription).collect(),
        control: None,
    };
    rpc.encode_length_delimited_to_vec()
}

/// Announces, wants and grafts what does not exist.
fn controlling(round: u32) -> Vec<u8> {
    let id = |number: u32| [&round.to_be_bytes()[..], &number.to_be_bytes(), &[7; 24]].concat();
    let messages: Vec<Vec<u8>> = (0..2000).map(id).collect();
    let topic = Some("/waku/2/rs/99/3".to_owned());
    let control = Control {
        have: vec![Have {
            topic: topic.clone(),
            messages: messages.clone(),
        }],
        want: vec![Want { messages }],
        graft: vec![Graft { topic }; 100],
    };
    let rpc = Rpc {
        subscriptions: Vec::new(),
        control: Some(control),
    };
    rpc.encode_length_delimited_to_vec()
}

/// Five peers subscribe to everything and unsubscribe, and announce what nobody has sent.
#[tokio::test(flavor = "multi_thread")]
async fn floods_of_gossipsub_subscriptions_and_control_messages_take_little() {
    let mut victim = Victim::start(150);
    let mut honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    let mut flood = vec![Step::Send(subscribing(true))];
    for round in 0..100 {
        flood.push(Step::Send(subscribing(round % 2 == 1)));
        flood.push(Step::Send(controlling(round)));
    }
    let mut attackers = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..5 {
        let attacker = Attacker::connect(&victim.address, RELAY).await;
        streams.push(attacker.open(flood.clone()));
        attackers.push(attacker);
    }
    assert_sound("gossipsub flood, meanwhile", &victim, &mut honest, 64 * MIB).await;
    ends("gossipsub flood", streams).await;
    assert_sound("gossipsub flood", &victim, &mut honest, 64 * MIB).await;
}

#[derive(Clone, PartialEq, prost::Message)]
struct FilterRequest {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(int32, tag = "2")]
    kind: i32,
    #[prost(string, tag = "10")]
    pubsub_topic: String,
    #[prost(string, repeated, tag = "11")]
    content_topics: Vec<String>,
}

/// A request for sixty content topics of a thousand bytes.
fn filter_request(peer: usize, round: usize) -> Vec<u8> {
    let topic = |number| {
        let name = format!("{peer} {round} {number}");
        format!("/flood/1/{name}{}/proto", "x".repeat(1000 - name.len()))
    };
    let request = FilterRequest {
        request_id: "1".into(),
        kind: 1,
        pubsub_topic: "/waku/2/rs/99/3".into(),
        content_topics: (0..60).map(topic).collect(),
    };
    request.encode_length_delimited_to_vec()
}

/// Forty peers subscribe to long content topics that are always others.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_filter_subscriptions_is_refused_before_it_takes_much() {
    let mut victim = Victim::start(150);
    let mut honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    let mut floods = JoinSet::new();
    for peer in 0..40 {
        let address = victim.address.clone();
        floods.spawn(async move {
            let attacker = Attacker::connect(&address, FILTER).await;
            for round in 0..40 {
                let request = attacker.open(vec![Step::Send(filter_request(peer, round))]);
                ends("filter flood", vec![request]).await;
            }
        });
    }
    assert_sound("filter flood, meanwhile", &victim, &mut honest, 96 * MIB).await;
    floods.join_all().await;
    assert_sound("filter flood", &victim, &mut honest, 96 * MIB).await;
}

/// Peers that say, whenever they are asked, that they are of cluster 98.
#[tokio::test(flavor = "multi_thread")]
async fn peers_of_another_cluster_are_hung_up_on_however_often_they_come() {
    let mut victim = Victim::start(150);
    let mut honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    let mut peers = JoinSet::new();
    for _ in 0..10 {
        let address = victim.address.clone();
        peers.spawn(async move {
            for _ in 0..10 {
                timeout(DEADLINE, come_and_go(&address))
                    .await
                    .expect("it hangs up");
            }
        });
    }
    assert_sound("another cluster, meanwhile", &victim, &mut honest, 32 * MIB).await;
    peers.join_all().await;
    assert_sound("another cluster", &victim, &mut honest, 32 * MIB).await;
}

/// Connects, names its cluster, and waits until it is hung up on.
async fn come_and_go(address: &libp2p::Multiaddr) {
    let mut swarm = raw::plain(METADATA, raw::Raw);
    swarm.dial(address.clone()).unwrap();
    let asked = raw::hear(&mut swarm, |event| match event {
        SwarmEvent::Behaviour(Event::Message {
            message: Message::Request { channel, .. },
            ..
        }) => Some(channel),
        _ => None,
    });
    let channel = asked.await;
    let cluster_98 = vec![8, 98];
    swarm.behaviour_mut().send_response(channel, cluster_98).unwrap();
    raw::hear(&mut swarm, |event| {
        matches!(event, SwarmEvent::ConnectionClosed { .. }).then_some(())
    })
    .await;
}
