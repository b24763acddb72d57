//! What is to be measured by a look at the node, and everything that was measured before.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Direction, Node, PeerInfo, Services, Stopped, command::Command, driver::Driver, meters::Meters};
use crate::{
    Capabilities, RateLimit, filter,
    lightpush::Version,
    metrics::{
        MetricFamily,
        MetricKind::{Counter, Gauge, Histogram},
        MetricSample, MetricValue,
    },
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

impl Node {
    /// Everything that the node has measured, its archive included.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn metrics(&self) -> Result<Vec<MetricFamily>, Stopped> {
        let mut all = self.ask(Command::Measure).await?;
        if let Some(archive) = &self.shared.archive {
            all.extend(archive.metrics());
        }
        Ok(all)
    }
}

impl Driver {
    pub(super) fn services(&self) -> Services {
        let served = self.record.current().capabilities();
        Services {
            relay: self.shared.relay,
            lightpush: served.contains(Capabilities::LIGHTPUSH),
            filter: self.filter_server.is_offered(),
            store: self.shared.archive.is_some(),
            peer_exchange: self.exchanges_peers,
        }
    }

    pub(super) fn measure(&self) -> Vec<MetricFamily> {
        let peers = self.peer_infos();
        let connected: Vec<&PeerInfo> = peers.iter().filter(|peer| peer.direction.is_some()).collect();
        let mut all = of_peers(&connected);
        all.extend(self.of_book());
        all.extend(of_messages(&self.shared.meters));
        all.extend(self.of_services());
        all.extend(self.of_libp2p(&connected));
        all
    }

