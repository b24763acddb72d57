//! What the others notice while one module misbehaves: nothing but that there is less of the machine for them.
//!
//! Each rule calls another module before and during the misbehaviour and prints how long that took. What it asserts is
//! that no such call fails or takes as long as something that hangs; how fast the machine is is not its business.

use super::Rule;
use super::bench::{Bench, PATIENCE, status_of};
use super::process::alone;
use super::rule;
use backplane_host::bundle::Placement;
use backplane_sdk::descriptor::Overflow;
use backplane_sdk::plugin_api::status;
use fixture_subject_api::{MateClient, SubjectClient, subject_events};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    rule("others_are_served_while_it_panics", panics),
    alone("others_are_served_while_it_segfaults", segfaults),
    rule("others_are_served_while_it_loops", loops),
    alone(
        "others_are_served_until_its_loop_has_used_up_its_time",
        loops_too_long,
    ),
    rule("others_are_served_while_it_leaks", leaks),
    alone("others_are_served_until_its_leak_meets_its_limit", leaks_too_much),
    rule("others_are_served_while_it_floods_events", floods),
    rule("others_are_served_while_it_answers_garbage", answers_garbage),
    rule("others_are_served_while_it_asks_for_what_it_may_not", trespasses),
];

/// For how long calls are measured, before and during.
const SPAN: Duration = Duration::from_millis(700);
/// Between two of these calls.
const PAUSE: Duration = Duration::from_micros(200);
/// What no call takes that does not hang, however busy the machine is.
const HANGS: Duration = Duration::from_secs(5);
/// For a module that is started again and again.
const RESTARTS: &str = "restart-limit = 1000\nrestart-backoff-max-ms = 10";

