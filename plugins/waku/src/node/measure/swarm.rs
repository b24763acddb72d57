//! What other nodes call the metrics of libp2p.

use super::speaking;
use crate::{
    metrics::{
        MetricFamily,
        MetricKind::{Counter, Gauge},
    },
    node::{PeerInfo, driver::Driver},
    relay,
};

impl Driver {
    pub(super) fn of_libp2p(&self, connected: &[&PeerInfo]) -> Vec<MetricFamily> {
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
