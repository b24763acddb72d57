//! What store sync has measured.

use crate::{
    metrics::{
        MetricFamily,
        MetricKind::{Counter, Histogram},
        MetricValue,
    },
    node::driver::Driver,
};

impl Driver {
    /// Nothing where the archive is not synchronised.
    pub(super) fn of_sync(&self) -> Vec<MetricFamily> {
        if self.sync.config.is_none() {
            return Vec::new();
        }
        let (meters, counters) = (&self.shared.meters, &self.shared.counters.sync);
        let bytes = [
            ("reconciliation", "sent", &counters.bytes_sent),
            ("reconciliation", "receive", &counters.bytes_received),
            ("transfer", "sent", &counters.transfer_bytes_sent),
            ("transfer", "receive", &counters.transfer_bytes_received),
        ];
        let messages = [
            ("sent", counters.messages_sent.get() as f64),
            ("receive", counters.messages_received.get() as f64),
        ];
        vec![
            MetricFamily::waku(
                Histogram,
                "reconciliation_roundtrips",
                "Payloads that a peer sends in a conversation of store sync",
            )
            .sample([], meters.sync_roundtrips.value()),
            MetricFamily::waku(
                Histogram,
                "reconciliation_differences",
                "Messages that a conversation of store sync finds on one side only",
            )
            .sample([], meters.sync_differences.value()),
            bytes.into_iter().fold(
                MetricFamily::waku(
                    Counter,
                    "total_bytes_exchanged",
                    "Bytes of store sync by protocol and direction",
                ),
                |family, (protocol, direction, count)| {
                    let labels = [("protocol", protocol.into()), ("direction", direction.into())];
                    family.sample(labels, MetricValue::Number(count.get() as f64))
                },
            ),
            MetricFamily::waku(
                Counter,
                "total_transfer_messages_exchanged",
                "Messages of store sync by direction",
            )
            .by("direction", messages),
        ]
    }
}
