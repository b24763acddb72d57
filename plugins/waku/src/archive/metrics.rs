//! What an archive has measured.

use super::Archive;
use crate::metrics::{
    MetricFamily,
    MetricKind::{Counter, Gauge, Histogram},
};

impl Archive {
    pub(crate) fn metrics(&self) -> Vec<MetricFamily> {
        let (counters, stats) = (&self.shared.counters, self.stats());
        vec![
            MetricFamily::waku(Gauge, "archive_messages", "Archived messages")
                .by("type", [("stored", stats.messages as f64)]),
            MetricFamily {
                samples: counters.stored_by_shard.counts(),
                ..MetricFamily::waku(
                    Gauge,
                    "archive_messages_per_shard",
                    "Messages that were archived since the start, by shard",
                )
            },
            MetricFamily::waku(Counter, "archive_errors", "Messages that were not archived").by(
                "type",
                [
                    ("insert_failure", stats.failed as f64),
                    ("queue_full", stats.missed as f64),
                ],
            ),
            MetricFamily::waku(
                Histogram,
                "archive_insert_duration_seconds",
                "How long it takes to commit a batch of messages",
            )
            .sample([], counters.commit_times.value()),
            MetricFamily::waku(
                Histogram,
                "archive_query_duration_seconds",
                "How long it takes to answer a query",
            )
            .sample([], counters.query_times.value()),
        ]
    }
}
