//! How long a host with the four plugins takes to start, and how much memory it holds.

use backplane_test_support::cargo_build;
use backplane_tests::host;
use criterion::{BenchmarkId, Criterion};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The modules of a bundle with the four plugins.
fn four_plugins() -> String {
    let plugins =
        ["waku", "storage", "chat", "wallet"].map(|name| (name, cargo_build(&format!("{name}-plugin"))));
    let module = |(name, file): &(&str, PathBuf)| {
        let grants = if *name == "chat" {
            "grants = [\"waku.relay\", \"storage.kv\"]"
        } else {
            ""
        };
        format!("[modules.{name}]\nplugin = {file:?}\n{grants}\n")
    };
    plugins.each_ref().map(module).concat()
}

/// From an empty folder to four modules that answer, and back.
fn start(criterion: &mut Criterion, modules: &str) {
    let mut group = criterion.benchmark_group("host");
    group.sample_size(10);
    let name = "start with four plugins";
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|times| {
            let mut total = Duration::ZERO;
            for _ in 0..times {
                let folder = tempfile::tempdir().expect("a folder");
                let begun = Instant::now();
                let host = host(folder.path(), modules).expect("the host starts");
                assert!(host.wait_ready(Duration::from_secs(10)));
                total += begun.elapsed();
                assert!(host.stop().is_empty());
            }
            total
        });
    });
    group.finish();
}

/// What a host with four plugins holds in memory; before anything else has run in this process.
fn memory(modules: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let before = resident_kib();
    let host = host(folder.path(), modules).expect("the host starts");
    assert!(host.wait_ready(Duration::from_secs(10)));
    let with = resident_kib();
    println!("resident: {before} KiB without a host, {with} KiB with four plugins");
    assert!(host.stop().is_empty());
}

/// What the process holds in memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("it has a line for it");
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .expect("a number")
}

fn main() {
    let modules = four_plugins();
    memory(&modules);
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    start(&mut criterion, &modules);
    criterion.final_summary();
}
