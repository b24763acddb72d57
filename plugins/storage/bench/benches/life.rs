//! W7 to W9: opening and closing a thousand times, what idle jobs cost, and a mixed load of a minute with its latencies.
//! `LIFE_SECONDS` sets another time for the last one.

use std::time::{Duration, Instant};

use storage_bench::contender::{Contender, ROWS, THREADS, contenders, scattered};
use storage_bench::{Engine, Level, Modules, machine};
use storage_plugin::Store;

const PAYLOAD: [u8; 256] = [0x5a; 256];
/// Times that a job is opened and closed.
const TIMES: usize = 1000;
/// Jobs that are idle; no caller has more than half of them.
const JOBS: [usize; 3] = [1, 10, 100];
/// How long jobs are left alone before they count as idle.
const REST: Duration = Duration::from_secs(3);

/// What a process has.
#[derive(Clone, Copy)]
struct Holdings {
    memory: u64,
    files: usize,
    threads: usize,
}

impl Holdings {
    fn now() -> Self {
        Holdings {
            memory: machine::memory(),
            files: machine::files(),
            threads: machine::threads(),
        }
    }
}

/// Prints how much more there is now than there was, for each of `count`.
fn print_growth(what: &str, before: Holdings, count: usize) {
    let now = Holdings::now();
    let more = |now: u64, before: u64| now.saturating_sub(before) as f64 / count as f64;
    println!(
        "{what:<34} {:>8.1} KiB {:>8.3} files {:>8.3} threads, each",
        more(now.memory, before.memory) / 1024.0,
        more(now.files as u64, before.files as u64),
        more(now.threads as u64, before.threads as u64)
    );
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// W8: what each of many jobs costs that was used and is left alone.
fn idle() {
    for jobs in JOBS {
        let engine = Engine::new(Level::Process);
        let before = Holdings::now();
        for job in 0..jobs {
            use_job(engine.store(), &format!("idle-{job}"));
        }
        std::thread::sleep(REST);
        print_growth(&format!("W8 engine, {jobs} idle jobs"), before, jobs);
    }
    for jobs in JOBS {
        let host = Modules::new(2);
        let clients = [host.client(0), host.client(1)];
        let before = Holdings::now();
        for job in 0..jobs {
            let (kv, job) = (&clients[job % 2], format!("idle-{job}"));
            let (category, key) = ("c".to_owned(), (&b"key"[..]).into());
            let put = kv.put(&job, &category, &key, &PAYLOAD[..].into(), &false, &None);
            put.wait().expect("an outcome");
            kv.get(&job, &category, &key).wait().expect("an answer");
        }
        std::thread::sleep(REST);
        print_growth(&format!("W8 module, {jobs} idle jobs"), before, jobs);
    }
}

fn use_job(store: &Store, job: &str) {
    let session = store.open_job(job).expect("a job").session();
    session.put("c", *b"key", PAYLOAD).expect("an outcome");
    session.get("c", *b"key").expect("an answer");
}

/// W7: a job is opened, used and closed again and again.
fn open_and_close() {
    let engine = Engine::new(Level::Process);
    let store = engine.store();
    let mut opening = Vec::new();
    let mut cycle = || {
        let start = Instant::now();
        let job = store.open_job("again").expect("a job");
        opening.push(start.elapsed());
        let session = job.session();
        session.put("c", *b"key", PAYLOAD).expect("an outcome");
        session.get("c", *b"key").expect("an answer");
        drop((session, job));
        store.close_job("again").expect("a clean end");
    };
    (0..TIMES / 10).for_each(|_| cycle());
    let (before, start) = (Holdings::now(), Instant::now());
    (0..TIMES).for_each(|_| cycle());
    let whole = start.elapsed().as_secs_f64() * 1e3 / TIMES as f64;
    print_growth(&format!("W7 engine, {TIMES} times"), before, TIMES);
    println!(
        "W7 engine: opening {:.2} ms, the whole {whole:.2} ms",
        median(&mut opening)
    );

    let host = Modules::new(1);
    let (kv, job, category, key) = (
        host.client(0),
        "again".to_owned(),
        "c".to_owned(),
        (&b"key"[..]).into(),
    );
    let mut opening = Vec::new();
    let mut cycle = || {
        let start = Instant::now();
        kv.get(&job, &category, &key).wait().expect("an answer");
        opening.push(start.elapsed());
        let put = kv.put(&job, &category, &key, &PAYLOAD[..].into(), &false, &None);
        put.wait().expect("an outcome");
        kv.close_job(&job).wait().expect("a clean end");
    };
    (0..TIMES / 10).for_each(|_| cycle());
    let (before, start) = (Holdings::now(), Instant::now());
    (0..TIMES).for_each(|_| cycle());
    let whole = start.elapsed().as_secs_f64() * 1e3 / TIMES as f64;
    print_growth(&format!("W7 module, {TIMES} times"), before, TIMES);
    println!(
        "W7 module: opening with a get {:.2} ms, the whole {whole:.2} ms",
        median(&mut opening)
    );
}

/// W9: nine gets for one put, from as many threads as elsewhere.
fn mixed(name: &str, store: &dyn Contender, time: Duration) {
    store.burst(ROWS, &PAYLOAD);
    let end = Instant::now() + time;
    let thread = |number: u64| {
        let (mut gets, mut puts) = (Vec::new(), Vec::new());
        for (count, row) in (1_u64..).zip(scattered(number * 1_000_003)) {
            let start = Instant::now();
            if start >= end {
                break;
            }
            if count.is_multiple_of(10) {
                store.put(row, &PAYLOAD);
                puts.push(start.elapsed());
            } else {
                assert!(store.get(row).is_some(), "a miss");
                gets.push(start.elapsed());
            }
        }
        (gets, puts)
    };
    let times: Vec<_> = std::thread::scope(|scope| {
        let thread = &thread;
        let running: Vec<_> = (0..THREADS)
            .map(|number| scope.spawn(move || thread(number)))
            .collect();
        running
            .into_iter()
            .map(|it| it.join().expect("no miss"))
            .collect()
    });
    let (gets, puts): (Vec<_>, Vec<_>) = times.into_iter().unzip();
    for (what, mut times) in [("get", gets.concat()), ("put", puts.concat())] {
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
        println!(
            "W9 {name:<8} {what} {:>9.0}/s  p50 {:>9.1} us  p99 {:>9.1} us  max {:>9.1} us",
            times.len() as f64 / time.as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn main() {
    println!("{}", machine::describe());
    idle();
    open_and_close();
    let seconds = std::env::var("LIFE_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(60));
    for (name, make) in contenders() {
        mixed(name, &*make(Level::Process), time);
    }
    println!("{}", machine::describe());
}
