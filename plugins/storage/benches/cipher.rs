//! What encryption costs: a job under a key beside a plain one, both through the engine, in one run. Rows of 20 and 256 bytes as in W1, W4 and W5 of storage.md §6.7, and payloads of 64 KiB; then opening, and
//! changing the key. At the end the times are printed as multiples of the plain job's.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use storage_plugin::{Ack, Batch, CipherKey, KeyRange, Options, Receipt, Session, Store};
use tempfile::TempDir;

const ROWS: u64 = 20_000;
const LARGE_ROWS: u64 = 200;
const SAMPLES: usize = 10;
const SMALL: [u8; 256] = [0x5a; 256];

/// No key, or one.
const CONTENDERS: [(&str, Option<u8>); 2] = [("plain", None), ("encrypted", Some(1))];

fn cipher(number: Option<u8>) -> Option<CipherKey> {
    number.map(|number| CipherKey::new(vec![number; 32]).unwrap())
}

fn key(number: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[12..].copy_from_slice(&number.to_be_bytes());
    key
}

struct Engine {
    session: Session,
    store: Store,
    _directory: TempDir,
}

impl Engine {
    fn new(number: Option<u8>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path(), Options::default()).unwrap();
        Engine {
            session: store.open_job_with("bench", cipher(number)).unwrap().session(),
            store,
            _directory: directory,
        }
    }

    fn filled(number: Option<u8>, rows: u64, payload: &[u8]) -> Self {
        let engine = Engine::new(number);
        for number in 0..rows {
            let batch = Batch::new().put("c", key(number), payload);
            drop(engine.session.persist(batch, Ack::Queued).unwrap());
        }
        engine.session.barrier().unwrap();
        engine
    }

    fn put(&self, at: u64, ack: Ack) -> Receipt {
        self.session
            .persist(Batch::new().put("c", key(at), SMALL), ack)
            .unwrap()
    }

    fn get(&self, at: u64) {
        assert!(
            black_box(self.session.get("c", key(at)).unwrap()).is_some(),
            "a miss"
        );
    }
}

/// The seconds of one iteration, sample by sample, by workload and contender in the order measured.
type Times = RefCell<Vec<(&'static str, &'static str, Vec<f64>)>>;

fn print(times: &Times) {
    println!(
        "\n{:<28} {:<12} {:>12} {:>8}",
        "workload", "job", "median, us", "ratio"
    );
    let rows = times.borrow();
    for (workload, contender, samples) in rows.iter() {
        let base = rows.iter().find(|row| row.0 == *workload);
        let (time, base) = (median(samples), base.map_or(f64::NAN, |row| median(&row.2)));
        println!(
            "{workload:<28} {contender:<12} {:>12.2} {:>8.2}",
            time * 1e6,
            time / base
        );
    }
}

/// The median of the samples proper; those before them warmed up.
fn median(samples: &[f64]) -> f64 {
    let mut samples = samples[samples.len().saturating_sub(SAMPLES)..].to_vec();
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn measure(
    criterion: &mut Criterion,
    times: &Times,
    workload: &'static str,
    run: impl Fn(Option<u8>) -> Box<dyn FnMut(u64) -> Duration>,
) {
    let mut group = criterion.benchmark_group(workload);
    group.sampling_mode(SamplingMode::Flat);
    for (contender, number) in CONTENDERS {
        let mut run = run(number);
        let mut samples = Vec::new();
        group.bench_function(contender, |bencher| {
            bencher.iter_custom(|iterations| {
                let time = run(iterations);
                samples.push(time.as_secs_f64() / iterations as f64);
                time
            });
        });
        if !samples.is_empty() {
            times.borrow_mut().push((workload, contender, samples));
        }
    }
    group.finish();
}

/// The time of `iterations` runs of `work`.
fn each(iterations: u64, mut work: impl FnMut() -> Duration) -> Duration {
    (0..iterations).map(|_| work()).sum()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn burst(number: Option<u8>) -> Box<dyn FnMut(u64) -> Duration> {
    Box::new(move |iterations| {
        each(iterations, || {
            let engine = Engine::new(number);
            timed(|| {
                (0..ROWS).for_each(|at| drop(engine.put(at, Ack::Queued)));
                engine.session.barrier().unwrap();
                let rows = engine.session.count("c", &KeyRange::all()).unwrap();
                assert_eq!(rows, ROWS, "rows were lost");
            })
        })
    })
}

fn put_get(number: Option<u8>) -> Box<dyn FnMut(u64) -> Duration> {
    let engine = Engine::filled(number, ROWS, &SMALL);
    let mut at = 0;
    Box::new(move |iterations| {
        let engine = &engine;
        each(iterations, || {
            at = (at + 7919) % ROWS;
            timed(|| {
                engine.put(at, Ack::Applied).wait().unwrap();
                engine.get(at);
            })
        })
    })
}

fn get(rows: u64, payload: &'static [u8]) -> impl Fn(Option<u8>) -> Box<dyn FnMut(u64) -> Duration> {
    move |number| {
        let engine = Engine::filled(number, rows, payload);
        let mut at = 0;
        Box::new(move |iterations| {
            let engine = &engine;
            each(iterations, || {
                at = (at + 7919) % rows;
                timed(|| engine.get(at))
            })
        })
    }
}

fn open(number: Option<u8>) -> Box<dyn FnMut(u64) -> Duration> {
    let engine = Engine::filled(number, 100, &SMALL);
    Box::new(move |iterations| {
        let engine = &engine;
        each(iterations, || {
            engine.store.close_job("bench").unwrap();
            timed(|| {
                let job = engine.store.open_job_with("bench", cipher(number)).unwrap();
                assert!(job.session().get("c", key(1)).unwrap().is_some(), "a miss");
            })
        })
    })
}

/// From plain to encrypted, and from one key to the other.
fn rekey(number: Option<u8>) -> Box<dyn FnMut(u64) -> Duration> {
    Box::new(move |iterations| {
        each(iterations, || {
            let engine = Engine::filled(number, ROWS, &SMALL);
            timed(|| {
                let (old, new) = (cipher(number), cipher(Some(9)));
                engine.store.rekey_job("bench", old, new, false).unwrap();
            })
        })
    })
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let times = Times::default();
    let large: &'static [u8] = &[0x5a; 64 * 1024];
    measure(&mut criterion, &times, "W1 burst of 20000", burst);
    measure(&mut criterion, &times, "W4 put, then get", put_get);
    measure(&mut criterion, &times, "W5 random get, 256 B", get(ROWS, &SMALL));
    measure(
        &mut criterion,
        &times,
        "W5 random get, 64 KiB",
        get(LARGE_ROWS, large),
    );
    measure(&mut criterion, &times, "open, then get", open);
    measure(&mut criterion, &times, "new key for 20000 rows", rekey);
    criterion.final_summary();
    print(&times);
}
