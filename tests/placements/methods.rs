//! Calls and how they end.

use super::bench::{Bench, status_of, until};
use super::{Rule, rule};
use backplane_host::{AuditEntry, AuditKind, ModuleState};
use backplane_sdk::plugin_api::status;
use backplane_sdk::{CallError, Client as _};
use backplane_test_support::fixture;
use fixture_subject_api::TooMany;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    rule("calls_at_once_and_later_are_answered", calls),
    rule("many_calls_at_the_same_time_find_their_own_answers", many),
    rule("an_error_of_the_interface_keeps_its_type", errors),
    rule("a_large_attachment_crosses_both_ways", attachments),
    rule("a_panic_is_answered_and_the_module_restarted", panics),
    rule("a_call_that_nobody_waits_for_is_cancelled", cancellation),
    rule("a_call_ends_at_its_deadline_and_passes_it_on", deadlines),
    rule("who_calls_and_through_whom_is_known", origins),
    rule("a_module_is_called_while_it_calls", around),
    rule("what_is_not_granted_is_refused", permissions),
    rule("of_an_interface_only_the_granted_methods_answer", methods_granted),
    rule("a_call_of_a_sensitive_method_is_in_the_audit_log", audit),
    rule("json_reaches_a_method", json),
];

fn calls(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        for text in ["", "a", "ü"].map(str::to_owned) {
            assert_eq!(subject.echo(&text).await, Ok(text.clone()));
            assert_eq!(subject.later(&text).await, Ok(text.clone()));
            assert_eq!(subject.ask(&text).await, Ok(format!("mate: {text}")));
        }
    });
}

fn many(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let call = |number: u32| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let text = number.to_string();
                let answer = if number.is_multiple_of(2) {
                    subject.later(&text).await
                } else {
                    subject.ask(&text).await.map(|it| it.replace("mate: ", ""))
                };
                assert_eq!(answer, Ok(text));
            })
        };
        for task in (0..500).map(call).collect::<Vec<_>>() {
            task.await.expect("each finds its answer");
        }
    });
}

fn errors(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        assert_eq!(subject.at_most(&7).await, Ok(7));
        let refused = CallError::Interface(TooMany { limit: 7 });
        assert_eq!(subject.at_most(&8).await, Err(refused));
    });
}

fn attachments(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        for len in [0, 16, 5_000_000] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let copy = subject.copy(&bytes.clone().into()).await.expect("it is answered");
            assert!(*copy == *bytes, "{len} bytes");
        }
    });
}

fn panics(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        for later in [false, true] {
            let message = "as it was told".to_owned();
            let answer = if later {
                subject.panic_later(&message).await
            } else {
                subject.panic_now(&message).await
            };
            let (code, said) = status_of(answer);
            assert_eq!(code, status::PANICKED, "{said}");
            assert!(
                said.contains(&message) && said.contains("subject/src/lib.rs:"),
                "{said}"
            );
            let generation = 2 + u32::from(later);
            until("it was restarted", async || {
                bench.settled() == (generation, ModuleState::Ready)
            })
            .await;
        }
        assert_eq!(subject.echo(&"again".to_owned()).await, Ok("again".to_owned()));
    });
}

fn cancellation(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let waiting = subject.clone();
        let call = tokio::spawn(async move { waiting.never().await });
        until("it waits", async || subject.waiting().await == Ok(1)).await;
        call.abort();
        until("it was cancelled", async || subject.waiting().await == Ok(0)).await;
    });
}

fn deadlines(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let begun = Instant::now();
        let short = subject.with_deadline(Duration::from_millis(100));
        let (code, message) = status_of(short.never().await);
        assert_eq!(code, status::TIMEOUT, "{message}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        until("it was cancelled", async || subject.waiting().await == Ok(0)).await;
        let long = subject.with_deadline(Duration::from_secs(1000));
        for origin in [long.origin().await, long.origin_at_mate().await] {
            let left = origin.expect("it is answered").left_ms;
            assert!((900_000..=1_000_000).contains(&left), "{left} ms");
        }
    });
}

fn origins(runtime: &Runtime, bench: &Bench) {
    let (subject, mate) = (bench.subject(), bench.mate());
    runtime.block_on(async {
        let direct = subject.origin().await.expect("it is answered");
        assert_eq!((direct.caller.as_deref(), direct.depth), (Some("tester"), 1));
        let nested = subject.origin_at_mate().await.expect("it is answered");
        assert_eq!((nested.caller.as_deref(), nested.depth), (Some("subject"), 2));
        let other = mate.origin().await.expect("it is answered");
        assert_eq!(other.depth, 1);
    });
}

fn around(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        assert_eq!(subject.around(&4).await, Ok(4));
        // A chain of calls passes through at most 16 modules: then nobody asks any more.
        assert_eq!(subject.around(&100).await, Ok(8));
    });
}

fn permissions(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let said = runtime
        .block_on(subject.trespass().into_future())
        .expect("it is answered");
    assert!(
        said.contains(
            "subject may not call fixture.vault: its manifest does not require fixture.vault; its author has to add \
             that, and then [modules.subject] of the bundle needs grants = [\"fixture.mate\", \"fixture.vault\"]"
        ),
        "{said}"
    );
}

fn methods_granted(runtime: &Runtime, bench: &Bench) {
    let granted = ["fixture.mate.origin", "fixture.mate.said"];
    let bench = Bench::start_granted(bench.placement, &granted);
    let subject = bench.subject();
    runtime.block_on(async {
        // Another generation of the provider changes nothing.
        for swapped in [false, true] {
            if swapped {
                let (host, mate) = (Arc::clone(&bench.host), fixture("mate"));
                let swapped = tokio::task::spawn_blocking(move || host.swap("mate", &mate, None).map(drop));
                swapped.await.expect("no panic").expect("it swaps");
            }
            let origin = subject.origin_at_mate().await.expect("it is answered");
            assert_eq!(origin.caller.as_deref(), Some("subject"));
            assert_eq!(
                subject.ask(&"a".to_owned()).await.as_deref(),
                Ok(
                    "denied: subject may not call fixture.mate.answer: the bundle does not grant it; \
                    [modules.subject] needs grants = [\"fixture.mate.origin\", \"fixture.mate.said\", \
                    \"fixture.mate.answer\"]"
                )
            );
        }
        bench.mate().say(&3).await.expect("it says them");
        until("they are heard", async || {
            subject.heard().await.is_ok_and(|heard| heard.count == 3)
        })
        .await;
    });
    let refused = |it: &AuditEntry| (it.kind, &*it.target) == (AuditKind::Refusal, "fixture.mate.answer");
    assert!(bench.host.audit(Some("subject")).iter().any(refused));
    bench.stop();
}

fn audit(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let secret = "of no concern to a log".to_owned();
    runtime
        .block_on(subject.ask(&secret).into_future())
        .expect("it is answered");
    let entries = bench.host.audit(Some("subject"));
    let used = |it: &&AuditEntry| it.kind == AuditKind::Use;
    let targets: Vec<_> = entries.iter().filter(used).map(|it| &*it.target).collect();
    assert_eq!(targets, ["fixture.mate.answer"]);
    assert!(!format!("{entries:?}").contains(&secret));
}

fn json(runtime: &Runtime, bench: &Bench) {
    let args = serde_json::json!({"text": "a"});
    let answer = runtime.block_on(bench.front.call_json("fixture.subject.ask", &args));
    assert_eq!(answer.expect("it is answered"), "mate: a");
    let args = serde_json::json!({"text": 7});
    let refused = runtime.block_on(bench.front.call_json("fixture.subject.ask", &args));
    assert!(refused.is_err());
}
