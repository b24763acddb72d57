//! The engine beside plain SQLite on one connection, in one run, with the same schema and durability (write-ahead
//! log, `synchronous = NORMAL`): what is committed survives the end of the process.
//!
//! Workloads W1, W4 and W5 of storage.md §6.7, with keys of 20 bytes and payloads of 256. At the end the times are
//! printed as multiples of plain SQLite's. A run that loses a row, or misses one, ends at once.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use rusqlite::{Connection, OptionalExtension, params};
use storage_plugin::{Ack, Batch, Job, KeyRange, Options, Session, Store};
use tempfile::TempDir;

const ROWS: u64 = 20_000;
/// Rows that plain SQLite commits at once; the engine's own groups have at most 1024 operations.
const GROUP: u64 = 1024;
const SAMPLES: usize = 10;
const PAYLOAD: [u8; 256] = [0x5a; 256];

fn key(number: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[12..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The numbers below [`ROWS`] in an order that is not theirs: 7919 has no factor in common with it.
fn scattered() -> impl Iterator<Item = u64> {
    (0..ROWS).cycle().map(|number| number * 7919 % ROWS)
}

struct Engine {
    job: Job,
    _store: Store,
    _directory: TempDir,
}

impl Engine {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path(), Options::default()).unwrap();
        let job = store.open_job("bench").unwrap();
        Engine {
            job,
            _store: store,
            _directory: directory,
        }
    }

    fn burst(&self) -> Session {
        let session = self.job.session();
        for number in 0..ROWS {
            let batch = Batch::new().put("c", key(number), PAYLOAD);
            drop(session.persist(batch, Ack::Queued).unwrap());
        }
        session.barrier().unwrap();
        session
    }
}

struct Plain {
    connection: Connection,
    _directory: TempDir,
}

impl Plain {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::open(directory.path().join("bench.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "normal").unwrap();
        let schema = "CREATE TABLE kv (id INTEGER PRIMARY KEY, category BLOB NOT NULL, key BLOB NOT NULL,
            payload BLOB NOT NULL) STRICT; CREATE UNIQUE INDEX kv_key ON kv (category, key);";
        connection.execute_batch(schema).unwrap();
        Plain {
            connection,
            _directory: directory,
        }
    }

    fn put(&self, number: u64) {
        let sql = "INSERT INTO kv (category, key, payload) VALUES (?1, ?2, ?3)
            ON CONFLICT (category, key) DO UPDATE SET payload = excluded.payload";
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        statement.execute(params![b"c", key(number), PAYLOAD]).unwrap();
    }

    fn get(&self, number: u64) -> Option<Vec<u8>> {
        let sql = "SELECT payload FROM kv WHERE category = ?1 AND key = ?2";
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let found = statement.query_row(params![b"c", key(number)], |row| row.get(0));
        found.optional().unwrap()
    }

    fn burst(&self, group: u64) {
        for first in (0..ROWS).step_by(usize::try_from(group).unwrap()) {
            let transaction = self.connection.unchecked_transaction().unwrap();
            (first..ROWS.min(first + group)).for_each(|number| self.put(number));
            transaction.commit().unwrap();
        }
    }
}

/// The seconds of one iteration, sample by sample, by workload and contender in the order measured.
#[derive(Default)]
struct Table(RefCell<Vec<(&'static str, &'static str, Vec<f64>)>>);

impl Table {
    fn note(&self, workload: &'static str, contender: &'static str, seconds: f64) {
        let mut rows = self.0.borrow_mut();
        match rows
            .iter_mut()
            .find(|row| (row.0, row.1) == (workload, contender))
        {
            Some(row) => row.2.push(seconds),
            None => rows.push((workload, contender, vec![seconds])),
        }
    }

