//! Measurements, and what they are called. Names, labels and buckets are those of deployed nodes, so that their
//! dashboards show ours too; what cannot be measured here has no name here.

mod family;
mod meter;

pub use family::{MetricFamily, MetricKind, MetricSample, MetricScope, MetricValue};
pub(crate) use meter::{Histogram, Labelled};

/// The buckets of durations in seconds.
pub(crate) const SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The buckets of durations in seconds that may be long.
pub(crate) const LONG_SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0,
];

/// The buckets of the sizes of messages in kB.
pub(crate) const KILOBYTES: &[f64] = &[
    0.0, 1.0, 3.0, 5.0, 15.0, 50.0, 75.0, 100.0, 125.0, 150.0, 500.0, 700.0, 1000.0,
];

/// The buckets of roundtrips of a conversation of store sync.
pub(crate) const ROUNDTRIPS: &[f64] = &[1.0, 2.0, 3.0, 5.0, 8.0, 13.0];

/// The buckets of messages that such a conversation finds on one side only.
pub(crate) const DIFFERENCES: &[f64] = &[0.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 5000.0];
