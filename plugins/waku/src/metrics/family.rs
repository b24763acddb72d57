//! Measurements as they are handed out.

use std::borrow::Cow;

/// Measurements of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFamily {
    /// Whose names these are.
    pub scope: MetricScope,
    /// The name without the prefix of its scope, and of a counter without `_total`.
    pub name: &'static str,
    /// What it says, in a line.
    pub help: &'static str,
    /// How to read the values.
    pub kind: MetricKind,
    /// The values, each with labels of its own.
    pub samples: Vec<MetricSample>,
}

/// Whose names metrics have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricScope {
    /// Those of Waku nodes.
    Waku,
    /// Those of libp2p.
    Libp2p,
}

/// How values are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that may do anything.
    Gauge,
    /// Observations by their size.
    Histogram,
}

/// A value and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSample {
    /// The labels, name and value, in their order.
    pub labels: Vec<(&'static str, Cow<'static, str>)>,
    /// The value.
    pub value: MetricValue,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// Of a counter or gauge.
    Number(f64),
    /// Of a histogram.
    Histogram {
        /// The upper ends of the buckets, rising.
        bounds: &'static [f64],
        /// Observations in each bucket alone, and at the end those above the last bound.
        counts: Vec<u64>,
        /// The sum of all observations.
        sum: f64,
    },
}

impl MetricFamily {
    pub(crate) fn waku(kind: MetricKind, name: &'static str, help: &'static str) -> Self {
        Self::new(MetricScope::Waku, kind, name, help)
    }

    pub(crate) fn libp2p(kind: MetricKind, name: &'static str, help: &'static str) -> Self {
        Self::new(MetricScope::Libp2p, kind, name, help)
    }

    fn new(scope: MetricScope, kind: MetricKind, name: &'static str, help: &'static str) -> Self {
        Self {
            scope,
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    /// With a number that has no labels.
    pub(crate) fn of(self, value: f64) -> Self {
        self.sample([], MetricValue::Number(value))
    }

    /// With numbers that have one label.
    pub(crate) fn by<L: Into<Cow<'static, str>>>(
        self,
        label: &'static str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> Self {
        values.into_iter().fold(self, |family, (text, value)| {
            family.sample([(label, text.into())], MetricValue::Number(value))
        })
    }

    pub(crate) fn sample<const N: usize>(
        mut self,
        labels: [(&'static str, Cow<'static, str>); N],
        value: MetricValue,
    ) -> Self {
        self.samples.push(MetricSample {
            labels: labels.into(),
            value,
        });
        self
    }
}
