//! Measuring with criterion, and what came out beside each other.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use criterion::Criterion;

use crate::machine::{process_cpu, thread_cpu};

/// Samples of each measurement that count; those before them warmed up.
const SAMPLES: usize = 10;

/// Whose computing time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// That of all threads, in steps of 10 ms.
    Process,
    /// That of the thread that measures.
    Thread,
}

/// Time of something, and the time that was computed for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    wall: f64,
    cpu: f64,
}

impl Cost {
    /// What `work` costs.
    pub fn of(cpu: Cpu, work: impl FnOnce()) -> Self {
        let clock = match cpu {
            Cpu::Process => process_cpu,
            Cpu::Thread => thread_cpu,
        };
        let (start, computed) = (Instant::now(), clock());
        work();
        Cost {
            wall: start.elapsed().as_secs_f64(),
            cpu: clock() - computed,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Cost {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }
}

struct Row {
    workload: String,
    contender: &'static str,
    samples: Vec<Cost>,
}

/// All measurements, in the order in which they were made.
#[derive(Default)]
pub struct Table(RefCell<Vec<Row>>);

impl Table {
    /// Measures with criterion what `run` costs for a number of times. One time is of `units`, and the figures are of
    /// one unit.
    pub fn measure(
        &self,
        criterion: &mut Criterion,
        (workload, contender): (&str, &'static str),
        units: u64,
        mut run: impl FnMut(u64) -> Cost,
    ) {
        let mut group = criterion.benchmark_group(workload);
        group.bench_function(contender, |bencher| {
            bencher.iter_custom(|times| {
                let cost = run(times);
                let all = (times * units) as f64;
                let one = Cost {
                    wall: cost.wall / all,
                    cpu: cost.cpu / all,
                };
                self.note(workload, contender, one);
                Duration::from_secs_f64(cost.wall)
            });
        });
        group.finish();
    }

    fn note(&self, workload: &str, contender: &'static str, cost: Cost) {
        let mut rows = self.0.borrow_mut();
        let known = rows
            .iter_mut()
            .find(|row| row.workload == workload && row.contender == contender);
        match known {
            Some(row) => row.samples.push(cost),
            None => rows.push(Row {
                workload: workload.to_owned(),
                contender,
                samples: vec![cost],
            }),
        }
    }

    /// Prints each measurement beside the first of its workload.
    pub fn print(&self) {
        println!(
            "\n{:<34} {:<10} {:>12} {:>8} {:>12}",
            "workload", "store", "median, us", "ratio", "cpu, us"
        );
        let rows = self.0.borrow();
        for row in rows.iter() {
            let base = rows.iter().find(|base| base.workload == row.workload);
            let time = row.median();
            println!(
                "{:<34} {:<10} {:>12.2} {:>8.2} {:>12.2}",
                row.workload,
                row.contender,
                time * 1e6,
                time / base.map_or(f64::NAN, Row::median),
                row.cpu() * 1e6
            );
        }
    }
}

impl Row {
    fn counted(&self) -> &[Cost] {
        &self.samples[self.samples.len().saturating_sub(SAMPLES)..]
    }

    fn median(&self) -> f64 {
        let mut times: Vec<f64> = self.counted().iter().map(|cost| cost.wall).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    /// The mean: single samples are too short for its steps.
    fn cpu(&self) -> f64 {
        let counted = self.counted();
        counted.iter().map(|cost| cost.cpu).sum::<f64>() / counted.len() as f64
    }
}

/// Criterion with samples enough for a median, and short.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}