/// Has the subject misbehave again and again as `act` does, and calls the mate meanwhile. How often it did.
fn while_it<F>(
    runtime: &Runtime,
    bench: &Bench,
    what: &str,
    act: impl Fn(SubjectClient) -> F + Send + 'static,
) -> u32
where
    F: Future<Output = ()> + Send + 'static,
{
    let (subject, mate) = (bench.subject(), bench.mate());
    let (stop, times) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    runtime.block_on(async {
        let before = measure(&mate).await;
        let misbehaving = tokio::spawn({
            let (stop, times) = (stop.clone(), times.clone());
            async move {
                while !stop.load(Ordering::Relaxed) {
                    act(subject.clone()).await;
                    times.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let during = measure(&mate).await;
        stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(PATIENCE, misbehaving).await;
        ended
            .expect("it comes to an end")
            .expect("the test does not panic");
        let times = times.load(Ordering::Relaxed);
        println!(
            "{} {what} {times} times: calls of the mate took {before} before, {during} during",
            bench.placement.name()
        );
        times
    })
}

/// How long calls took.
struct Latency(Vec<Duration>);

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |percent: usize| self.0[(self.0.len() - 1) * percent / 100];
        let (n, p50, p99, max) = (self.0.len(), at(50), at(99), at(100));
        write!(f, "p50 {p50:.1?} p99 {p99:.1?} max {max:.1?} ({n} calls)")
    }
}

/// Calls the mate for a while. Each call is answered, and in time.
async fn measure(mate: &MateClient) -> Latency {
    let (begun, mut all) = (Instant::now(), Vec::new());
    while begun.elapsed() < SPAN || all.len() < 100 {
        let asked = Instant::now();
        assert_eq!(mate.answer(&"a".to_owned()).await, Ok("mate: a".to_owned()));
        let took = asked.elapsed();
        assert!(took < HANGS, "a call of the mate took {took:?}");
        all.push(took);
        tokio::time::sleep(PAUSE).await;
    }
    all.sort_unstable();
    Latency(all)
}

/// The subject serves, if need be after it was started again.
async fn serves(subject: &SubjectClient) {
    let begun = Instant::now();
    while subject.echo(&"a".to_owned()).await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "it does not serve again");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn panics(runtime: &Runtime, bench: &Bench) {
    let own = Bench::start_with(bench.placement, RESTARTS);
    let times = while_it(runtime, &own, "panicked", |subject| async move {
        let (code, message) = status_of(subject.panic_now(&"again".to_owned()).await);
        assert_eq!(code, status::PANICKED, "{message}");
        serves(&subject).await;
    });
    assert!(times > 1);
    own.stop();
}

fn segfaults(runtime: &Runtime, bench: &Bench) {
    let own = Bench::start_with(bench.placement, RESTARTS);
    let times = while_it(runtime, &own, "segfaulted", |subject| async move {
        let (code, message) = status_of(subject.segfault().await);
        assert_eq!(code, status::UNAVAILABLE, "{message}");
        assert!(message.contains("SIGSEGV"), "{message}");
        serves(&subject).await;
    });
    assert!(times > 0);
    own.stop();
}

fn loops(runtime: &Runtime, bench: &Bench) {
    while_it(runtime, bench, "looped", |subject| async move {
        subject.spin(&500).await.expect("it comes back");
    });
}

fn loops_too_long(runtime: &Runtime, _: &Bench) {
    let more = format!("{RESTARTS}\nprocess = {{ cpu-s = 1 }}");
    let own = Bench::start_with(Placement::Process, &more);
    while_it(runtime, &own, "looped for ever", |subject| async move {
        let (code, message) = status_of(subject.spin(&600_000).await);
        assert_eq!(code, status::UNAVAILABLE, "{message}");
        serves(&subject).await;
    });
    own.stop();
}

fn leaks(runtime: &Runtime, bench: &Bench) {
    // Without a limit it is not endless here: the memory is that of the test.
    let leaked = Arc::new(AtomicU32::new(0));
    while_it(runtime, bench, "leaked", move |subject| {
        let leaked = leaked.clone();
        async move {
            if leaked.fetch_add(1, Ordering::Relaxed) < 64 {
                subject.leak(&1).await.expect("it goes on");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

fn leaks_too_much(runtime: &Runtime, _: &Bench) {
    let more = format!("{RESTARTS}\nprocess = {{ memory-mib = 256 }}");
    let own = Bench::start_with(Placement::Process, &more);
    let times = while_it(
        runtime,
        &own,
        "leaked all that it may have",
        |subject| async move {
            let refusal = loop {
                if let Err(refusal) = subject.leak(&4).await {
                    break status_of::<()>(Err(refusal));
                }
            };
            assert_eq!(refusal.0, status::UNAVAILABLE, "{}", refusal.1);
            serves(&subject).await;
        },
    );
    assert!(times > 0);
    own.stop();
}

fn floods(runtime: &Runtime, bench: &Bench) {
    // One hears, the other never looks: neither holds up anybody.
    let hear = |depth| {
        bench
            .front
            .subscribe::<subject_events::Told>(Overflow::DropOldest, depth)
    };
    let (mut heard, _ignored) = (
        hear(1024).expect("it is granted"),
        hear(16).expect("it is granted"),
    );
    let hearing = runtime.spawn(async move { while heard.next().await.is_ok() {} });
    while_it(runtime, bench, "told 10000 events", |subject| async move {
        subject.tell(&10_000).await.expect("they are taken");
    });
    hearing.abort();
}

fn answers_garbage(runtime: &Runtime, bench: &Bench) {
    let front = bench
        .host
        .front_end("reader", &backplane_host::bundle::Grants::all());
    let front = Arc::new(front.expect("a front end"));
    let times = while_it(runtime, bench, "answered garbage", move |_| {
        let front = front.clone();
        async move {
            let refused = front
                .call_json("fixture.subject.garbage", &serde_json::json!({}))
                .await;
            let refused = refused.expect_err("it is no answer").to_string();
            assert!(refused.contains("answered what is not of its type"), "{refused}");
        }
    });
    assert!(times > 1);
}

fn trespasses(runtime: &Runtime, bench: &Bench) {
    let own = Bench::start_granted(bench.placement, &["fixture.mate.answer", "fixture.mate.said"]);
    let times = while_it(runtime, &own, "asked for what it may not", |subject| async move {
        let refused = subject.trespass().await.expect("it is answered");
        assert!(
            refused.contains("subject may not call fixture.vault"),
            "{refused}"
        );
    });
    assert!(times > 1);
    let noted = own.host.audit(Some("subject"));
    let refusals = noted.iter().filter(|it| it.target == "fixture.vault");
    assert!(refusals.map(|it| it.count).sum::<u64>() >= u64::from(times));
    own.stop();
}
