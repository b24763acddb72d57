//! Calls and events between plugins, through the registry.

use backplane_descriptor::Overflow;
use backplane_host::bundle::Grants;
use backplane_sdk::Bytes;
use backplane_test_support::fixture;
use backplane_tests::host;
use fixture_bench_api::{EchoClient, Kind, Message, RunnerClient, echo_events};

fn pair(folder: &std::path::Path) -> backplane_host::Host {
    let modules = format!(
        "[modules.provider]\nplugin = {:?}\n[modules.consumer]\nplugin = {:?}\ngrants = [\"bench.echo\", \"bench.raw\"]\n",
        fixture("bench-provider"),
        fixture("bench-consumer")
    );
    host(folder, &modules).expect("the host starts")
}

#[tokio::test]
async fn a_front_end_and_a_plugin_call_a_plugin() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = pair(folder.path());
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let echo: EchoClient = front.client().expect("the provider is there");
    let message = Message {
        id: 7,
        body: Bytes(vec![1, 2, 3]),
    };
    assert_eq!(echo.now(&message).await, Ok(message.clone()));
    assert_eq!(echo.later(&message).await, Ok(message));
    let runner: RunnerClient = front.client().expect("the consumer is there");
    for kind in [Kind::Raw, Kind::Typed, Kind::Later] {
        let took = runner
            .run(&kind, &1000, &64)
            .await
            .expect("the consumer calls the provider");
        println!("{kind:?}: {} ns a call", took / 1000);
    }
    assert_eq!(echo.seen().await, Ok(2002));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn events_reach_a_plugin_and_a_front_end_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = pair(folder.path());
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let mut events = front
        .subscribe::<echo_events::Published>(Overflow::Block, 16)
        .expect("it is granted");
    let echo: EchoClient = front.client().expect("the provider is there");
    let publishing = tokio::spawn(async move { echo.publish(&1000, &64).await });
    for expected in 0..1000 {
        let event = events.next().await.expect("a message");
        assert_eq!(
            (event.id, event.sequence, event.lost),
            (expected, expected + 1, 0)
        );
    }
    publishing.await.expect("no panic").expect("all were taken");
    let runner: RunnerClient = front.client().expect("the consumer is there");
    while runner.heard().await.expect("it answers").events < 1000 {
        tokio::task::yield_now().await;
    }
    let heard = runner.heard().await.expect("it answers");
    assert_eq!((heard.lost, heard.disorder), (0, 0));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn json_reaches_a_method_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = pair(folder.path());
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let args = serde_json::json!({"message": {"id": 1, "body": "0x0102"}});
    let answer = front
        .call_json("bench.echo.now", &args)
        .await
        .expect("it answers");
    assert_eq!(answer, args["message"]);
    let error = front
        .call_json("bench.echo.nov", &args)
        .await
        .expect_err("there is no such method");
    assert_eq!(
        error.to_string(),
        "not_found: bench.echo has no method nov; did you mean now?"
    );
    assert!(host.stop().is_empty());
}
