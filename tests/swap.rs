//! Hot swap under load.

use backplane_host::bundle::Grants;
use backplane_sdk::Bytes;
use backplane_test_support::fixture;
use backplane_tests::{another_build, host};
use fixture_bench_api::{EchoClient, Kind, Message, RunnerClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[test]
fn a_version_that_breaks_a_dependent_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let modules = format!(
        "[modules.provider]\nplugin = {:?}\n[modules.consumer]\nplugin = {:?}\ngrants = [\"bench.echo\", \"bench.raw\"]\n",
        fixture("bench-provider"),
        fixture("bench-consumer")
    );
    let host = host(folder.path(), &modules).expect("the host starts");
    let error = host
        .swap("provider", &fixture("hello"), None)
        .expect_err("refused")
        .to_string();
    assert_eq!(
        error,
        "provider is not swapped: hello 0.1.0 cannot replace bench-provider 0.1.0: consumer (bench-consumer 0.1.0) requires bench.echo ^1, which hello 0.1.0 does not provide; consumer (bench-consumer 0.1.0) requires bench.raw ^1, which hello 0.1.0 does not provide"
    );
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_and_no_event_is_lost_while_versions_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = fixture("bench-provider");
    let other = another_build(&provider, folder.path(), "other");
    let modules = format!(
        "[modules.provider]\nplugin = {provider:?}\n[modules.consumer]\nplugin = {:?}\ngrants = [\"bench.echo\", \"bench.raw\"]\n",
        fixture("bench-consumer")
    );
    let host = Arc::new(host(folder.path(), &modules).expect("the host starts"));
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let echo: EchoClient = front.client().expect("the provider is there");
    let runner: RunnerClient = front.client().expect("the consumer is there");
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for later in [false, true] {
        let (echo, stop, calls) = (echo.clone(), Arc::clone(&stop), Arc::clone(&calls));
        tasks.push(tokio::spawn(async move {
            let mut id = 0;
            while !stop.load(Ordering::Relaxed) {
                id += 1;
                let message = Message {
                    id,
                    body: Bytes(vec![3; 64]),
                };
                let answer = if later {
                    echo.later(&message).await
                } else {
                    echo.now(&message).await
                };
                assert_eq!(answer, Ok(message));
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }));
    }
    let nested = {
        let (runner, stop, calls) = (runner.clone(), Arc::clone(&stop), Arc::clone(&calls));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                runner
                    .run(&Kind::Typed, &10, &64)
                    .await
                    .expect("the consumer answers");
                calls.fetch_add(10, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        })
    };
    let published = {
        let (echo, stop) = (echo.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                echo.publish(&10, &256).await.expect("all were taken");
                count += 10;
                tokio::task::yield_now().await;
            }
            count
        })
    };
    let mut pauses = Vec::new();
    for round in 0..40 {
        let host = Arc::clone(&host);
        let file = if round % 2 == 0 {
            other.clone()
        } else {
            provider.clone()
        };
        let report = tokio::task::spawn_blocking(move || host.swap("provider", &file, None))
            .await
            .expect("no panic");
        let report = report.expect("the swap succeeds");
        assert_eq!(report.abandoned, 0);
        pauses.push(report.pause_us);
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no call failed");
    }
    nested.await.expect("no call failed");
    let published: u64 = published.await.expect("no event failed");
    assert_eq!(
        echo.seen().await,
        Ok(calls.load(Ordering::Relaxed)),
        "the state came along"
    );
    while runner.heard().await.expect("it answers").events < published {
        tokio::task::yield_now().await;
    }
    let heard = runner.heard().await.expect("it answers");
    assert_eq!((heard.events, heard.lost, heard.disorder), (published, 0, 0));
    pauses.sort_unstable();
    println!(
        "{} calls, {published} events, pause p50 {} us, max {} us",
        calls.load(Ordering::Relaxed),
        pauses[pauses.len() / 2],
        pauses[pauses.len() - 1]
    );
    assert!(host.stop().is_empty());
}
