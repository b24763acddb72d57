//! A plugin that promises a clean unload is unmapped; any other stays.

use backplane_host::bundle::Grants;
use backplane_test_support::fixture;
use backplane_tests::{another_build, host, until};
use fixture_api::{GreeterClient, greeter_events};

/// Whether the library with this hash is mapped into the process.
fn is_mapped(sha256: &str) -> bool {
    std::fs::read_to_string("/proc/self/maps")
        .expect("Linux")
        .contains(sha256)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_plugin_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = fixture("clean");
    let second = another_build(&first, folder.path(), "second");
    let bundle = format!("[modules.clean]\nplugin = {first:?}\ngrants = [\"fixture.greeter.greeted\"]\n");
    let host = host(folder.path(), &bundle).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    let clean: GreeterClient = front.client().expect("it is there");
    let mut events = front
        .subscribe::<greeter_events::Greeted>(backplane_descriptor::Overflow::Block, 64)
        .expect("it is granted");
    for round in 0..20 {
        let loaded = host.module("clean").expect("it is there").sha256;
        assert!(is_mapped(&loaded), "round {round}");
        let calls: Vec<_> = (0..8)
            .map(|number| {
                let clean = clean.clone();
                tokio::spawn(async move { clean.greet(&format!("number {number}")).await })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("it greets");
            events.next().await.expect("a greeting");
        }
        let next = if round % 2 == 0 { &second } else { &first };
        host.swap("clean", next, None).expect("it swaps");
        assert!(
            !is_mapped(&loaded),
            "the library of round {round} is still mapped"
        );
    }
    assert_eq!(clean.count().await, Ok(160));
    let last = host.module("clean").expect("it is there").sha256;
    host.unload("clean", false).expect("nobody needs it");
    until("it is unmapped", || !is_mapped(&last));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn any_other_plugin_stays_mapped_and_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = fixture("hello");
    let text = format!("max-retired = 2\n[modules.hello]\nplugin = {first:?}\n");
    let host = host(folder.path(), &text).expect("the host starts");
    for number in 1..=2 {
        let next = another_build(&first, folder.path(), &format!("build-{number}"));
        host.swap("hello", &next, None).expect("it swaps");
        assert_eq!(host.module("hello").map(|it| it.retired).ok(), Some(number));
    }
    let one_more = another_build(&first, folder.path(), "one-more");
    let error = host
        .swap("hello", &one_more, None)
        .expect_err("refused")
        .to_string();
    assert_eq!(
        error,
        "hello is not swapped: 2 retired versions of hello are still mapped, which is the limit; restart the host"
    );
    host.swap("hello", &first, None)
        .expect("what is mapped already costs nothing");
    assert!(host.stop().is_empty());
}
