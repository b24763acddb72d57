//! Swap, and what is counted.

use super::bench::{Bench, PATIENCE, status_of, until};
use super::{Rule, rule};
use backplane_host::ModuleState;
use backplane_sdk::plugin_api::status;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    rule("a_swap_hands_the_state_over_and_loses_no_call", swap),
    rule("calls_under_way_end_before_a_swap", drained),
    rule("where_it_runs_is_told", told),
    rule(
        "whoever_needs_a_module_that_is_given_up_stops_with_it_if_the_bundle_says_so",
        dependents,
    ),
    rule(
        "the_host_stops_for_a_module_only_if_the_bundle_says_so",
        stops_host,
    ),
    rule("a_module_hears_that_one_that_served_it_is_gone_for_good", lost),
];

fn swap(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let counting = |stop: Arc<AtomicBool>| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let mut counted = 0;
                while !stop.load(Ordering::Relaxed) {
                    subject.count().await.expect("no call fails");
                    counted += 1;
                    tokio::task::yield_now().await;
                }
                counted
            })
        };
        let tasks = [counting(Arc::clone(&stop)), counting(Arc::clone(&stop))];
        for round in 2..=4 {
            let (host, successor) = (Arc::clone(&bench.host), bench.successor());
            let swapped = tokio::task::spawn_blocking(move || host.swap("subject", &successor, None)).await;
            let report = swapped.expect("no panic").expect("it is swapped");
            assert_eq!((report.generation, report.abandoned), (round, 0));
        }
        stop.store(true, Ordering::Relaxed);
        let mut all = 0;
        for task in tasks {
            all += task.await.expect("no call failed");
        }
        assert_eq!(subject.count().await, Ok(all + 1), "the state came along");
    });
    assert_eq!(bench.settled(), (4, ModuleState::Ready));
}

fn drained(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let waiting = subject.clone();
        let late = tokio::spawn(async move { waiting.later(&"late".to_owned()).await });
        until("it is on its way", async || {
            late.is_finished() || bench.host.pending_calls() > 0
        })
        .await;
        let (host, successor) = (Arc::clone(&bench.host), bench.successor());
        let swapped = tokio::task::spawn_blocking(move || host.swap("subject", &successor, None)).await;
        swapped.expect("no panic").expect("it is swapped");
        assert_eq!(late.await.expect("no panic"), Ok("late".to_owned()));
    });
}

fn told(_: &Runtime, bench: &Bench) {
    let report = bench.host.module("subject").expect("it is there");
    assert_eq!(report.placement, bench.placement);
    assert_eq!(report.state, ModuleState::Ready);
}

fn dependents(runtime: &Runtime, bench: &Bench) {
    let second = Bench::start_with_mate(bench.placement, "on-failure = \"stop-dependents\"");
    let subject = second.subject();
    runtime.block_on(async {
        let (code, _) = status_of(second.mate().panic_now().await);
        assert_eq!(code, status::PANICKED);
        until("the subject has stopped", async || {
            second.settled().1 == ModuleState::Stopped
        })
        .await;
        let (code, message) = status_of(subject.echo(&"a".to_owned()).await);
        assert_eq!(code, status::UNAVAILABLE);
        assert!(message.contains("it needs mate: it failed"), "{message}");
    });
    assert_eq!(second.host.stop(), [""; 0]);
}

fn stops_host(runtime: &Runtime, bench: &Bench) {
    let ask = |bench: &Bench| {
        let answer = bench.subject().stop_host(&"the battery is empty".to_owned());
        runtime.block_on(answer.into_future()).expect("it is answered")
    };
    assert_eq!(
        ask(bench),
        "denied: subject may not stop the host: the bundle does not allow it; \
         [modules.subject] needs may-stop-host = true"
    );
    assert_eq!(bench.host.stop_requested(Duration::ZERO), None);
    let other = Bench::start_with(bench.placement, "may-stop-host = true");
    assert_eq!(ask(&other), "it will");
    let reason = other.host.stop_requested(PATIENCE).expect("it is to stop");
    assert_eq!(reason, "subject asks for it: the battery is empty");
    assert!(!other.host.stop_is_failure());
    other.stop();
}

fn lost(runtime: &Runtime, bench: &Bench) {
    let bench = Bench::start_with_mate(bench.placement, "on-failure = \"continue\"");
    let subject = bench.subject();
    runtime.block_on(async {
        let waits = subject.clone();
        let waits = tokio::spawn(async move { waits.next_loss().await });
        let (code, _) = status_of(bench.mate().panic_now().await);
        assert_eq!(code, status::PANICKED);
        let lost = waits.await.expect("no panic").expect("it is answered");
        let expected = "mate [\"fixture.mate\"]: it failed: panicked at";
        assert!(lost.starts_with(expected), "{lost}");
        // What it asks for from then on is answered at once.
        let answer = subject.ask(&"a".to_owned()).await.expect("it is answered");
        let expected = "unavailable: mate is not running: it failed: panicked at";
        assert!(answer.starts_with(expected), "{answer}");
    });
    bench.stop();
}
