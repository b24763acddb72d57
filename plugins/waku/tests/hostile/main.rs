//! Peers that misbehave. The node under attack runs in a process of its own, so that its memory can be told from that of
//! the attackers; beside them an honest relay and an honest light node use it all the time.

#![cfg(target_os = "linux")]

#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/mod.rs"]
mod support;

mod attacker;
mod crowd;
mod floods;
mod frames;
mod honest;
mod victim;

use libp2p::Multiaddr;

use attacker::Attacker;
use honest::Honest;
use victim::Victim;

const METADATA: &str = "/vac/waku/metadata/1.0.0";
const LIGHTPUSH: &str = "/vac/waku/lightpush/3.0.0";
const LEGACY_LIGHTPUSH: &str = "/vac/waku/lightpush/2.0.0-beta1";
const FILTER: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const FILTER_PUSH: &str = "/vac/waku/filter-push/2.0.0-beta1";
const STORE: &str = "/vac/waku/store-query/3.0.0";
const PEER_EXCHANGE: &str = "/vac/waku/peer-exchange/2.0.0-alpha1";
const RELAY: &str = "/vac/waku/relay/2.0.0";

/// Those in which each request has an answer.
const REQUESTS: [&str; 6] = [
    METADATA,
    LIGHTPUSH,
    LEGACY_LIGHTPUSH,
    FILTER,
    STORE,
    PEER_EXCHANGE,
];
/// Those whose streams stay.
const STREAMS: [&str; 2] = [FILTER_PUSH, RELAY];

const MIB: usize = 1024 * 1024;

/// One attacker for each protocol.
async fn attackers(address: &Multiaddr, protocols: &[&'static str]) -> Vec<Attacker> {
    let mut all = Vec::new();
    for protocol in protocols {
        all.push(Attacker::connect(address, protocol).await);
    }
    all
}

/// What a test looks at in the end: the honest peers are served, and the memory has grown by less than this.
async fn assert_sound(what: &str, victim: &Victim, honest: &mut Honest, limit: usize) {
    let served = honest.is_served().await;
    let grown = victim.grown();
    println!(
        "{what}: all services within {served:?}, memory {:.1} MiB more",
        grown as f64 / MIB as f64
    );
    assert!(grown < limit, "{what}: {grown} bytes more, the limit is {limit}");
}
