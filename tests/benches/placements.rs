//! What a call and an event take in each placement, beside `native` in the same run.
//!
//! This program is also the process of the module, so that criterion's `main` has no place here.

#[path = "../placements/bench.rs"]
#[allow(dead_code, reason = "the suite uses more of it")]
mod bench;

use backplane_sdk::descriptor::Overflow;
use bench::{Bench, PLACEMENTS};
use fixture_subject_api::subject_events;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Calls and events of one round.
const COUNT: u32 = 5000;
/// Rounds, of which the median counts.
const ROUNDS: usize = 9;

fn main() {
    backplane_host::guest_main();
    // Tests only look whether it can be built.
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let runtime = Runtime::new().expect("the system has threads");
    let mut native = None;
    println!(
        "{:<10}{:>12}{:>8}{:>12}{:>8}{:>12}",
        "placement", "call", "", "event", "", "start"
    );
    for placement in PLACEMENTS {
        let begun = Instant::now();
        let bench = Bench::start(placement);
        let start = begun.elapsed();
        let (call, event) = (
            median(|| calls(&runtime, &bench)),
            median(|| events(&runtime, &bench)),
        );
        let (first_call, first_event) = *native.get_or_insert((call, event));
        println!(
            "{:<10}{:>9} ns{:>7.1}x{:>9} ns{:>7.1}x{:>9} us",
            placement.name(),
            call.as_nanos(),
            call.as_secs_f64() / first_call.as_secs_f64(),
            event.as_nanos(),
            event.as_secs_f64() / first_event.as_secs_f64(),
            start.as_micros(),
        );
        bench.stop();
    }
}

fn median(mut round: impl FnMut() -> Duration) -> Duration {
    round();
    let mut all: Vec<_> = (0..ROUNDS).map(|_| round() / COUNT).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// Calls of a front end, one after another, each answered at once.
fn calls(runtime: &Runtime, bench: &Bench) -> Duration {
    let (subject, text) = (bench.subject(), "x".repeat(64));
    runtime.block_on(async {
        let begun = Instant::now();
        for _ in 0..COUNT {
            subject.echo(&text).await.expect("it is answered");
        }
        begun.elapsed()
    })
}

/// Events of the module to one subscriber with room for some.
fn events(runtime: &Runtime, bench: &Bench) -> Duration {
    let subject = bench.subject();
    let mut numbers = bench
        .front
        .subscribe::<subject_events::Told>(Overflow::Block, 1024)
        .expect("it is granted");
    runtime.block_on(async {
        let begun = Instant::now();
        let telling = tokio::spawn(async move { subject.tell(&COUNT.into()).await });
        for _ in 0..COUNT {
            numbers.next().await.expect("a number");
        }
        telling.await.expect("no panic").expect("all were taken");
        begun.elapsed()
    })
}
