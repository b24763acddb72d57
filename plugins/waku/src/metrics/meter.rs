//! What measures. All of it may be used from any thread; a lock is held for no longer than an addition takes.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::MetricValue;

/// Observations by their size.
pub(crate) struct Histogram {
    bounds: &'static [f64],
    state: Mutex<Observed>,
}

struct Observed {
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        let counts = vec![0; bounds.len() + 1];
        Self {
            bounds,
            state: Mutex::new(Observed { counts, sum: 0.0 }),
        }
    }

    pub(crate) fn observe(&self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        let mut state = lock(&self.state);
        state.sum += value;
        if let Some(count) = state.counts.get_mut(bucket) {
            *count += 1;
        }
    }

    pub(crate) fn took(&self, time: Duration) {
        self.observe(time.as_secs_f64());
    }

    pub(crate) fn value(&self) -> MetricValue {
        let state = lock(&self.state);
        MetricValue::Histogram {
            bounds: self.bounds,
            counts: state.counts.clone(),
            sum: state.sum,
        }
    }
}

/// Something for each set of values of `N` labels. The values are few: constants of the program, or shards of the
/// node's cluster.
pub(crate) struct Labelled<const N: usize, T> {
    names: [&'static str; N],
    all: Mutex<BTreeMap<Labels<N>, T>>,
}

type Labels<const N: usize> = [Cow<'static, str>; N];

impl<const N: usize, T> Labelled<N, T> {
    pub(crate) fn new(names: [&'static str; N]) -> Self {
        Self {
            names,
            all: Mutex::default(),
        }
    }

    /// Changes what there is for these labels, made by `make` if there was nothing.
    pub(crate) fn change(
        &self,
        labels: impl Into<Labels<N>>,
        make: impl FnOnce() -> T,
        change: impl FnOnce(&mut T),
    ) {
        change(lock(&self.all).entry(labels.into()).or_insert_with(make));
    }

    /// All samples, as `value` gives them.
    pub(crate) fn samples(&self, value: impl Fn(&T) -> MetricValue) -> Vec<super::MetricSample> {
        let all = lock(&self.all);
        let sample = |(labels, it): (&Labels<N>, &T)| super::MetricSample {
            labels: self.names.into_iter().zip(labels.iter().cloned()).collect(),
            value: value(it),
        };
        all.iter().map(sample).collect()
    }
}

impl<const N: usize> Labelled<N, u64> {
    pub(crate) fn add(&self, labels: [&'static str; N], more: u64) {
        self.change(labels.map(Cow::Borrowed), || 0, |count| *count += more);
    }

    pub(crate) fn counts(&self) -> Vec<super::MetricSample> {
        self.samples(|count| MetricValue::Number(*count as f64))
    }
}

impl<const N: usize> Labelled<N, Histogram> {
    pub(crate) fn took(&self, labels: [&'static str; N], bounds: &'static [f64], time: Duration) {
        self.change(
            labels.map(Cow::Borrowed),
            || Histogram::new(bounds),
            |it| it.took(time),
        );
    }

    pub(crate) fn histograms(&self) -> Vec<super::MetricSample> {
        self.samples(Histogram::value)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under the lock leaves anything half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_counts_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::new(&[0.0, 1.0, 5.0]);
        for value in [0.0, 0.5, 1.0, 1.5, 5.0, 6.0] {
            histogram.observe(value);
        }
        let MetricValue::Histogram { counts, sum, .. } = histogram.value() else {
            panic!("a histogram")
        };
        assert_eq!((counts, sum), (vec![1, 2, 2, 1], 14.0));
    }

    #[test]
    fn each_set_of_labels_has_a_count_of_its_own() {
        let counts = Labelled::new(["service", "state"]);
        counts.add(["a", "served"], 1);
        counts.add(["a", "rejected"], 2);
        counts.add(["a", "served"], 3);
        let samples = counts.counts();
        let values: Vec<_> = samples.iter().map(|it| it.value.clone()).collect();
        assert_eq!(values, [MetricValue::Number(2.0), MetricValue::Number(4.0)]);
        assert_eq!(
            samples[1].labels,
            [("service", "a".into()), ("state", "served".into())]
        );
    }
}