    /// Prints each time beside that of the workload's first contender.
    fn print(&self) {
        println!(
            "\n{:<22} {:<28} {:>12} {:>8}",
            "workload", "contender", "median, us", "ratio"
        );
        let rows = self.0.borrow();
        for (workload, contender, samples) in rows.iter() {
            let base = rows.iter().find(|row| row.0 == *workload);
            let (time, base) = (median(samples), base.map_or(f64::NAN, |row| median(&row.2)));
            println!(
                "{workload:<22} {contender:<28} {:>12.2} {:>8.2}",
                time * 1e6,
                time / base
            );
        }
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
    table: &Table,
    (workload, contender): (&'static str, &'static str),
    mut run: impl FnMut(u64) -> Duration,
) {
    let mut group = criterion.benchmark_group(workload);
    group.bench_function(contender, |bencher| {
        bencher.iter_custom(|iterations| {
            let time = run(iterations);
            table.note(workload, contender, time.as_secs_f64() / iterations as f64);
            time
        });
    });
    group.finish();
}

/// The time of `iterations` runs of `work`, without that of `prepare`.
fn each<T>(iterations: u64, prepare: impl Fn() -> T, work: impl Fn(&T)) -> Duration {
    (0..iterations)
        .map(|_| {
            let prepared = prepare();
            let start = Instant::now();
            work(&prepared);
            start.elapsed()
        })
        .sum()
}

/// W1: 20 000 puts that nobody waits for, then a barrier.
fn burst(criterion: &mut Criterion, table: &Table) {
    let name = "W1 burst of 20000";
    let grouped = (name, "sqlite, 1024 a transaction");
    measure(criterion, table, grouped, |n| {
        each(n, Plain::new, |plain| plain.burst(GROUP))
    });
    let single = (name, "sqlite, 1 a transaction");
    measure(criterion, table, single, |n| {
        each(n, Plain::new, |plain| plain.burst(1))
    });
    measure(criterion, table, (name, "engine"), |n| {
        each(n, Engine::new, |engine| {
            let session = engine.burst();
            assert_eq!(
                session.count("c", &KeyRange::all()).unwrap(),
                ROWS,
                "rows were lost"
            );
        })
    });
}

/// W4: a put that is waited for, then a get of the same key.
fn put_get(criterion: &mut Criterion, table: &Table) {
    let name = "W4 put, then get";
    let mut numbers = scattered();
    let plain = Plain::new();
    measure(criterion, table, (name, "sqlite"), |n| {
        let start = Instant::now();
        for number in numbers.by_ref().take(usize::try_from(n).unwrap()) {
            plain.put(number);
            assert!(plain.get(number).is_some(), "a miss");
        }
        start.elapsed()
    });
    let engine = Engine::new();
    let session = engine.job.session();
    for (contender, ack) in [("engine, applied", Ack::Applied), ("engine, queued", Ack::Queued)] {
        measure(criterion, table, (name, contender), |n| {
            let start = Instant::now();
            for number in numbers.by_ref().take(usize::try_from(n).unwrap()) {
                let batch = Batch::new().put("c", key(number), PAYLOAD);
                session.persist(batch, ack).unwrap().wait().unwrap();
                assert!(session.get("c", key(number)).unwrap().is_some(), "a miss");
            }
            start.elapsed()
        });
    }
}

/// W5: gets at random.
fn get(criterion: &mut Criterion, table: &Table) {
    let name = "W5 random get";
    let mut numbers = scattered();
    let plain = Plain::new();
    plain.burst(GROUP);
    measure(criterion, table, (name, "sqlite"), |n| {
        let start = Instant::now();
        for number in numbers.by_ref().take(usize::try_from(n).unwrap()) {
            assert!(black_box(plain.get(number)).is_some(), "a miss");
        }
        start.elapsed()
    });
    let engine = Engine::new();
    let session = engine.burst();
    measure(criterion, table, (name, "engine"), |n| {
        let start = Instant::now();
        for number in numbers.by_ref().take(usize::try_from(n).unwrap()) {
            assert!(
                black_box(session.get("c", key(number)).unwrap()).is_some(),
                "a miss"
            );
        }
        start.elapsed()
    });
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let table = Table::default();
    burst(&mut criterion, &table);
    put_get(&mut criterion, &table);
    get(&mut criterion, &table);
    criterion.final_summary();
    table.print();
}
