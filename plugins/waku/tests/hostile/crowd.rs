//! A thousand connections.

use std::{env, time::Duration};

use futures::StreamExt;
use libp2p::{Multiaddr, swarm::SwarmEvent};
use tokio::{sync::mpsc, time::sleep};

use super::{
    Honest, METADATA, MIB, Victim, assert_sound,
    support::{light, raw, start, until},
    victim::Process,
};

const PEERS: usize = 1000;
const ADDRESS: &str = "WAKU_TEST_CROWDED";
/// Between two attempts of one member.
const PAUSE: Duration = Duration::from_millis(500);

/// The process of the crowd, which tells how many are connected. It does nothing unless a test here starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let address: Multiaddr = address.parse().unwrap();
    let (news, mut heard) = mpsc::unbounded_channel();
    for _ in 0..PEERS {
        tokio::spawn(member(address.clone(), news.clone()));
    }
    let (mut connected, mut most) = (0, 0);
    while let Some(came) = heard.recv().await {
        match came {
            true => connected += 1,
            false => connected -= 1,
        }
        if connected > most {
            most = connected;
            println!("connected {most}");
        }
    }
}

/// Stays as long as it may, and comes again.
async fn member(address: Multiaddr, news: mpsc::UnboundedSender<bool>) {
    let mut swarm = raw::plain(METADATA, raw::Raw);
    swarm.dial(address.clone()).unwrap();
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished { .. } => news.send(true).unwrap(),
            SwarmEvent::ConnectionClosed { .. } => {
                news.send(false).unwrap();
                sleep(PAUSE).await;
                swarm.dial(address.clone()).unwrap();
            }
            SwarmEvent::OutgoingConnectionError { .. } => {
                sleep(PAUSE).await;
                swarm.dial(address.clone()).unwrap();
            }
            _ => {}
        }
    }
}

fn crowd(address: &Multiaddr) -> Process {
    Process::start("crowd::a_crowd", ADDRESS, &address.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_are_served_and_cost_little_each() {
    let mut victim = Victim::start(1200);
    let mut honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    let mut crowd = crowd(&victim.address);
    while crowd.line_after("connected ").parse::<usize>().unwrap() < PEERS {}
    let each = victim.grown() / PEERS;
    println!("{} KiB for each connection", each / 1024);
    assert_sound("a thousand connections", &victim, &mut honest, PEERS * MIB / 4).await;
    let newcomer = start(light()).await;
    until("a newcomer's connection", async || {
        newcomer.connect(victim.address.clone()).await.is_ok()
    })
    .await;
}

/// The node has room for 150: the others are refused, again and again, and who was there before is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_peers_before_a_full_node_change_nothing_for_those_inside() {
    let mut victim = Victim::start(150);
    let mut honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    let mut crowd = crowd(&victim.address);
    while crowd.line_after("connected ").parse::<usize>().unwrap() < 140 {}
    for round in 0..3 {
        let what = format!("a thousand peers at the door, {round}");
        assert_sound(&what, &victim, &mut honest, 96 * MIB).await;
    }
}