    fn of_book(&self) -> Vec<MetricFamily> {
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

    fn of_services(&self) -> Vec<MetricFamily> {
        let (meters, filters) = (&self.shared.meters, self.filter_server.len());
        let counter = |name, help, samples| with(Counter, name, help, samples);
        let mut all = vec![
            counter(
                "service_requests",
                "Requests of peers to services",
                meters.requests.counts(),
            ),
            counter(
                "service_network_bytes",
                "Bytes of requests and answers of services",
                meters.request_bytes.counts(),
            ),
            with(
                Histogram,
                "service_request_handling_duration_seconds",
                "How long services take to answer",
                meters.request_times.histograms(),
            ),
            MetricFamily::waku(
                Gauge,
                "service_requests_limit",
                "Requests a second that a service takes",
            )
            .by("service", self.limits()),
            MetricFamily::waku(Counter, "store_queries", "Store queries of peers")
                .of(meters.store_queries.get() as f64),
            counter(
                "store_errors",
                "Errors of the store protocol",
                meters.store_errors.counts(),
            ),
            MetricFamily::waku(Gauge, "filter_subscriptions", "Filter subscribers").of(filters as f64),
            counter(
                "filter_requests",
                "Requests of filter subscribers",
                meters.filter_requests.counts(),
            ),
            with(
                Histogram,
                "filter_request_duration_seconds",
                "How long requests of filter subscribers take",
                meters.filter_request_times.histograms(),
            ),
            MetricFamily::waku(
                Histogram,
                "filter_handle_message_duration_seconds",
                "How long it takes to queue a message for filter subscribers",
            )
            .sample([], meters.filter_push_times.value()),
        ];
        all.extend([
            counter(
                "lightpush_v3_messages",
                "Messages of light nodes by lightpush 3",
                meters.lightpush_v3_messages.counts(),
            ),
            counter(
                "lightpush_v3_errors",
                "Refused messages of light nodes by lightpush 3",
                meters.lightpush_v3_errors.counts(),
            ),
            counter(
                "lightpush_messages",
                "Messages of light nodes by lightpush 2",
                meters.lightpush_messages.counts(),
            ),
            counter(
                "lightpush_errors",
                "Refused messages of light nodes by lightpush 2",
                meters.lightpush_errors.counts(),
            ),
            MetricFamily::waku(Counter, "px_peers_sent", "Records sent by peer exchange")
                .of(meters.records_sent.get() as f64),
            MetricFamily::waku(
                Gauge,
                "px_peers_received_total",
                "Records received by peer exchange",
            )
            .of(meters.records_received.get() as f64),
            MetricFamily::waku(
                Gauge,
                "px_peers_received_unknown",
                "Records of peers that were not known, received by peer exchange",
            )
            .of(meters.records_new.get() as f64),
        ]);
        all
    }

    /// Requests a second, of the services that have a limit.
    fn limits(&self) -> Vec<(&'static str, f64)> {
        let all = [
            (filter::SUBSCRIBE, self.rates.filter.limit()),
            (Version::V3.protocol(), self.rates.lightpush.limit()),
            (Version::Legacy.protocol(), self.rates.lightpush_legacy.limit()),
            (peer_exchange::PROTOCOL, self.rates.peer_exchange.limit()),
            (store::PROTOCOL, self.store_server.limit()),
        ];
        let per_second = |limit: RateLimit| f64::from(limit.volume) / limit.period.as_secs_f64();
        let limited = all.into_iter().filter(|(_, limit)| !limit.is_none());
        limited
            .map(|(service, limit)| (service, per_second(limit)))
            .collect()
    }

    fn of_libp2p(&self, connected: &[&PeerInfo]) -> Vec<MetricFamily> {
        let (meters, counters) = (&self.shared.meters, &self.shared.counters);
        let mesh: usize = self.joined.iter().map(|topic| self.shard_info(*topic).mesh).sum();
        let relaying = speaking(connected, relay::PROTOCOL);
        let counter = |name, help, count: u64| MetricFamily::libp2p(Counter, name, help).of(count as f64);
        let gauge = |name, help, count: usize| MetricFamily::libp2p(Gauge, name, help).of(count as f64);
        let (done, failed) = (meters.dials_done.get(), meters.dials_failed.get());
        vec![
            gauge("peers", "Connected peers", connected.len()),
            gauge(
                "pubsub_peers",
                "Connected peers that speak the relay protocol",
                relaying,
            ),
            gauge("pubsub_topics", "Joined shards", self.joined.len()),
            counter(
                "pubsub_subscriptions",
                "How often a shard was joined",
                meters.joins.get(),
            ),
            counter(
                "pubsub_unsubscriptions",
                "How often a shard was left",
                meters.leaves.get(),
            ),
            counter(
                "pubsub_validation_success",
                "Messages of peers that were sound",
                counters.relayed.get(),
            ),
            counter(
                "pubsub_validation_failure",
                "Messages of peers that were malformed or too large",
                counters.rejected.get(),
            ),
            counter(
                "pubsub_validation_ignore",
                "Messages of peers that were dropped without blame",
                counters.ignored.get(),
            ),
            MetricFamily::libp2p(
                Gauge,
                "gossipsub_peers_per_topic_mesh",
                "Neighbours in the meshes of all shards",
            )
            .by("topic", [("other", mesh as f64)]),
            counter("total_dial_attempts", "Dials that have ended", done + failed),
            counter("successful_dials", "Dials that led to a connection", done),
            counter("failed_dials", "Dials that failed", failed),
        ]
    }
}

fn of_peers(connected: &[&PeerInfo]) -> Vec<MetricFamily> {
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

fn of_messages(meters: &Meters) -> Vec<MetricFamily> {
    let shards = meters.shards();
    let by_shard = |value: fn(&super::meters::ShardTraffic) -> f64| {
        let values = shards.iter().filter(|(_, shard)| shard.messages > 0);
        values.map(move |(topic, shard)| (topic.to_string(), value(shard)))
    };
    let received = shards.iter().fold(
        MetricFamily::waku(
            Counter,
            "relay_network_bytes",
            "Bytes of relayed messages by topic",
        ),
        |family, (topic, shard)| {
            let labels: [(_, Cow<'static, str>); 3] = [
                ("topic", topic.to_string().into()),
                ("type", "net".into()),
                ("direction", "in".into()),
            ];
            family.sample(labels, MetricValue::Number(shard.received as f64))
        },
    );
    vec![
        MetricFamily::waku(
            Counter,
            "node_messages",
            "Messages of shards, of peers and of this node",
        )
        .by("type", [("relay", meters.messages.get() as f64)]),
        MetricFamily::waku(Histogram, "histogram_message_size", "Sizes of payloads in kB")
            .sample([], meters.message_sizes.value()),
        received,
        MetricFamily::waku(
            Gauge,
            "relay_total_msg_bytes_per_shard",
            "Bytes of payloads by shard",
        )
        .by("shard", by_shard(|shard| shard.payloads as f64)),
        MetricFamily::waku(Gauge, "relay_max_msg_bytes_per_shard", "Largest payload by shard")
            .by("shard", by_shard(|shard| shard.largest as f64)),
        MetricFamily::waku(Gauge, "relay_avg_msg_bytes_per_shard", "Mean payload by shard").by(
            "shard",
            by_shard(|shard| shard.payloads as f64 / shard.messages as f64),
        ),
        MetricFamily::waku(Counter, "peers_dials", "Dials by their outcome").by(
            "outcome",
            [
                ("successful", meters.dials_done.get() as f64),
                ("failed", meters.dials_failed.get() as f64),
            ],
        ),
    ]
}

fn with(
    kind: crate::metrics::MetricKind,
    name: &'static str,
    help: &'static str,
    samples: Vec<MetricSample>,
) -> MetricFamily {
    MetricFamily {
        samples,
        ..MetricFamily::waku(kind, name, help)
    }
}

fn speaking(connected: &[&PeerInfo], protocol: &str) -> usize {
    connected.iter().filter(|peer| peer.speaks(protocol)).count()
}

/// How often each text occurs.
fn counted(texts: impl Iterator<Item = String>) -> impl Iterator<Item = (String, f64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts.into_iter().map(|(text, count)| (text, count as f64))
}
