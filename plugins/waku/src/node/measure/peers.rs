//! Who is connected, and who is known.

use std::collections::BTreeMap;

use super::speaking;
use crate::{
    filter,
    lightpush::Version,
    metrics::{MetricFamily, MetricKind::Gauge, MetricValue},
    node::{Direction, PeerInfo, driver::Driver},
    peer_exchange, relay, store,
};

/// What peers may serve.
const SERVICES: [&str; 5] = [
    store::PROTOCOL,
    filter::SUBSCRIBE,
    Version::V3.protocol(),
    Version::Legacy.protocol(),
    peer_exchange::PROTOCOL,
];

impl Driver {
    pub(super) fn of_book(&self) -> Vec<MetricFamily> {
        let mut found: BTreeMap<u16, u64> = BTreeMap::new();
        for (_, known) in self.book.iter().filter(|(_, known)| known.is_found_by_discv5()) {
            for shard in known.shards.iter().flatten() {
                *found.entry(*shard).or_default() += 1;
            }
        }
        vec![
            MetricFamily::waku(Gauge, "peer_store_size", "Number of known peers").of(self.book.len() as f64),
            MetricFamily::waku(Gauge, "total_unique_peers", "Number of peers ever known")
                .of(self.book.noted() as f64),
            MetricFamily::waku(
                Gauge,
                "discv5_discovered_per_shard",
                "Known peers that discv5 has found, by shard",
            )
            .by(
                "shard",
                found
                    .iter()
                    .map(|(shard, count)| (shard.to_string(), *count as f64)),
            ),
        ]
    }
}

pub(super) fn of_peers(connected: &[&PeerInfo]) -> Vec<MetricFamily> {
    let mut directions = MetricFamily::waku(
        Gauge,
        "connected_peers",
        "Connected peers by who made the connection and protocol",
    );
    for protocol in SERVICES.into_iter().chain([relay::PROTOCOL]) {
        for (name, direction) in [("In", Direction::Inbound), ("Out", Direction::Outbound)] {
            let speaks = |peer: &&&PeerInfo| peer.direction == Some(direction) && peer.speaks(protocol);
            let count = connected.iter().filter(speaks).count();
            let labels = [("direction", name.into()), ("protocol", protocol.into())];
            directions = directions.sample(labels, MetricValue::Number(count as f64));
        }
    }
    let mut services = MetricFamily::waku(Gauge, "service_peers", "Static peers that serve");
    for peer in connected.iter().filter(|peer| peer.is_static) {
        for protocol in SERVICES.into_iter().filter(|protocol| peer.speaks(protocol)) {
            let labels = [
                ("protocol", protocol.into()),
                ("peerId", peer.address.to_string().into()),
            ];
            services = services.sample(labels, MetricValue::Number(1.0));
        }
    }
    let shards = counted(
        connected
            .iter()
            .flat_map(|peer| peer.shards.iter().map(u16::to_string)),
    );
    let agents = counted(connected.iter().filter_map(|peer| peer.agent.clone()));
    let serving =
        |name, help, protocol| MetricFamily::waku(Gauge, name, help).of(speaking(connected, protocol) as f64);
    vec![
        directions,
        services,
        MetricFamily::waku(Gauge, "connected_peers_per_shard", "Connected peers by shard")
            .by("shard", shards),
        MetricFamily::waku(Gauge, "connected_peers_per_agent", "Connected peers by program")
            .by("agent", agents),
        serving(
            "store_peers",
            "Connected peers that serve the store",
            store::PROTOCOL,
        ),
        serving(
            "filter_peers",
            "Connected peers that push messages",
            filter::SUBSCRIBE,
        ),
        serving(
            "lightpush_peers",
            "Connected peers that publish for others",
            Version::V3.protocol(),
        ),
        serving(
            "px_peers",
            "Connected peers that tell of others",
            peer_exchange::PROTOCOL,
        ),
    ]
}

/// How often each text occurs.
fn counted(texts: impl Iterator<Item = String>) -> impl Iterator<Item = (String, f64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts.into_iter().map(|(text, count)| (text, count as f64))
}
