//! A call from plugin to plugin through the registry, and an event to eight subscribers, beside what the same
//! costs without a host. Prints the figures as ratios after the run.

use backplane_descriptor::Overflow;
use backplane_host::bundle::Grants;
use backplane_host::{FrontEnd, Host};
use backplane_test_support::fixture;
use backplane_tests::host;
use criterion::{BenchmarkId, Criterion, Throughput};
use fixture_bench_api::{EchoClient, Kind, RunnerClient, echo_events};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const SUBSCRIBERS: usize = 8;
const EVENT_SIZE: u32 = 256;

/// The median of each measurement in nanoseconds, for the ratios at the end.
#[derive(Default)]
struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    fn note(&mut self, name: &'static str, total: Duration, times: u64) {
        self.0
            .entry(name)
            .or_default()
            .push(total.as_nanos() as f64 / times as f64);
    }

    fn median(&self, name: &str) -> f64 {
        let mut all = self.0.get(name).cloned().unwrap_or_default();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

fn pair(folder: &std::path::Path) -> (Host, FrontEnd) {
    let modules = format!(
        "[modules.provider]\nplugin = {:?}\n[modules.consumer]\nplugin = {:?}\ngrants = [\"bench.echo\", \"bench.raw\"]\n",
        fixture("bench-provider"),
        fixture("bench-consumer")
    );
    let host = host(folder, &modules).expect("the host starts");
    let front = host.front_end("bench", &Grants::all()).expect("a front end");
    (host, front)
}

/// Without the consumer, which would be a ninth subscriber.
fn publisher(folder: &std::path::Path) -> (Host, FrontEnd) {
    let module = format!("[modules.provider]\nplugin = {:?}\n", fixture("bench-provider"));
    let host = host(folder, &module).expect("the host starts");
    let front = host.front_end("bench", &Grants::all()).expect("a front end");
    (host, front)
}

fn calls(criterion: &mut Criterion, figures: &mut Figures, front: &FrontEnd) {
    let runner: RunnerClient = front.client().expect("the consumer is there");
    let cases = [
        ("raw pointer, 64 B", Kind::Pointer, 64),
        ("abi_stable trait object, 64 B", Kind::Object, 64),
        ("registry, raw 64 B", Kind::Raw, 64),
        ("registry, typed 64 B", Kind::Typed, 64),
        ("registry, typed 1 KiB", Kind::Typed, 1024),
        (
            "registry, typed 64 B, completed on the provider's runtime",
            Kind::Later,
            64,
        ),
    ];
    let mut group = criterion.benchmark_group("call from plugin to plugin");
    for (name, kind, size) in cases {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_custom(|times| {
                let nanos = runner
                    .run(&kind, &times, &size)
                    .wait()
                    .expect("the consumer answers");
                let total = Duration::from_nanos(nanos);
                figures.note(name, total, times);
                total
            });
        });
    }
    let name = "tokio channel to a thread and back, 64 B";
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|times| {
            let total = channel_round_trips(times);
            figures.note(name, total, times);
            total
        });
    });
    let name = "JSON over a unix socket, 64 B";
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|times| {
            let total = socket_round_trips(times);
            figures.note(name, total, times);
            total
        });
    });
    group.finish();
}

fn channel_round_trips(times: u64) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let (sender, mut receiver) =
        tokio::sync::mpsc::channel::<(Vec<u8>, tokio::sync::oneshot::Sender<Vec<u8>>)>(64);
    runtime.spawn(async move {
        while let Some((bytes, answer)) = receiver.recv().await {
            answer.send(bytes).ok();
        }
    });
    let asking = async {
        let start = Instant::now();
        for _ in 0..times {
            let (answer, answered) = tokio::sync::oneshot::channel();
            sender
                .send((vec![7; 64], answer))
                .await
                .expect("the other side is there");
            answered.await.expect("it answers");
        }
        start.elapsed()
    };
    runtime.block_on(asking)
}

fn socket_round_trips(times: u64) -> Duration {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let echo = std::thread::spawn(move || {
        let mut write = theirs.try_clone().expect("the same socket");
        for line in BufReader::new(theirs).lines().map_while(Result::ok) {
            let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            writeln!(write, "{value}").expect("the other side reads");
        }
    });
    let mut read = BufReader::new(ours.try_clone().expect("the same socket"));
    let request = serde_json::json!({"id": 1, "body": "7".repeat(64)});
    let mut line = String::new();
    let start = Instant::now();
    for _ in 0..times {
        writeln!(ours, "{request}").expect("the other side reads");
        line.clear();
        read.read_line(&mut line).expect("it answers");
        serde_json::from_str::<serde_json::Value>(&line).expect("JSON");
    }
    let total = start.elapsed();
    drop((ours, read));
    // The socket is half closed by now; the thread ends by itself.
    drop(echo);
    total
}

fn events(criterion: &mut Criterion, figures: &mut Figures, front: &FrontEnd) {
    let mut group = criterion.benchmark_group("event to eight subscribers, 256 B");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let echo: EchoClient = front.client().expect("the provider is there");
    let name = "registry, policy block";
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|times| {
            let total = runtime.block_on(publish(front, &echo, times));
            figures.note(name, total, times);
            total
        });
    });
    let name = "tokio broadcast";
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|times| {
            let total = runtime.block_on(broadcast(times));
            figures.note(name, total, times);
            total
        });
    });
    group.finish();
}

/// From the first event until each subscriber has had the last one; none may be lost.
async fn publish(front: &FrontEnd, echo: &EchoClient, times: u64) -> Duration {
    let mut readers = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let mut events = front
            .subscribe::<echo_events::Published>(Overflow::Block, 1024)
            .expect("it is granted");
        readers.push(tokio::spawn(async move {
            for _ in 0..times {
                assert_eq!(events.next_raw().await.lost, 0);
            }
        }));
    }
    let start = Instant::now();
    echo.publish(&times, &EVENT_SIZE).await.expect("all were taken");
    for reader in readers {
        reader.await.expect("nothing is lost");
    }
    start.elapsed()
}

/// The same with `tokio::sync::broadcast`, whose publisher is held back by hand so that nothing is lost.
async fn broadcast(times: u64) -> Duration {
    let (sender, _) = tokio::sync::broadcast::channel::<std::sync::Arc<[u8]>>(1024);
    let mut readers = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let mut events = sender.subscribe();
        readers.push(tokio::spawn(async move {
            for _ in 0..times {
                events.recv().await.expect("nothing is lost");
            }
        }));
    }
    let start = Instant::now();
    let publishing = tokio::spawn(async move {
        for _ in 0..times {
            while sender.len() >= 1000 {
                tokio::task::yield_now().await;
            }
            sender
                .send(vec![7; EVENT_SIZE as usize].into())
                .expect("there are readers");
        }
        sender
    });
    for reader in readers {
        reader.await.expect("nothing is lost");
    }
    drop(publishing.await);
    start.elapsed()
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = pair(folder.path());
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut figures = Figures::default();
    calls(&mut criterion, &mut figures, &front);
    assert!(host.stop().is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = publisher(folder.path());
    events(&mut criterion, &mut figures, &front);
    criterion.final_summary();
    let pointer = figures.median("raw pointer, 64 B");
    println!("\n{:<60} {:>12} {:>10}", "median", "ns", "× pointer");
    for name in figures.0.keys() {
        let median = figures.median(name);
        println!("{name:<60} {median:>12.0} {:>10.1}", median / pointer);
    }
    let problems = host.stop();
    assert!(problems.is_empty(), "{problems:?}");
}
