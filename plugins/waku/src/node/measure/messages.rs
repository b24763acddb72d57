//! What was relayed, and the dials for it.

use std::borrow::Cow;

use crate::{
    metrics::{
        MetricFamily,
        MetricKind::{Counter, Gauge, Histogram},
        MetricValue,
    },
    node::meters::{Meters, ShardTraffic},
};

pub(super) fn of_messages(meters: &Meters) -> Vec<MetricFamily> {
    let shards = meters.shards();
    let by_shard = |value: fn(&ShardTraffic) -> f64| {
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
