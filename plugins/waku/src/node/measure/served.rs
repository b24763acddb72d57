//! What was done for peers that asked.

use crate::{
    RateLimit, filter,
    lightpush::Version,
    metrics::{
        MetricFamily,
        MetricKind::{self, Counter, Gauge, Histogram},
        MetricSample,
    },
    node::driver::Driver,
    peer_exchange, store,
};

impl Driver {
    pub(super) fn of_services(&self) -> Vec<MetricFamily> {
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
}

fn with(
    kind: MetricKind,
    name: &'static str,
    help: &'static str,
    samples: Vec<MetricSample>,
) -> MetricFamily {
    MetricFamily {
        samples,
        ..MetricFamily::waku(kind, name, help)
    }
}
